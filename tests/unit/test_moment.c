/* SPDX-License-Identifier: MIT */

/* Times of every kind: which are read, what instants they are, and that they are written as they were read. */

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

#include "common/moment.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *text;
    int64_t seconds;
    uint32_t nanoseconds;
} times[] = {
    {"1970-01-01T00:00:00Z", 0, 0},
    {"1970-01-01 00:00:01z", 1, 0},
    {"1970-01-01t01:00:00+01:00", 0, 0},
    {"1969-12-31T23:59:59.999999999Z", -1, 999999999},
    {"1969-12-31T23:00:00-01:00", 0, 0},
    {"2000-01-01T00:00:00-00:00", 946684800, 0},
    {"2000-01-01T00:00:00.5+00:00", 946684800, 500000000},
    {"2000-01-01T00:00:00.000000001Z", 946684800, 1},
    {"2000-01-01T00:00:00.100Z", 946684800, 100000000},
    {"2018-08-16T01:21:18+23:59", 1534296138, 0},
    {"0001-01-01T00:00:00Z", -62135596800, 0},
    {"0001-01-01T00:00:00+23:59", -62135596800 - 86340, 0},
    {"9999-12-31T23:59:59.999999999-23:59", 253402300799 + 86340, 999999999},
};

static void
times_are_read_and_written_as_they_were(void **state)
{
    for (size_t i = 0; i < N_ELEMENTS(times); i++) {
        char text[MOMENT_SIZE];
        struct moment moment;
        int64_t number;

        if (!moment_parse(MOMENT_RFC3339, times[i].text, strlen(times[i].text), &moment))
            fail_msg("%s is refused", times[i].text);
        if (moment.seconds != times[i].seconds || moment.nanoseconds != times[i].nanoseconds)
            fail_msg("%s is %" PRId64 ".%09" PRIu32, times[i].text, moment.seconds,
                     moment.nanoseconds);
        moment_format(moment, text);
        assert_string_equal(text, times[i].text);
        assert_false(moment_is_number(moment, &number));
        assert_true(
            moment_parse(MOMENT_ANY, times[i].text, strlen(times[i].text), &(struct moment){0}));
        assert_false(
            moment_parse(MOMENT_DATE, times[i].text, strlen(times[i].text), &(struct moment){0}));
    }
}

static void
what_is_no_time_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "2000-01-01",
        "2000-01-01T",
        "2000-01-01T00:00:00",
        "2000-01-01T00:00Z",
        "2000-01-01T24:00:00Z",
        "2000-01-01T00:60:00Z",
        "2016-12-31T23:59:60Z",
        "2000-02-30T00:00:00Z",
        "2000-01-01T0:00:00Z",
        "2000-01-01T00-00-00Z",
        "2000-01-01X00:00:00Z",
        "2000-01-01T00:00:00.Z",
        "2000-01-01T00:00:00,5Z",
        "2000-01-01T00:00:00.1234567890Z",
        "2000-01-01T00:00:00ZZ",
        "2000-01-01T00:00:00Z ",
        " 2000-01-01T00:00:00Z",
        "2000-01-01T00:00:00+1:00",
        "2000-01-01T00:00:00+01",
        "2000-01-01T00:00:00+0100",
        "2000-01-01T00:00:00+24:00",
        "2000-01-01T00:00:00+01:60",
        "2000-01-01T00:00:00*01:00",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "946684800",
    };

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct moment moment = {.seconds = 7};

        if (moment_parse(MOMENT_RFC3339, bad[i], strlen(bad[i]), &moment) || moment.seconds != 7)
            fail_msg("\"%s\" is taken", bad[i]);
    }
    assert_false(moment_parse(MOMENT_RFC3339, "2000-01-01T00:00:00\0", 21, &(struct moment){0}));
    assert_false(moment_parse(MOMENT_EPOCH, "2000-01-01", 10, &(struct moment){0}));
}

