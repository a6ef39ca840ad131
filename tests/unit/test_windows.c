/* SPDX-License-Identifier: MIT */

/*
 * Windows: where they begin and end, what they are called, that records in any order give what a
 * plain oracle gives, and that a restart leaves no trace.
 */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "partitions.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR              INT64_C(3600)
#define DAY               (24 * HOUR)

static int64_t
seconds_of(const char *text)
{
    struct moment moment;

    if (!moment_parse(MOMENT_ANY, text, strlen(text), &moment))
        fail_msg("%s", text);
    return moment.seconds;
}

static void
windows_have_bounds_and_names(void **state)
{
    static const struct {
        struct window_rule rule;
        const char *time, *name, *end;
    } cases[] = {
        {{.kind = WINDOW_DAY}, "2000-02-29T23:59:59.9Z", "2000-02-29", "2000-03-01"},
        {{.kind = WINDOW_DAY}, "2000-03-01T00:30:00+01:00", "2000-02-29", "2000-03-01"},
        {{.kind = WINDOW_DAY}, "1969-12-31T23:59:59Z", "1969-12-31", "1970-01-01"},
        {{.kind = WINDOW_MONTH}, "2000-02-29", "2000-02", "2000-03-01"},
        {{.kind = WINDOW_MONTH}, "1999-12-31T23:59:59Z", "1999-12", "2000-01-01"},
        {{.kind = WINDOW_MONTH}, "9999-12-31", "9999-12", "9999-12-31T23:59:60Z"},
        {{.kind = WINDOW_YEAR}, "2000-02-29", "2000", "2001-01-01"},
        {{.kind = WINDOW_YEAR}, "0001-01-01", "0001", "0002-01-01"},
        {{.kind = WINDOW_YEAR}, "9999-12-31T23:59:59Z", "9999", "9999-12-31T23:59:60Z"},
        {{.kind = WINDOW_SPAN, .span = HOUR},
         "2000-01-01T12:59:59Z",
         "2000-01-01T12:00:00Z",
         "2000-01-01T13:00:00Z"},
        {{.kind = WINDOW_SPAN, .span = 90},
         "1970-01-01T00:02:59Z",
         "1970-01-01T00:01:30Z",
         "1970-01-01T00:03:00Z"},
        {{.kind = WINDOW_SPAN, .span = 90},
         "1969-12-31T23:59:59Z",
         "1969-12-31T23:58:30Z",
         "1970-01-01T00:00:00Z"},
        {{.kind = WINDOW_SPAN, .span = 7 * DAY},
         "2000-01-01",
         "1999-12-30T00:00:00Z",
         "2000-01-06"},
        /* In UTC these are before the first year, and behind the last. */
        {{.kind = WINDOW_DAY}, "0001-01-01T00:00:00+01:00", "0001-01-01", "0001-01-02"},
        {{.kind = WINDOW_SPAN, .span = 7 * DAY},
         "0001-01-01",
         "0001-01-01T00:00:00Z",
         "0001-01-08"},
        {{.kind = WINDOW_MONTH}, "9999-12-31T23:59:59-01:00", "9999-12", "9999-12-31T23:59:60Z"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct window_rule *rule = &cases[i].rule;
        int64_t begin = window_begin(rule, seconds_of(cases[i].time)), again;
        char name[WINDOW_NAME_SIZE];
        struct error error;

        window_format(rule, begin, name);
        if (strcmp(name, cases[i].name) != 0)
            fail_msg("case %zu: %s", i, name);
        /* A second that RFC 3339 calls the 60th is the next one. */
        if (window_end(rule, begin) != (strstr(cases[i].end, ":60Z") ? (DATE_MAX + INT64_C(1)) * DAY
                                                                     : seconds_of(cases[i].end)))
            fail_msg("case %zu ends at %" PRId64, i, window_end(rule, begin));
        assert_int_equal(window_begin(rule, begin), begin);
        assert_int_equal(window_parse(rule, name, &again, &error), 0);
        assert_int_equal(again, begin);
        assert_int_equal(window_guess(name).kind, rule->kind);
    }
}

static void
other_names_are_refused(void **state)
{
    static const struct {
        struct window_rule rule;
        const char *name;
    } cases[] = {
        {{.kind = WINDOW_DAY}, ""},
        {{.kind = WINDOW_DAY}, "2000-02-30"},
        {{.kind = WINDOW_DAY}, "2000-01"},
        {{.kind = WINDOW_DAY}, "2000-01-01T00:00:00Z"},
        {{.kind = WINDOW_MONTH}, "2000-13"},
        {{.kind = WINDOW_MONTH}, "2000-1"},
        {{.kind = WINDOW_MONTH}, "2000"},
        {{.kind = WINDOW_MONTH}, "2000-01-01"},
        {{.kind = WINDOW_YEAR}, "0000"},
        {{.kind = WINDOW_YEAR}, "20000"},
        {{.kind = WINDOW_YEAR}, "2000-01"},
        {{.kind = WINDOW_SPAN, .span = HOUR}, "2000-01-01T12:30:00Z"},
        {{.kind = WINDOW_SPAN, .span = HOUR}, "2000-01-01T12:00:00+00:00"},
        {{.kind = WINDOW_SPAN, .span = HOUR}, "2000-01-01 12:00:00Z"},
        {{.kind = WINDOW_SPAN, .span = HOUR}, "2000-01-01"},
        {{.kind = WINDOW_SPAN, .span = HOUR},
         "2000-01-01T12:00:00.000000000000000000000000000000Z"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error;
        int64_t begin;

        if (window_parse(&cases[i].rule, cases[i].name, &begin, &error) != -EINVAL)
            fail_msg("case %zu: %s is taken", i, cases[i].name);
        assert_non_null(strstr(error.text, "set window as it was when the file was written"));
    }
}

/* ---- records ---- */

static const struct partition_policy keep = {PARTITION_KEEP, PARTITION_KEEP, 1000};
static const struct partition_policy drop = {PARTITION_DROP, PARTITION_DROP, 1000};

static struct partition_settings
settings_of(const struct window_rule *rule)
{
    return (struct partition_settings){
        .format = REPORT_FORMAT_JSON, .shape = {.has_windows = true}, .window = *rule};
}

static enum partition_outcome
apply(struct partition *partition, char station, int32_t date, double degrees)
{
    const struct report report = {&station, 1, date, degrees, REPORT_RAIN_UNKNOWN};
    char text[REPORT_JSON_MAX];
    struct error error;

    return partition_apply(partition, text, report_json_write(&report, text), &error);
}

static const struct station_window *
window_of(const struct partition *partition, char station, const char *name)
{
    const struct station *entry = stations_find(&partition->stations, &station, 1);
    struct error error;
    int64_t begin;

    assert_non_null(entry);
    assert_int_equal(window_parse(&partition->window, name, &begin, &error), 0);
    return windows_find(&entry->windows, begin);
}

#define JANUARY 10957 /* the first, of 2000 */

static void
a_window_takes_reports_until_it_is_closed(void **state)
{
    const struct window_rule rule = {.kind = WINDOW_MONTH, .grace = 3 * DAY, .keep = 31 * DAY};
    const struct partition_settings settings = settings_of(&rule);
    struct partition partition;

    partition_init(&partition, &settings, &keep, 1);
    assert_int_equal(apply(&partition, 'A', JANUARY + 5, 10), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 31, 20), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 33, 20), PARTITION_COUNTED);
    /* Two days into February January is open, and so it is on its third. */
    assert_int_equal(apply(&partition, 'A', JANUARY + 30, 30), PARTITION_COUNTED);
    assert_int_equal(window_of(&partition, 'A', "2000-01")->stats.count, 2);
    assert_int_equal(partition.too_late, 0);
    /* Another station's time is its own. */
    assert_int_equal(apply(&partition, 'B', JANUARY + 300, 1), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 30, 30), PARTITION_COUNTED);
    assert_int_equal(window_of(&partition, 'A', "2000-01")->stats.count, 3);
    /* On the fourth it is closed: counted for the station, not there. */
    assert_int_equal(apply(&partition, 'A', JANUARY + 34, 20), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 30, 30), PARTITION_COUNTED);
    assert_int_equal(window_of(&partition, 'A', "2000-01")->stats.count, 3);
    assert_int_equal(partition.too_late, 1);
    assert_int_equal(
        ((const struct station *)stations_find(&partition.stations, "A", 1))->stats.count, 7);
    /* It is kept 31 days longer, until a window is added behind that. */
    assert_int_equal(apply(&partition, 'A', JANUARY + 59, 20), PARTITION_COUNTED);
    assert_non_null(window_of(&partition, 'A', "2000-01"));
    assert_int_equal(apply(&partition, 'A', JANUARY + 91, 20), PARTITION_COUNTED);
    assert_null(window_of(&partition, 'A', "2000-01"));
    assert_non_null(window_of(&partition, 'A', "2000-02"));
    /* And does not come back. */
    assert_int_equal(apply(&partition, 'A', JANUARY + 30, 30), PARTITION_COUNTED);
    assert_null(window_of(&partition, 'A', "2000-01"));
    partition_fini(&partition);
}

