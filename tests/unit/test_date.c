/* SPDX-License-Identifier: MIT */

/*
 * Dates, compared with a calendar that is kept by adding one day at a time, for
 * every day from 0001-01-01 to 9999-12-31.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/date.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED         (-123456)

static int
days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month == 2 && (year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)))
        return 29;
    return days[month - 1];
}

static void
next_day(struct date_civil *civil)
{
    if (++civil->day <= days_of_month(civil->year, civil->month))
        return;
    civil->day = 1;
    if (++civil->month <= 12)
        return;
    civil->month = 1;
    civil->year++;
}

static void
bad_dates_are_refused(void **state)
{
    static const char *const bad[] = {
        "",           "2000",       "2000-01-1",  "2000-1-01",    "2000-01-011",   " 2000-01-0",
        "2000/01/01", "2000-01/01", "2000.01-01", "20000101--",   "0000-01-01",    "0000-12-31",
        "2000-00-01", "2000-13-01", "2000-01-00", "2000-01-32",   "2000-04-31",    "2000-02-30",
        "1900-02-29", "2100-02-29", "2001-02-29", "2000-99-99",   "-200-01-01",    "+200-01-01",
        "2000-+1-01", "2000-01--1", "2000-01- 1", "200a-01-01",   "2000-0a-01",    "2000-01-0a",
        "a000-01-01", "2a00-01-01", "20a0-01-01", "2000-a1-01",   "2000-01-a1",    "2000-01-01 ",
        "20:0-01-01", "2000-0/-01", "2000-01-1:", "2000-01-01\n", "\262000-01-01",
    };

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        int32_t date = UNTOUCHED;

        if (date_parse(bad[i], strlen(bad[i]), &date))
            fail_msg("\"%s\" was taken for a date", bad[i]);
        assert_int_equal(date, UNTOUCHED);
    }
    assert_false(date_parse(NULL, 0, &(int32_t){0}));
    assert_false(date_parse("2000-01-01", 9, &(int32_t){0}));
    assert_false(date_parse("2000\0"
                            "01-01",
                            10, &(int32_t){0}));
}

/* Each place of a good date takes the ten digits, or the dash, and no other of the 256 bytes. */
static void
every_byte_of_a_date_matters(void **state)
{
    /* xxxx, -, 01 11, 10 11 12, -, 01 11 21, 10 to 19. */
    static const int n_good[DATE_LENGTH] = {10, 10, 10, 10, 1, 2, 3, 1, 3, 10};

    for (size_t place = 0; place < DATE_LENGTH; place++) {
        int accepted = 0;

        for (int byte = 0; byte < 256; byte++) {
            char text[] = "1111-11-11";
            int32_t date;

            text[place] = (char)byte;
            if (date_parse(text, DATE_LENGTH, &date)) {
                char again[DATE_LENGTH + 1];

                date_format(date, again);
                assert_memory_equal(again, text, DATE_LENGTH);
                accepted++;
            }
        }
        assert_int_equal(accepted, n_good[place]);
    }
}

static void
known_dates_have_known_numbers(void **state)
{
    static const struct {
        const char *text;
        int32_t date;
    } cases[] = {
        {"0001-01-01", DATE_MIN}, {"1969-12-31", -1},       {"1970-01-01", 0},
        {"1970-01-02", 1},        {"1972-02-29", 789},      {"2000-01-01", 10957},
        {"2000-02-29", 11016},    {"2000-03-01", 11017},    {"2038-01-19", 24855},
        {"1582-10-15", -141427},  {"9999-12-31", DATE_MAX},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char text[DATE_LENGTH + 1];
        int32_t date;

        assert_true(date_parse(cases[i].text, DATE_LENGTH, &date));
        assert_int_equal(date, cases[i].date);
        date_format(date, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void
every_day_of_the_range_is_right(void **state)
{
    struct date_civil expected = {.year = 1, .month = 1, .day = 1};

    for (int32_t date = DATE_MIN; date <= DATE_MAX; date++, next_day(&expected)) {
        struct date_civil civil = date_to_civil(date);
        char text[DATE_LENGTH + 1], expected_text[32];
        int32_t parsed;

        if (civil.year != expected.year || civil.month != expected.month ||
            civil.day != expected.day)
            fail_msg("day %d is %d-%d-%d, not %d-%d-%d", date, civil.year, civil.month, civil.day,
                     expected.year, expected.month, expected.day);
        if (date_from_civil(civil) != date)
            fail_msg("day %d comes back as %d", date, date_from_civil(civil));
        date_format(date, text);
        if (!date_parse(text, DATE_LENGTH, &parsed) || parsed != date)
            fail_msg("day %d was written as %s", date, text);
        if (expected.day != 1)
            continue;
        snprintf(expected_text, sizeof(expected_text), "%04d-%02d-%02d", expected.year,
                 expected.month, expected.day);
        assert_string_equal(text, expected_text);
    }
    assert_int_equal(expected.year, 10000);
}

/* All 10^8 texts of the form would take a second; each year with all months and days from 00 to 99
 * is the same in small. */
static void
only_days_that_exist_are_dates(void **state)
{
    static const int years[] = {0, 1, 4, 100, 400, 1900, 1999, 2000, 2004, 2023, 2100, 9996, 9999};

    for (size_t i = 0; i < N_ELEMENTS(years); i++) {
        for (int n = 0; n < 10000; n++) {
            int month = n / 100, day = n % 100;
            bool exists = years[i] >= 1 && month >= 1 && month <= 12 && day >= 1 &&
                          day <= days_of_month(years[i], month);
            char text[32];
            int32_t date;

            snprintf(text, sizeof(text), "%04d-%02d-%02d", years[i], month, day);
            if (date_parse(text, DATE_LENGTH, &date) != exists)
                fail_msg("%s %s", text, exists ? "was refused" : "was taken for a date");
        }
    }
}

static void
random_days_agree_with_libc(void **state)
{
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    for (int i = 0; i < 20000; i++) {
        int32_t date = DATE_MIN + (int32_t)(random() % (DATE_MAX - DATE_MIN + 1));
        time_t seconds = (time_t)date * 86400;
        struct tm tm;
        char text[DATE_LENGTH + 1], expected[32];

        assert_non_null(gmtime_r(&seconds, &tm));
        snprintf(expected, sizeof(expected), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday);
        date_format(date, text);
        assert_string_equal(text, expected);
    }
}

static void
months_have_english_names(void **state)
{
    static const char *const names[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December",
    };
    static const char *const others[] = {
        "",     "january", "JANUARY", "January ", " January", "Januar", "Januaryy", "Jan",
        "Sept", "Mai",     "1",       "01",       "0",        "13",     "Smarch",   "May\n",
    };

    for (int month = 1; month <= 12; month++) {
        assert_string_equal(date_month_name(month), names[month - 1]);
        assert_int_equal(date_month_parse(names[month - 1]), month);
    }
    for (size_t i = 0; i < N_ELEMENTS(others); i++)
        if (date_month_parse(others[i]) != 0)
            fail_msg("\"%s\" is taken for month %d", others[i], date_month_parse(others[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_dates_are_refused),
        cmocka_unit_test(every_byte_of_a_date_matters),
        cmocka_unit_test(known_dates_have_known_numbers),
        cmocka_unit_test(every_day_of_the_range_is_right),
        cmocka_unit_test(only_days_that_exist_are_dates),
        cmocka_unit_test(random_days_agree_with_libc),
        cmocka_unit_test(months_have_english_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
