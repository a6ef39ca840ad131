/* SPDX-License-Identifier: MIT */

/* Simulator and file behind one face: days, units, and the words that tell feeds apart. */

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "directory.h"
#include "feeds.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define START             10957 /* 2000-01-01 */

static struct feed_settings
simulated(void)
{
    return (struct feed_settings){
        .source = FEED_SIMULATOR,
        .unit = 'F',
        .simulator = {.model = SIMULATOR_SEASONAL,
                      .n_stations = 3,
                      .station_prefix = "Station",
                      .start = START,
                      .seed = 1,
                      .rain = true},
    };
}

static struct feed_settings
observed(const char *file)
{
    return (struct feed_settings){
        .source = FEED_CSV,
        .unit = 'F',
        .csv = {.file = file,
                .date_column = "date",
                .degrees_column = "temp",
                .station_column = "id",
                .unit = 'F'},
    };
}

static void
bad_settings_are_refused(void **state)
{
    struct feed_settings none = simulated(), missing = observed("/nonexistent/file.csv");
    struct error error = ERROR_INIT;
    struct feed *feed = NULL;

    none.simulator.n_stations = 0;
    assert_int_equal(feed_new(&feed, &none, &error), -EINVAL);
    assert_true(error.text[0] != '\0');
    assert_int_equal(feed_new(&feed, &missing, &error), -ENOENT);
    assert_non_null(strstr(error.text, "/nonexistent/file.csv"));
    assert_null(feed);
    feed_free(NULL);
}

static void
a_bad_line_is_told(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error error = ERROR_INIT;
    struct feed *feed = NULL;
    struct feed_settings settings;
    char path[128];

    directory_write(&directory, "x.csv", "date,id,temp\n2000-01-01,A,warm\n");
    snprintf(path, sizeof(path), "%s/x.csv", directory.path);
    settings = observed(path);
    assert_int_equal(feed_new(&feed, &settings, &error), -EINVAL);
    assert_non_null(strstr(error.text, "x.csv:2: "));
    assert_null(feed);
}

static void
the_simulator_gives_its_days(void **state)
{
    struct feed_settings settings = simulated();
    struct simulator *simulator;
    struct feed *feed = make(&settings);

    assert_int_equal(simulator_new(&simulator, &settings.simulator, NULL), 0);
    for (uint64_t day = 0; day < 500; day += 7) {
        struct report expected[3];
        const struct report *reports = feed_day(feed, day);

        assert_non_null(reports);
        assert_int_equal(feed_day_size(feed, day), 3);
        assert_true(simulator_day(simulator, day, expected));
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(reports[i].date, START + (int32_t)day);
            assert_int_equal(reports[i].station_length, 8);
            assert_memory_equal(reports[i].station, expected[i].station, 8);
            assert_true(reports[i].degrees == expected[i].degrees);
            assert_int_equal(reports[i].rain, expected[i].rain);
        }
    }
    simulator_free(simulator);
    feed_free(feed);
}

/* Up to the last date that there is, and not beyond. */
static void
the_simulator_ends_with_the_calendar(void **state)
{
    struct feed_settings settings = simulated();
    struct feed *feed;

    settings.simulator.start = DATE_MAX - 2;
    feed = make(&settings);
    assert_int_equal(feed_day_size(feed, 2), 3);
    assert_non_null(feed_day(feed, 2));
    assert_int_equal(feed_day(feed, 2)[0].date, DATE_MAX);
    assert_int_equal(feed_day_size(feed, 3), 0);
    assert_null(feed_day(feed, 3));
    assert_int_equal(feed_day_size(feed, UINT64_MAX), 0);
    assert_null(feed_day(feed, UINT64_MAX));
    feed_free(feed);
}

/* Any day, asked for in any order and by any process, is the same day. */
static void
days_do_not_depend_on_what_came_before(void **state)
{
    static const uint64_t days[] = {400, 3, 3, 1000, 0, 399};
    struct feed_settings settings = simulated();
    struct feed *one = make(&settings);

    for (size_t i = 0; i < N_ELEMENTS(days); i++) {
        struct feed *other = make(&settings);
        const struct report *a = feed_day(one, days[i]), *b = feed_day(other, days[i]);

        for (size_t j = 0; j < 3; j++) {
            assert_true(a[j].degrees == b[j].degrees);
            assert_int_equal(a[j].rain, b[j].rain);
        }
        feed_free(other);
    }
    feed_free(one);
}