/* The policy is asked for the station and for the window, each with its own latest report. */
static void
what_is_late_for_the_station_may_be_in_time_for_a_window(void **state)
{
    const struct window_rule rule = {.kind = WINDOW_DAY, .grace = 2 * DAY, .keep = DAY};
    const struct partition_settings settings = settings_of(&rule);
    struct partition partition;

    partition_init(&partition, &settings, &drop, 1);
    assert_int_equal(apply(&partition, 'A', JANUARY, 10), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 2, 20), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 2, 99), PARTITION_DUPLICATE);
    assert_int_equal(apply(&partition, 'A', JANUARY, 99), PARTITION_LATE); /* a duplicate there */
    assert_int_equal(apply(&partition, 'A', JANUARY + 1, 30), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 1, 99), PARTITION_LATE);
    assert_int_equal(
        ((const struct station *)stations_find(&partition.stations, "A", 1))->stats.count, 2);
    assert_int_equal(window_of(&partition, 'A', "2000-01-02")->stats.count, 1);
    partition_fini(&partition);
}

static void
a_sum_that_would_be_infinite_changes_nothing(void **state)
{
    const struct window_rule rule = {.kind = WINDOW_YEAR, .grace = 0, .keep = 366 * DAY};
    const struct partition_settings settings = settings_of(&rule);
    struct partition partition;

    partition_init(&partition, &settings, &keep, 1);
    assert_int_equal(apply(&partition, 'A', JANUARY, -1.7e308), PARTITION_COUNTED);
    assert_int_equal(apply(&partition, 'A', JANUARY + 366, 1.7e308), PARTITION_COUNTED);
    /* Of all its time the sum would be finite. */
    assert_int_equal(apply(&partition, 'A', JANUARY + 367, 1.7e308), PARTITION_INVALID);
    assert_int_equal(
        ((const struct station *)stations_find(&partition.stations, "A", 1))->stats.count, 2);
    assert_int_equal(window_of(&partition, 'A', "2001")->stats.count, 1);
    partition_fini(&partition);
}