static void
numbers_are_seconds_or_milliseconds(void **state)
{
    static const struct {
        enum moment_kind kind;
        int64_t number, seconds;
        uint32_t nanoseconds;
        bool bad;
    } cases[] = {
        {MOMENT_EPOCH, 0, 0, 0, false},
        {MOMENT_EPOCH, -1, -1, 0, false},
        {MOMENT_EPOCH, 1534382478, 1534382478, 0, false},
        {MOMENT_EPOCH, 253402300799, 253402300799, 0, false},
        {MOMENT_EPOCH, 253402300800, 0, 0, true},
        {MOMENT_EPOCH, -62135596800, -62135596800, 0, false},
        {MOMENT_EPOCH, -62135596801, 0, 0, true},
        {MOMENT_EPOCH, INT64_MAX, 0, 0, true},
        {MOMENT_EPOCH, INT64_MIN, 0, 0, true},
        {MOMENT_EPOCH_MS, 0, 0, 0, false},
        {MOMENT_EPOCH_MS, 1, 0, 1000000, false},
        {MOMENT_EPOCH_MS, -1, -1, 999000000, false},
        {MOMENT_EPOCH_MS, -1000, -1, 0, false},
        {MOMENT_EPOCH_MS, 1497014222380, 1497014222, 380000000, false},
        {MOMENT_EPOCH_MS, 253402300799999, 253402300799, 999000000, false},
        {MOMENT_EPOCH_MS, 253402300800000, 0, 0, true},
        {MOMENT_EPOCH_MS, -62135596800000, -62135596800, 0, false},
        {MOMENT_EPOCH_MS, -62135596800001, 0, 0, true},
        {MOMENT_EPOCH_MS, INT64_MIN, 0, 0, true},
        {MOMENT_ANY, 1497014222380, 1497014222380, 0, false},
        {MOMENT_DATE, 0, 0, 0, true},
        {MOMENT_RFC3339, 0, 0, 0, true},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct moment moment = {.seconds = 7};
        char text[MOMENT_SIZE], expected[MOMENT_SIZE];
        int64_t number;

        if (moment_from_number(cases[i].kind, cases[i].number, &moment) == cases[i].bad)
            fail_msg("case %zu is %s", i, cases[i].bad ? "taken" : "refused");
        if (cases[i].bad) {
            assert_int_equal(moment.seconds, 7);
            continue;
        }
        assert_int_equal(moment.seconds, cases[i].seconds);
        assert_int_equal(moment.nanoseconds, cases[i].nanoseconds);
        assert_true(moment_is_number(moment, &number));
        assert_int_equal(number, cases[i].number);
        moment_format(moment, text);
        snprintf(expected, sizeof(expected), "%" PRId64, cases[i].number);
        assert_string_equal(text, expected);
    }
}

static void
dates_are_their_beginning(void **state)
{
    char text[MOMENT_SIZE];
    struct moment moment;

    for (int32_t date = DATE_MIN; date <= DATE_MAX; date += 97) {
        assert_int_equal(moment_date(moment_of_date(date)), date);
        moment_format(moment_of_date(date), text);
        assert_true(moment_parse(MOMENT_ANY, text, strlen(text), &moment));
        assert_true(moment_is_same(moment, moment_of_date(date)));
    }
    assert_int_equal(moment_date((struct moment){.seconds = -1}), -1);
    assert_int_equal(moment_date((struct moment){.seconds = -86400}), -1);
    assert_int_equal(moment_date((struct moment){.seconds = -86401}), -2);
    assert_int_equal(moment_date((struct moment){.seconds = 86399}), 0);
}

static void
they_compare_as_instants(void **state)
{
    /* Each before the next; those of a line are the same. */
    static const char *const order[][2] = {
        {"1969-12-31T23:59:59Z", "1970-01-01T00:59:59+01:00"},
        {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500z"},
        {"1970-01-01", "1970-01-01 00:00:00Z"},
        {"1970-01-01T00:00:00.000000001Z", "1970-01-01T01:00:00.000000001+01:00"},
        {"1970-01-01T00:00:00.000000002Z", ""},
        {"1970-01-01T23:59:00-00:01", "1970-01-02"},
    };
    struct moment before = {.seconds = INT64_MIN};

    for (size_t i = 0; i < N_ELEMENTS(order); i++) {
        struct moment moments[2];

        for (size_t j = 0; j < 2; j++) {
            const char *text = order[i][j][0] ? order[i][j] : order[i][0];

            assert_true(moment_parse(MOMENT_ANY, text, strlen(text), &moments[j]));
            assert_true(moment_is_before(before, moments[j]));
            assert_false(moment_is_before(moments[j], before));
            assert_false(moment_is_same(moments[j], before));
        }
        assert_true(moment_is_same(moments[0], moments[1]));
        assert_false(moment_is_before(moments[0], moments[1]));
        before = moments[0];
    }
}

/* Any time that is written in RFC 3339's ways comes back to the byte. */
static void
random_times_come_back(void **state)
{
    for (int i = 0; i < 200000; i++) {
        char text[MOMENT_SIZE], again[MOMENT_SIZE], date[DATE_LENGTH + 1], zone[16];
        int digits = (int)(random() % 10), at;
        struct moment moment;

        date_format((int32_t)(random() % (DATE_MAX - DATE_MIN + 1)) + DATE_MIN, date);
        snprintf(zone, sizeof(zone), "%c%02d:%02d", "+-"[random() % 2], (int)(random() % 24),
                 (int)(random() % 60));
        at = snprintf(text, sizeof(text), "%s%c%02d:%02d:%02d", date, "Tt "[random() % 3],
                      (int)(random() % 24), (int)(random() % 60), (int)(random() % 60));
        if (digits > 0)
            at += snprintf(text + at, sizeof(text) - (size_t)at, ".%0*d", digits,
                           (int)(random() % (digits == 9 ? 1000000000 : digits * digits)));
        snprintf(text + at, sizeof(text) - (size_t)at, "%s",
                 (const char *[]){"Z", "z", zone}[random() % 3]);
        if (!moment_parse(MOMENT_RFC3339, text, strlen(text), &moment))
            fail_msg("%s is refused", text);
        moment_format(moment, again);
        assert_string_equal(again, text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_and_written_as_they_were),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(numbers_are_seconds_or_milliseconds),
        cmocka_unit_test(dates_are_their_beginning),
        cmocka_unit_test(they_compare_as_instants),
        cmocka_unit_test(random_times_come_back),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
