/* SPDX-License-Identifier: MIT */

/* Files read as they are, and stations put together again. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/merge.h"
#include "stream/lock.h"

#include "directory.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define STATISTICS(count, sum, avg, start, end, min, min_date, max, max_date)                      \
    "{\"count\": " #count ", \"sum\": " #sum ", \"avg\": " #avg ", \"start\": \"" start            \
    "\", \"end\": \"" end "\", \"min\": " #min ", \"min_date\": \"" min_date "\", \"max\": " #max  \
    ", \"max_date\": \"" max_date "\"}"
#define EARLY STATISTICS(2, 30, 15, "2000-01-01", "2000-01-02", 10, "2000-01-01", 20, "2000-01-02")
#define LATE  STATISTICS(1, 20, 20, "2000-02-01", "2000-02-01", 20, "2000-02-01", 20, "2000-02-01")

static void
names_that_are_a_partitions_file(void **state)
{
    static const struct {
        const char *name;
        int32_t number;
    } cases[] = {
        {"partition-0.json", 0},
        {"partition-2147483647.json", INT32_MAX},
        {"partition-2147483648.json", -1},
        {"partition-01.json", -1},
        {"partition-.json", -1},
        {"partition--1.json", -1},
        {"partition-1.json.bak", -1},
        {".partition-1.json", -1},
        {"partition-1", -1},
        {"partition-99999999999999999999.json", -1},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        assert_int_equal(snapshot_number(cases[i].name), cases[i].number);
}

static void
take(const struct directory *directory, struct snapshot *snapshot)
{
    const struct snapshot_place place = {.directory = directory->path, .topic = "t"};
    struct error error = ERROR_INIT;

    assert_int_equal(snapshot_read(snapshot, &place, &error), 0);
}

static void
a_directory_that_is_missing_is_an_error(void **state)
{
    const struct snapshot_place place = {.directory = "/nowhere/at/all", .topic = "t"};
    struct error error = ERROR_INIT;
    struct snapshot snapshot;

    assert_int_equal(snapshot_read(&snapshot, &place, &error), -ENOENT);
    assert_string_equal(error.text, "/nowhere/at/all: No such file or directory");
    snapshot_fini(&snapshot);
}

static void
layouts_are_found_from_the_document(void **state)
{
    static const struct {
        const char *text;
        enum partition_layout layout;
        size_t n_stations;
        bool good;
    } cases[] = {
        {"{\"offset\": 5}", PARTITION_FLAT, 0, true},
        {"{\"offset\": 5, \"A\": " EARLY "}", PARTITION_FLAT, 1, true},
        {"{\"offset\": 5, \"partition\": 7}", PARTITION_TAGGED, 0, true},
        {"{\"A\": " EARLY ", \"partition\": 7, \"offset\": 5}", PARTITION_TAGGED, 1, true},
        {"{\"partition\": 7, \"offset\": 5, \"January\": {\"2000\": " EARLY "}}", PARTITION_MONTHLY,
         1, true},
        {"{\"partition\": 7, \"offset\": 5, \"January\": " EARLY "}", PARTITION_TAGGED, 1, true},
        {"{\"partition\": 6, \"offset\": 5}", PARTITION_ANY, 0, false},
        {"{\"partition\": 7}", PARTITION_ANY, 0, false},
        {"{\"offset\": 5", PARTITION_ANY, 0, false},
        {"[]", PARTITION_ANY, 0, false},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct snapshot snapshot;

        directory_write(&directory, "partition-7.json", cases[i].text);
        take(&directory, &snapshot);
        assert_int_equal(snapshot.n_files, 1);
        assert_int_equal(snapshot.files[0].good, cases[i].good);
        assert_int_equal(snapshot.files[0].error.text[0] == '\0', cases[i].good);
        assert_int_equal(snapshot.files[0].partition.layout, cases[i].layout);
        if (cases[i].good)
            assert_int_equal(partition_entries(&snapshot.files[0].partition), cases[i].n_stations);
        snapshot_fini(&snapshot);
    }
}

static void
a_station_of_two_files_is_one(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct merged_station *station;
    struct snapshot snapshot;
    struct merged merged;

    directory_write(&directory, "partition-10.json",
                    "{\"offset\": 5, \"B10\": " EARLY ", \"B\": " LATE "}");
    directory_write(&directory, "partition-9.json",
                    "{\"offset\": 5, \"B9\": " EARLY ", \"B\": " EARLY "}");
    directory_write(&directory, "partition-8.json", "{\"offset\": 5, \"B\": {}}");
    take(&directory, &snapshot);
    assert_int_equal(snapshot.n_files, 3);
    assert_int_equal(snapshot.files[0].number, 8);
    assert_false(snapshot.files[0].good);
    assert_int_equal(merged_init(&merged, &snapshot), 0);
    assert_int_equal(merged.n_stations, 3);
    assert_string_equal(merged.stations[1].id, "B9"); /* as people count */
    assert_string_equal(merged.stations[2].id, "B10");
    assert_int_equal(merged.stations[2].partitions.n_partitions, 1);

    station = &merged.stations[0];
    assert_string_equal(station->id, "B");
    assert_int_equal(station->partitions.n_partitions, 2);
    assert_int_equal(station->partitions.partitions[0], 9);
    assert_int_equal(station->partitions.partitions[1], 10);
    assert_int_equal(station->stats.count, 3);
    assert_float_equal(station->stats.sum, 50, 0);
    assert_float_equal(station->stats.min, 10, 0);
    assert_float_equal(station->stats.max, 20, 0);
    assert_int_equal(moment_date(station->stats.start),
                     date_from_civil((struct date_civil){2000, 1, 1}));
    assert_int_equal(moment_date(station->stats.end),
                     date_from_civil((struct date_civil){2000, 2, 1}));
    /* of two days as hot as each other the first */
    assert_int_equal(moment_date(station->stats.max_date),
                     date_from_civil((struct date_civil){2000, 1, 2}));
    assert_true(station->stats.has_extremes);
    merged_fini(&merged);
    snapshot_fini(&snapshot);
}