/* ---- against an oracle, with restarts ---- */

static void
restart(struct partition *partition, const struct partition_settings *settings)
{
    char *text = write_out(partition, 1);
    struct error error;
    int64_t offset;

    partition_fini(partition);
    partition_init(partition, settings, &keep, (uint64_t)random());
    if (layout_ops.load(partition, text, strlen(text), &offset, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    free(text);
}

#define RECORDS 400

static void
any_order_gives_what_the_oracle_gives(void **state)
{
    static const struct window_rule rules[] = {
        {WINDOW_DAY, 0, 0, 0},
        {WINDOW_DAY, 0, 5 * DAY, 3 * DAY},
        {WINDOW_MONTH, 0, 40 * DAY, 60 * DAY},
        {WINDOW_YEAR, 0, 0, 1000 * DAY},
        {WINDOW_SPAN, 10 * DAY, 20 * DAY, 10 * DAY},
    };

    for (int round = 0; round < 200; round++) {
        const struct window_rule *rule = &rules[(size_t)round % N_ELEMENTS(rules)];
        const struct partition_settings settings = settings_of(rule);
        int32_t dates[RECORDS], latest = 0;
        bool counted[RECORDS];
        struct partition partition;
        const struct station *entry;
        int64_t n_counted = 0, newest_added = INT64_MIN;

        partition_init(&partition, &settings, &keep, 1);
        for (int i = 0; i < RECORDS; i++) {
            dates[i] = JANUARY + i + (int32_t)(random() % 60) - (random() % 8 ? 0 : 50);
            counted[i] =
                i == 0 ||
                window_end(rule, window_begin(rule, dates[i] * DAY)) + rule->grace > latest * DAY;
            n_counted += counted[i];
            if (i == 0 || dates[i] > latest)
                latest = dates[i];
            assert_int_equal(apply(&partition, 'A', dates[i], 1), PARTITION_COUNTED);
            if (random() % 20 == 0)
                restart(&partition, &settings);
        }
        entry = stations_find(&partition.stations, "A", 1);
        assert_int_equal(entry->stats.count, RECORDS);
        for (size_t i = 0; i < entry->windows.n_windows; i++) {
            const struct station_window *window = &entry->windows.windows[i];
            int64_t expected = 0;

            for (int j = 0; j < RECORDS; j++)
                expected += counted[j] && window_begin(rule, dates[j] * DAY) == window->begin;
            assert_int_equal(window->stats.count, expected);
            if (window->begin > newest_added)
                newest_added = window->begin;
        }
        /* None that should still be there is missing, and their number is bounded. */
        for (int j = 0; j < RECORDS; j++) {
            int64_t begin = window_begin(rule, dates[j] * DAY);

            if (counted[j] && !window_is_closed(rule, begin, latest * DAY - rule->keep))
                assert_non_null(windows_find(&entry->windows, begin));
        }
        assert_true(newest_added == window_begin(rule, latest * DAY));
        assert_true((int64_t)entry->windows.n_windows <=
                    (rule->grace + rule->keep) /
                            (28 * DAY < window_length(rule) ? 28 * DAY : window_length(rule)) +
                        2);
        partition_fini(&partition);
    }
}

static void
spoilt_windows_are_refused(void **state)
{
#define STATS                                                                                      \
    "\"count\": 1, \"sum\": 1, \"avg\": 1, \"start\": \"2000-01-05\", \"end\": \"2000-01-05\""
#define FILE_OF(windows) "{\"offset\": 1, \"A\": {" STATS ", \"windows\": " windows "}}"
    static const struct {
        enum window_kind kind;
        const char *text, *message; /* NULL: it is good */
    } cases[] = {
        {WINDOW_MONTH, FILE_OF("{\"2000-01\": {" STATS "}}"), NULL},
        {WINDOW_MONTH, FILE_OF("{}"), NULL},
        {WINDOW_MONTH, "{\"offset\": 1, \"A\": {" STATS "}}", NULL},
        {WINDOW_ANY, FILE_OF("{\"2000-01-05T00:00:00Z\": {" STATS "}}"), NULL},
        {WINDOW_MONTH, FILE_OF("5"), "station \"A\": \"windows\" is not an object"},
        {WINDOW_MONTH, FILE_OF("{\"2000-01\": 5}"), "\"windows\" \"2000-01\" is not an object"},
        {WINDOW_MONTH, FILE_OF("{\"2000-02\": {" STATS "}}"), "lies outside of it"},
        {WINDOW_MONTH, FILE_OF("{\"2000-01-05\": {" STATS "}}"), "set window as it was"},
        {WINDOW_MONTH, FILE_OF("{\"2000-01\": {" STATS ", \"windows\": {}}}"),
         "unknown key \"windows\""},
        {WINDOW_MONTH, FILE_OF("{\"2000-01\": {\"count\": 1}}"), "lacks \"sum\""},
        {WINDOW_ANY, FILE_OF("{\"2000-01\": {" STATS "}, \"2000\": {" STATS "}}"),
         "\"2000\" is no window"},
        {WINDOW_NONE, FILE_OF("{\"2000-01\": {" STATS "}}"),
         "station \"A\": has an unknown key \"windows\"; set window as it was"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct partition_settings settings = {
            .shape = {.has_windows = cases[i].kind != WINDOW_NONE},
            .window = {.kind = cases[i].kind},
        };
        struct error error = ERROR_INIT;
        struct partition partition;
        int64_t offset;
        int result;

        partition_init(&partition, &settings, &keep, 1);
        result = layout_ops.load(&partition, cases[i].text, strlen(cases[i].text), &offset, &error);
        if ((result == 0) != !cases[i].message ||
            (cases[i].message && !strstr(error.text, cases[i].message)))
            fail_msg("case %zu: %d, %s", i, result, error.text);
        partition_fini(&partition);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_have_bounds_and_names),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(a_window_takes_reports_until_it_is_closed),
        cmocka_unit_test(what_is_late_for_the_station_may_be_in_time_for_a_window),
        cmocka_unit_test(a_sum_that_would_be_infinite_changes_nothing),
        cmocka_unit_test(any_order_gives_what_the_oracle_gives),
        cmocka_unit_test(spoilt_windows_are_refused),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
