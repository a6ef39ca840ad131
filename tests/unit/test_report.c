/* SPDX-License-Identifier: MIT */

/* What a report may hold, and the words for what it may not. */

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "record/report.h"

#define A64  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A48  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A255 A64 A64 A64 A48 "AAAAAAAAAAAAAAA"

#define STATION(text) text, sizeof(text) - 1
#define NOT_TEXT      " must be valid UTF-8 without control characters"

static void
test_refuses(void **state)
{
    static const struct {
        const char *station;
        size_t length;
        double degrees;
        const char *message;
    } cases[] = {
        {STATION(""), 1, "the station's id is empty, must have 1 to 255 bytes"},
        {STATION(A255 "A"), 1, "the station's id \"" A48 "...\" has 256 bytes, at most 255"},
        {STATION("a\nb"), 1, "the station's id \"a\\x0ab\"" NOT_TEXT},
        {STATION("a\0b"), 1, "the station's id \"a\\x00b\"" NOT_TEXT},
        {STATION("a\\x0a\x7f"), 1, "the station's id \"a\\\\x0a\\x7f\"" NOT_TEXT},
        {STATION("Z\xfcrich"), 1, "the station's id \"Z\\xfcrich\"" NOT_TEXT},
        {STATION("\xc2\x85"), 1, "the station's id \"\\xc2\\x85\"" NOT_TEXT},
        {STATION("\xed\xa0\x80"), 1, "the station's id \"\\xed\\xa0\\x80\"" NOT_TEXT},
        {STATION("Z\xc3"), 1, "the station's id \"Z\\xc3\"" NOT_TEXT},
        {STATION("A"), INFINITY, "the degrees of A are inf, must be a finite number"},
        {STATION("A"), -INFINITY, "the degrees of A are -inf, must be a finite number"},
        {STATION("A"), NAN, "the degrees of A are nan, must be a finite number"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct report report = {.station = cases[i].station,
                                .station_length = cases[i].length,
                                .degrees = cases[i].degrees};
        struct error error = ERROR_INIT;

        assert_int_equal(report_check(&report, &error), -EINVAL);
        assert_string_equal(error.text, cases[i].message);
        assert_int_equal(report_check(&report, NULL), -EINVAL);
    }
}

static void
test_accepts(void **state)
{
    static const struct {
        const char *station;
        size_t length;
        double degrees;
    } cases[] = {
        {STATION("A"), 0},
        {STATION(A255), -459.67},
        {STATION("Z\xc3\xbcrich Fluntern"), 1e308},
        {STATION("\xf0\x9f\x8c\xa7"), -1e308},
        {"StationA behind its end: \n", 8, 5e-324}, /* a view is not terminated */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct report report = {.station = cases[i].station,
                                .station_length = cases[i].length,
                                .degrees = cases[i].degrees};
        struct error error = {.text = "untouched"};

        assert_int_equal(report_check(&report, &error), 0);
        assert_string_equal(error.text, "untouched");
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_accepts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