static void
topics_are_kept_apart_and_told_by_the_source_file(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(directory_remove) struct directory further = directory_make();
    cleanup(free) char *link = NULL;
    struct snapshot snapshot;
    struct merged merged;

    directory_write(&directory, "partition-0.json", "{\"offset\": 5, \"A\": " EARLY "}");
    directory_write(&directory, ".partition-0.source",
                    "{\"topic\": \"named\", \"partition\": 0, \"anchors\": []}");
    directory_write(&further, "partition-0.json", "{\"offset\": 5, \"A\": " EARLY "}");
    assert_true(asprintf(&link, "%s/other", directory.path) > 0);
    assert_int_equal(symlink(further.path, link), 0);
    free(link);
    assert_true(asprintf(&link, "%s/again", directory.path) > 0);
    assert_int_equal(symlink(directory.path, link), 0);

    take(&directory, &snapshot);
    assert_int_equal(snapshot.n_files, 2); /* what is met twice is read once */
    assert_int_equal(snapshot.n_topics, 2);
    assert_string_equal(snapshot.files[0].topic, "named");
    assert_string_equal(snapshot.files[1].topic, "other");
    assert_int_equal(merged_init(&merged, &snapshot), 0);
    assert_int_equal(merged.n_stations, 2);
    merged_fini(&merged);
    snapshot_fini(&snapshot);
}

static void
write_file_of(const struct directory *directory, const char *topic, const char *offset)
{
    char text[512];

    snprintf(text, sizeof(text), "{\"offset\": %s, \"A\": " EARLY "}", offset);
    directory_write(directory, "partition-0.json", text);
    snprintf(text, sizeof(text), "{\"topic\": \"%s\", \"partition\": 0, \"anchors\": []}", topic);
    directory_write(directory, ".partition-0.source", text);
}

static void
copies_are_left_out(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(directory_remove) struct directory own = directory_make();
    cleanup(directory_remove) struct directory early = directory_make();
    cleanup(directory_remove) struct directory late = directory_make();
    struct snapshot snapshot;

    write_file_of(&directory, "main", "1");
    write_file_of(&early, "other", "2");
    write_file_of(&own, "other", "3");
    write_file_of(&late, "main", "4");
    assert_int_equal(symlinkat(early.path, directory.fd, "aaa"), 0);
    assert_int_equal(symlinkat(own.path, directory.fd, "other"), 0);
    assert_int_equal(symlinkat(late.path, directory.fd, "main"), 0);
    take(&directory, &snapshot);
    assert_int_equal(snapshot.n_files, 2);
    assert_int_equal(snapshot.n_topics, 2);
    assert_int_equal(snapshot.n_copies, 2);
    assert_int_equal(snapshot.files[0].offset, 1);
    assert_int_equal(snapshot.files[1].offset, 3);
    assert_non_null(strstr(snapshot.copy, "/aaa/partition-0.json"));
    snapshot_fini(&snapshot);

    /* what has no other is shown, wherever it is */
    assert_int_equal(unlinkat(directory.fd, "other", 0), 0);
    take(&directory, &snapshot);
    assert_int_equal(snapshot.n_files, 2);
    assert_int_equal(snapshot.n_copies, 1);
    assert_int_equal(snapshot.files[1].offset, 2);
    snapshot_fini(&snapshot);
}

static void
months_are_in_their_order(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct snapshot snapshot;
    struct merged merged;

    directory_write(&directory, "partition-0.json",
                    "{\"partition\": 0, \"offset\": 5, \"February\": {\"2000\": " LATE
                    "}, \"January\": {\"2000\": " EARLY "}}");
    take(&directory, &snapshot);
    assert_int_equal(merged_init(&merged, &snapshot), 0);
    assert_int_equal(merged.n_stations, 2);
    assert_string_equal(merged.stations[0].id, "");
    assert_int_equal(merged.stations[0].month, 1);
    assert_int_equal(merged.stations[0].year, 2000);
    assert_int_equal(merged.stations[1].month, 2);
    merged_fini(&merged);
    snapshot_fini(&snapshot);
}

static void
who_holds_a_lock_is_seen_without_taking_it(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error error = ERROR_INIT;
    int fd;

    assert_int_equal(lock_find_holder(directory.fd, "lock"), 0);
    assert_int_equal(lock_take(directory.fd, "lock", "test", &fd, &error), 0);
    assert_int_equal(lock_find_holder(directory.fd, "lock"), getpid());
    directory_write(&directory, "other", "1 init\n");
    assert_int_equal(lock_find_holder(directory.fd, "other"), 0);
    close(fd);
    assert_int_equal(lock_find_holder(directory.fd, "lock"), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_a_partitions_file),
        cmocka_unit_test(a_directory_that_is_missing_is_an_error),
        cmocka_unit_test(layouts_are_found_from_the_document),
        cmocka_unit_test(a_station_of_two_files_is_one),
        cmocka_unit_test(topics_are_kept_apart_and_told_by_the_source_file),
        cmocka_unit_test(copies_are_left_out),
        cmocka_unit_test(months_are_in_their_order),
        cmocka_unit_test(who_holds_a_lock_is_seen_without_taking_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