static void
a_file_gives_its_days(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const struct {
        uint64_t day;
        size_t n;
        struct report reports[3];
    } days[] = {
        {0, 2, {{"A", 1, START, 32, REPORT_RAIN_UNKNOWN}, {"B", 1, START, 212, 0}}},
        {1, 1, {{"A", 1, START + 1, 50, REPORT_RAIN_UNKNOWN}}},
        {2, 3, {{"A", 1, START + 9, -40, 0}, {"B", 1, START + 9, 0, 0}, {"C", 1, START + 9, 1, 0}}},
    };
    struct feed_settings settings;
    struct feed *feed;
    char path[128];

    directory_write(&directory, "x.csv",
                    "date,id,temp\n2000-01-01,A,32\n2000-01-01,B,212\n2000-01-02,A,50\n"
                    "2000-01-10,A,-40\n2000-01-10,B,0\n2000-01-10,C,1\n");
    snprintf(path, sizeof(path), "%s/x.csv", directory.path);
    settings = observed(path);
    for (int celsius = 0; celsius < 2; celsius++) {
        static const double in_celsius[3][3] = {{0, 100}, {10}, {-40, -17.7778, -17.2222}};

        settings.unit = celsius ? 'C' : 'F';
        feed = make(&settings);
        for (size_t i = 0; i < N_ELEMENTS(days); i++) {
            const struct report *reports = feed_day(feed, days[i].day);

            assert_int_equal(feed_day_size(feed, days[i].day), days[i].n);
            for (size_t j = 0; j < days[i].n; j++) {
                double degrees = celsius ? in_celsius[i][j] : days[i].reports[j].degrees;

                assert_int_equal(reports[j].date, days[i].reports[j].date);
                assert_memory_equal(reports[j].station, days[i].reports[j].station, 1);
                if (reports[j].degrees != degrees)
                    fail_msg("day %zu report %zu: %.17g, not %.17g", i, j, reports[j].degrees,
                             degrees);
                assert_false(feed_is_duplicated(feed, days[i].day, j));
            }
        }
        assert_int_equal(feed_day_size(feed, 3), 0);
        assert_null(feed_day(feed, 3));
        /* Asking twice converts once. */
        assert_true(feed_day(feed, 0)[1].degrees == feed_day(feed, 0)[1].degrees);
        assert_true(feed_day(feed, 0)[1].degrees == (celsius ? 100 : 212));
        feed_free(feed);
    }
}

static void
some_reports_are_sent_twice(void **state)
{
    static const double rates[] = {0, 0.05, 1};

    for (size_t i = 0; i < N_ELEMENTS(rates); i++) {
        struct feed_settings settings = simulated();
        struct feed *feed;
        int n = 0;

        settings.simulator.duplicate_rate = rates[i];
        feed = make(&settings);
        for (uint64_t day = 0; day < 1000; day++)
            for (size_t station = 0; station < 3; station++)
                n += feed_is_duplicated(feed, day, station);
        assert_in_range(n, (int)(rates[i] * 3000 * 0.6), (int)(rates[i] * 3000 * 1.4));
        feed_free(feed);
    }
}

/* Whatever changes a report, or their order, changes the description. */
static void
feeds_that_differ_are_described_differently(void **state)
{
    struct feed_settings all[10];
    char *texts[N_ELEMENTS(all)];

    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        all[i] = simulated();
    all[1].simulator.model = SIMULATOR_UNIFORM;
    all[2].simulator.n_stations = 4;
    all[3].simulator.station_prefix = "Other";
    all[4].simulator.start++;
    all[5].simulator.seed = UINT64_MAX;
    all[6].simulator.rain = false;
    all[7].simulator.duplicate_rate = 0.05;
    all[8].unit = 'C';
    all[9].simulator.duplicate_rate = 0.0500001;
    for (size_t i = 0; i < N_ELEMENTS(all); i++) {
        struct feed *feed = make(&all[i]);

        texts[i] = strdup(feed_describe(feed));
        feed_free(feed);
        for (size_t j = 0; j < i; j++)
            if (strcmp(texts[i], texts[j]) == 0)
                fail_msg("feeds %zu and %zu are both \"%s\"", i, j, texts[i]);
    }
    assert_string_equal(texts[0], "simulator seasonal, seed 1, 3 stations called Station, from "
                                  "2000-01-01, duplicates 0, rain yes, in F");
    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        free(texts[i]);
}

