/* SPDX-License-Identifier: MIT */

/* Metrics: no directory, a directory that can't be written, then names, text and replacement. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "directory.h"
#include "stream/metrics.h"

static const struct metric offset = {"weatherd_consumer_offset", "gauge", "The next offset."};
static const struct metric records = {"weatherd_consumer_records_total", "counter", "Records."};

static struct metrics_settings
settings_for(const char *directory, const char *name)
{
    return (struct metrics_settings){
        .directory = directory,
        .program = "weatherd-consumer",
        .name = name,
        .librdkafka = "2.0.2",
    };
}

static void
without_a_directory_there_are_none(void **state)
{
    const struct metrics_settings settings = settings_for(NULL, "x");
    struct metrics *metrics = (struct metrics *)1;

    unsetenv("RUNTIME_DIRECTORY");
    assert_int_equal(metrics_new(&metrics, &settings, NULL), 0);
    assert_null(metrics);
    setenv("RUNTIME_DIRECTORY", "", 1);
    assert_int_equal(metrics_new(&metrics, &settings, NULL), 0);
    assert_null(metrics);
    metrics_free(NULL);
}

static void
a_directory_that_is_missing_is_told(void **state)
{
    const struct metrics_settings settings = settings_for("/nonexistent/metrics", "x");
    struct error error = ERROR_INIT;
    struct metrics *metrics;

    assert_int_equal(metrics_new(&metrics, &settings, &error), -ENOENT);
    assert_memory_equal(error.text, "directory /nonexistent/metrics of the metrics: No such file",
                        57);
}

static void
the_file_is_replaced_as_a_whole_and_removed(void **state)
{
    static const char expected[] =
        "# HELP weatherd_build_info The versions in use; the value is always 1.\n"
        "# TYPE weatherd_build_info gauge\n"
        "weatherd_build_info{process=\"weatherd-consumer-t-0\",program=\"weatherd-consumer\","
        "version=\"" PACKAGE_VERSION "\",librdkafka=\"2.0.2\"} 1\n"
        "# HELP weatherd_kafka_throttle_seconds_total Time for which brokers have held answers "
        "back because of quotas.\n"
        "# TYPE weatherd_kafka_throttle_seconds_total counter\n"
        "weatherd_kafka_throttle_seconds_total{process=\"weatherd-consumer-t-0\"} 1.5\n"
        "# HELP weatherd_config_last_reload_successful 1 when the settings read last are in "
        "effect, 0 when they had mistakes.\n"
        "# TYPE weatherd_config_last_reload_successful gauge\n"
        "weatherd_config_last_reload_successful{process=\"weatherd-consumer-t-0\"} 0\n"
        "# HELP weatherd_consumer_offset The next offset.\n"
        "# TYPE weatherd_consumer_offset gauge\n"
        "weatherd_consumer_offset 9007199254740991\n"
        "# HELP weatherd_consumer_records_total Records.\n"
        "# TYPE weatherd_consumer_records_total counter\n"
        "weatherd_consumer_records_total{topic=\"a\\\"b\\\\c\\nd\",result=\"counted\"} 0.1\n";
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct metrics_settings settings = settings_for(directory.path, "t-0");
    const struct metrics_process process = {.throttled = 1.5, .reload_failed = true};
    const struct metric_label none[] = {{NULL, NULL}};
    const struct metric_label labels[] = {
        {"topic", "a\"b\\c\nd"}, {"result", "counted"}, {NULL, NULL}};
    struct metrics *metrics;

    assert_int_equal(metrics_new(&metrics, &settings, NULL), 0);
    assert_int_equal(directory_count(&directory), 0);
    for (int i = 0; i < 2; i++) {
        metrics_begin(metrics, &process);
        metrics_family(metrics, &offset);
        metrics_value(metrics, none, 9007199254740991.0);
        metrics_family(metrics, &records);
        metrics_value(metrics, labels, 0.1);
        assert_int_equal(metrics_end(metrics, NULL), 0);
        assert_int_equal(directory_count(&directory), 1);
        directory_assert_holds(&directory, "weatherd-consumer-t-0.prom", expected);
    }
    metrics_remove(metrics);
    assert_int_equal(directory_count(&directory), 0);
    metrics_free(metrics);
}

static void
the_first_runtime_directory_is_taken(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct metrics_settings settings = settings_for(NULL, "t-0");
    const struct metrics_process process = {.throttled = 0};
    struct metrics *metrics;
    char both[300];

    snprintf(both, sizeof(both), "%s:/nonexistent", directory.path);
    setenv("RUNTIME_DIRECTORY", both, 1);
    assert_int_equal(metrics_new(&metrics, &settings, NULL), 0);
    metrics_begin(metrics, &process);
    assert_int_equal(metrics_end(metrics, NULL), 0);
    assert_true(directory_has(&directory, "weatherd-consumer-t-0.prom"));
    metrics_free(metrics);
    unsetenv("RUNTIME_DIRECTORY");
}

/* Two of them that differ only behind the cut must not write to one file. */
static void
a_long_name_is_cut_and_stays_different(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct metrics_process process = {.throttled = 0};
    char name[1000];

    for (int i = 0; i < 2; i++) {
        const struct metrics_settings settings = settings_for(directory.path, name);
        struct metrics *metrics;

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 2] = (char)('0' + i);
        name[sizeof(name) - 1] = '\0';
        assert_int_equal(metrics_new(&metrics, &settings, NULL), 0);
        metrics_begin(metrics, &process);
        assert_int_equal(metrics_end(metrics, NULL), 0);
        metrics_free(metrics);
        assert_int_equal(directory_count(&directory), i + 1);
    }
}

static void
a_directory_that_vanishes_is_told_each_time(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct metrics_process process = {.throttled = 0};
    struct error error = ERROR_INIT;
    struct metrics *metrics;
    char path[300];

    snprintf(path, sizeof(path), "%s/sub", directory.path);
    assert_int_equal(mkdir(path, 0700), 0);
    const struct metrics_settings settings = settings_for(path, "t-0");
    assert_int_equal(metrics_new(&metrics, &settings, NULL), 0);
    assert_int_equal(rmdir(path), 0);
    for (int i = 0; i < 2; i++) {
        metrics_begin(metrics, &process);
        assert_int_equal(metrics_end(metrics, &error), -ENOENT);
        assert_non_null(strstr(error.text, "sub/weatherd-consumer-t-0.prom: can't be replaced"));
    }
    metrics_free(metrics);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_directory_there_are_none),
        cmocka_unit_test(a_directory_that_is_missing_is_told),
        cmocka_unit_test(the_file_is_replaced_as_a_whole_and_removed),
        cmocka_unit_test(the_first_runtime_directory_is_taken),
        cmocka_unit_test(a_long_name_is_cut_and_stays_different),
        cmocka_unit_test(a_directory_that_vanishes_is_told_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