static void
files_that_differ_are_described_differently(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct feed_settings all[5];
    char paths[2][128], *texts[N_ELEMENTS(all)];

    for (size_t i = 0; i < 2; i++) {
        char name[8];

        snprintf(name, sizeof(name), "%zu.csv", i);
        directory_write(&directory, name, "date,id,temp,low\n2000-01-01,A,32,10\n");
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", directory.path, name);
    }
    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        all[i] = observed(paths[0]);
    all[1].csv.file = paths[1];
    all[2].csv.degrees_column = "low";
    all[3].csv.station_column = NULL;
    all[3].csv.station = "Here";
    all[4].csv.unit = 'C';
    for (size_t i = 0; i < N_ELEMENTS(all); i++) {
        struct feed *feed = make(&all[i]);

        texts[i] = strdup(feed_describe(feed));
        feed_free(feed);
        for (size_t j = 0; j < i; j++)
            if (strcmp(texts[i], texts[j]) == 0)
                fail_msg("feeds %zu and %zu are both \"%s\"", i, j, texts[i]);
    }
    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        free(texts[i]);
}

static struct feed_settings
ordered(void)
{
    return (struct feed_settings){.source = FEED_ORDERS, .orders = {.start = START, .seed = 1}};
}

static struct feed_settings
happened(void)
{
    return (struct feed_settings){
        .source = FEED_EVENTS,
        .events = {.users = 3, .events = 3, .start = START, .seed = 1},
    };
}

/* The text between two others, which must be there. */
static char *
cut(const struct feed_record *record, const char *before, const char *after)
{
    cleanup(free) char *payload = strndup(record->payload, record->payload_length);
    const char *begin = strstr(payload, before), *end;

    assert_non_null(begin);
    begin += strlen(before);
    end = strstr(begin, after);
    assert_non_null(end);
    return strndup(begin, (size_t)(end - begin));
}

static void
assert_same_record(struct feed *a, struct feed *b, uint64_t number)
{
    struct feed_record one, other;

    assert_int_equal(feed_record(a, number, 1, &one), 0);
    assert_int_equal(feed_record(b, number, 2, &other), 0);
    assert_string_equal(one.key, other.key);
    assert_int_equal(one.payload_length, other.payload_length);
    assert_memory_equal(one.payload, other.payload, one.payload_length);
}

static void
an_order_follows_from_its_number(void **state)
{
    static const char first[] =
        "{\"ordertime\":946684800712,\"orderid\":0,\"itemid\":\"Item_472\",\"address\":"
        "{\"city\":\"Mountain View\",\"state\":\"CA\",\"zipcode\":94041}}";
    struct feed_settings settings = ordered(), last = ordered();
    struct feed *feed = make(&settings), *other = make(&settings);
    struct feed_record record;

    assert_string_equal(feed_records(&settings), "orders");
    assert_int_equal(feed_record(feed, 0, 0, &record), 0);
    assert_int_equal(record.payload_length, sizeof(first) - 1);
    assert_memory_equal(record.payload, first, sizeof(first) - 1);
    for (uint64_t number = 0; number < 5000; number++) {
        cleanup(free) char *time = NULL;
        char key[24];

        assert_int_equal(feed_day_size(feed, number), 1);
        assert_int_equal(feed_record(feed, number, 0, &record), 0);
        snprintf(key, sizeof(key), "%d", (int)number);
        assert_string_equal(record.key, key);
        time = cut(&record, "\"ordertime\":", ",");
        assert_int_equal(strtoull(time, NULL, 10) / 1000, START * UINT64_C(86400) + number);
    }
    for (uint64_t number = 5000; number-- > 0;)
        assert_same_record(feed, other, number);
    feed_free(other);
    feed_free(feed);
    last.orders.start = DATE_MAX;
    feed = make(&last);
    assert_int_equal(feed_day_size(feed, 86399), 1);
    assert_int_equal(feed_day_size(feed, 86400), 0);
    feed_free(feed);
}

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* How many different ones there are; they are freed. */
static size_t
count_different(char **texts, size_t n)
{
    size_t count = 0;

    qsort(texts, n, sizeof(*texts), compare_texts);
    for (size_t i = 0; i < n; i++)
        count += i + 1 == n || strcmp(texts[i], texts[i + 1]) != 0;
    for (size_t i = 0; i < n; i++)
        free(texts[i]);
    return count;
}

static void
users_have_their_events_and_no_more(void **state)
{
    enum { USERS = 500, EVENTS = 7, N = USERS * EVENTS };
    static char *keys[N], *users[N];
    struct feed_settings settings = happened();
    struct feed *feed, *other;
    long before = 0;

    settings.events.users = USERS;
    settings.events.events = EVENTS;
    feed = make(&settings);
    other = make(&settings);
    assert_string_equal(feed_records(&settings), "events");
    for (uint64_t number = 0; number < N; number++) {
        cleanup(free) char *id = NULL, *timestamp = NULL, *sent = NULL;
        struct feed_record record;
        char variant;

        assert_int_equal(feed_day_size(feed, number), 1);
        assert_int_equal(feed_record(feed, number, 0, &record), 0);
        id = cut(&record, "\"messageId\":\"", "\"");
        assert_string_equal(record.key, id);
        assert_int_equal(strlen(id), 36);
        assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
        assert_int_equal(id[14], '4');
        variant = id[19];
        assert_non_null(strchr("89ab", variant));
        assert_true(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
        timestamp = cut(&record, "\"timestamp\":", ",");
        sent = cut(&record, "\"sentAt\":", ",");
        assert_string_equal(sent, timestamp);
        assert_true(atol(timestamp) > before);
        before = atol(timestamp);
        keys[number] = strdup(id);
        users[number] = cut(&record, "\"userId\":\"", "\"");
        if (number >= USERS)
            assert_string_equal(users[number], users[number - USERS]);
    }
    assert_int_equal(feed_day_size(feed, N), 0);
    assert_int_equal(count_different(keys, N), N);
    assert_int_equal(count_different(users, N), USERS);
    for (uint64_t number = N; number-- > 0;)
        assert_same_record(feed, other, number);
    feed_free(other);
    feed_free(feed);
}

static void
records_that_differ_are_described_differently(void **state)
{
    struct feed_settings all[] = {ordered(),  ordered(),  ordered(),  happened(),
                                  happened(), happened(), happened(), happened()};
    char *texts[N_ELEMENTS(all)];

    all[1].orders.start++;
    all[2].orders.seed++;
    all[4].events.users++;
    all[5].events.events++;
    all[6].events.start++;
    all[7].events.seed++;
    for (size_t i = 0; i < N_ELEMENTS(all); i++) {
        struct feed *feed = make(&all[i]);

        texts[i] = strdup(feed_describe(feed));
        feed_free(feed);
    }
    assert_string_equal(texts[0], "orders, seed 1, from 2000-01-01");
    assert_string_equal(texts[3], "events, seed 1, 3 of each of 3 users, from 2000-01-01");
    assert_int_equal(count_different(texts, N_ELEMENTS(all)), N_ELEMENTS(all));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_settings_are_refused),
        cmocka_unit_test(a_bad_line_is_told),
        cmocka_unit_test(the_simulator_gives_its_days),
        cmocka_unit_test(the_simulator_ends_with_the_calendar),
        cmocka_unit_test(days_do_not_depend_on_what_came_before),
        cmocka_unit_test(a_file_gives_its_days),
        cmocka_unit_test(some_reports_are_sent_twice),
        cmocka_unit_test(feeds_that_differ_are_described_differently),
        cmocka_unit_test(files_that_differ_are_described_differently),
        cmocka_unit_test(an_order_follows_from_its_number),
        cmocka_unit_test(users_have_their_events_and_no_more),
        cmocka_unit_test(records_that_differ_are_described_differently),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
