/* SPDX-License-Identifier: MIT */

/* Values as people write them: what is refused and why, then what is read as what. */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "common/values.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED         4711

#define NINES "99999999999999999999999999999999999999999999999999"

static void
assert_refused(int result, int expected, const struct error *error, const char *text)
{
    char quoted[300];

    if (result != expected)
        fail_msg("\"%s\" gave %d, not %d", text, result, expected);
    snprintf(quoted, sizeof(quoted), "\"%.200s\"", text);
    value_make_text(quoted);
    if (!strstr(error->text, quoted))
        fail_msg("the message on \"%s\" does not name it: %s", text, error->text);
}

static uint64_t
random_bits(void)
{
    return (uint64_t)random() << 62 ^ (uint64_t)random() << 31 ^ (uint64_t)random();
}

static void
bad_integers_are_refused(void **state)
{
    static const struct {
        const char *text;
        int result;
    } cases[] = {
        {"", -EINVAL},
        {"-", -EINVAL},
        {"--1", -EINVAL},
        {"+1", -EINVAL},
        {" 1", -EINVAL},
        {"1 ", -EINVAL},
        {"1.0", -EINVAL},
        {"1e3", -EINVAL},
        {"0x10", -EINVAL},
        {"12a", -EINVAL},
        {"1,000", -EINVAL},
        {"١", -EINVAL},
        {"-11", -ERANGE},
        {"11", -ERANGE},
        {"9223372036854775808", -ERANGE},
        {"-9223372036854775809", -ERANGE},
        {"18446744073709551616", -ERANGE},
        {"18446744073709551615", -ERANGE},
        {"-18446744073709551615", -ERANGE},
        {"-18446744073709551606", -ERANGE},
        {NINES, -ERANGE},
        {"-" NINES, -ERANGE},
        {NINES "x", -EINVAL},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        int64_t value = UNTOUCHED;

        assert_refused(value_parse_integer(cases[i].text, -10, 10, &value, &error), cases[i].result,
                       &error, cases[i].text);
        assert_int_equal(value, UNTOUCHED);
    }
    assert_int_equal(value_parse_integer("x", 0, 1, &(int64_t){0}, NULL), -EINVAL);
}

static void
integers_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t value;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"7", 7},
        {"-7", -7},
        {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        int64_t value = UNTOUCHED;

        assert_int_equal(value_parse_integer(cases[i].text, INT64_MIN, INT64_MAX, &value, NULL), 0);
        assert_true(value == cases[i].value);
    }
    assert_int_equal(value_parse_integer("5", 5, 5, &(int64_t){0}, NULL), 0);
    assert_int_equal(value_parse_integer("4", 5, 5, &(int64_t){0}, NULL), -ERANGE);
    assert_int_equal(value_parse_integer("6", 5, 5, &(int64_t){0}, NULL), -ERANGE);
}

static void
random_integers_come_back(void **state)
{
    for (int i = 0; i < 20000; i++) {
        int64_t number = (int64_t)(random_bits() >> (random() % 64)), value;
        char text[32];

        snprintf(text, sizeof(text), "%" PRId64, number);
        assert_int_equal(value_parse_integer(text, INT64_MIN, INT64_MAX, &value, NULL), 0);
        assert_true(value == number);
        assert_int_equal(value_parse_integer(text, number, number, &value, NULL), 0);
    }
}

static void
bad_numbers_are_refused(void **state)
{
    static const struct {
        const char *text;
        int result;
    } cases[] = {
        {"", -EINVAL},      {"-", -EINVAL},        {".", -EINVAL},     {"-.", -EINVAL},
        {"e5", -EINVAL},    {".e5", -EINVAL},      {"1e", -EINVAL},    {"1e+", -EINVAL},
        {"1e5.0", -EINVAL}, {"+1", -EINVAL},       {" 1", -EINVAL},    {"1 ", -EINVAL},
        {"0x1p3", -EINVAL}, {"inf", -EINVAL},      {"-inf", -EINVAL},  {"nan", -EINVAL},
        {"NaN", -EINVAL},   {"infinity", -EINVAL}, {"1,5", -EINVAL},   {"1.2.3", -EINVAL},
        {"1d", -EINVAL},    {"1f", -EINVAL},       {"1e999", -ERANGE}, {"-1e999", -ERANGE},
        {"100.5", -ERANGE}, {"-100.5", -ERANGE},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        double value = UNTOUCHED;

        assert_refused(value_parse_number(cases[i].text, -100, 100, &value, &error),
                       cases[i].result, &error, cases[i].text);
        assert_true(value == UNTOUCHED);
    }
    /* Not even where everything finite is allowed. */
    assert_int_equal(value_parse_number("1e309", -INFINITY, INFINITY, &(double){0}, NULL), -ERANGE);
}

static void
numbers_are_read(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0},       {"-0", 0},       {"1", 1},      {"-1.5", -1.5}, {".5", 0.5},
        {"-.5", -0.5},  {"5.", 5},       {"1e3", 1000}, {"1E3", 1000},  {"1e+3", 1000},
        {"25e-1", 2.5}, {"007.50", 7.5}, {"1e-999", 0}, {"0.1", 0.1},   {"270.5", 270.5},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        double value = UNTOUCHED;

        assert_int_equal(value_parse_number(cases[i].text, -1e4, 1e4, &value, NULL), 0);
        assert_true(value == cases[i].value);
    }
    assert_int_equal(value_parse_number("100", -100, 100, &(double){0}, NULL), 0);
    assert_int_equal(value_parse_number("-100", -100, 100, &(double){0}, NULL), 0);
}

static void
numbers_are_written_short(void **state)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {38, "38"},
        {-2, "-2"},
        {0.1, "0.1"},
        {21.5, "21.5"},
        {270.5, "270.5"},
        {270.5 / 9, "30.055555555555557"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e15, "1e+15"},
        {0.0001, "0.0001"},
        {-0.00005, "-5e-05"},
        {99999999999.9999, "99999999999.9999"},
        {-100000000000.5, "-100000000000.5"},
        {123456789012345.0, "123456789012345"},
        {10000.5, "10000.5"},
        {1e300, "1e+300"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {-1.7976931348623157e308, "-1.7976931348623157e+308"},
        {5e-324, "4.94065645841247e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {9007199254740993.0, "9007199254740992"},
        /* Powers of ten, of two, and their neighbours. */
        {1e14, "100000000000000"},
        {999999999999999.9, "999999999999999.9"},
        {99999999999999.98, "99999999999999.98"},
        {9.999999999999998, "9.999999999999998"},
        {0.00010000000000000002, "0.00010000000000000002"},
        {0.00009999999999999999, "9.999999999999999e-05"},
        {0.0001220703125, "0.0001220703125"},
        {0.00012207031250000003, "0.00012207031250000003"},
        {0.0001220703124999999, "0.0001220703124999999"},
        {-1.0 / 3, "-0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char text[VALUE_NUMBER_SIZE];

        value_format_number(cases[i].number, text);
        if (strtod(cases[i].text, NULL) != cases[i].number)
            fail_msg("the test is wrong: %s is not %a", cases[i].text, cases[i].number);
        assert_string_equal(text, cases[i].text);
    }
}

static void
random_numbers_come_back(void **state)
{
    for (int i = 0; i < 400000; i++) {
        char text[VALUE_NUMBER_SIZE], shorter[VALUE_NUMBER_SIZE];
        double number, value = UNTOUCHED;
        int digits;

        if (i % 4 == 3) { /* an average */
            number = (double)(random() % 20000001 - 10000000) / 10 / (double)(random() % 10000 + 1);
        } else if (i % 4 ==
                   2) { /* anything between a small and a large one, and near powers of ten */
            number = ldexp((double)(random() + 1), (int)(random() % 70 - 50));
            if (random() % 4 == 0)
                number = nextafter(pow(10, (double)(random() % 22 - 5)), random() % 2 ? 0 : 1e30);
        } else if (i % 2) {
            number = (double)(random() % 2000001 - 1000000) / (i % 8 == 1 ? 10000 : 100000);
        } else {
            uint64_t bits = random_bits();

            memcpy(&number, &bits, sizeof(number));
            if (!isfinite(number))
                continue;
        }
        value_format_number(number, text);
        assert_int_equal(value_parse_number(text, -INFINITY, INFINITY, &value, NULL), 0);
        if (value != number || signbit(value) != signbit(number))
            fail_msg("%a was written as %s", number, text);
        /* One of the three, and none before it would have done. */
        for (digits = 15; digits < 17; digits++) {
            snprintf(shorter, sizeof(shorter), "%.*g", digits, number);
            if (strtod(shorter, NULL) == number)
                break;
        }
        snprintf(shorter, sizeof(shorter), "%.*g", digits, number);
        assert_string_equal(text, shorter);
    }
}

static void
durations_have_a_unit(void **state)
{
    static const struct {
        const char *text;
        int result;
        uint64_t usec;
    } cases[] = {
        {"", -EINVAL, 0},
        {"1", -EINVAL, 0},
        {"00", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"ms", -EINVAL, 0},
        {"-1s", -EINVAL, 0},
        {"+1s", -EINVAL, 0},
        {"1.5s", -EINVAL, 0},
        {"1 s", -EINVAL, 0},
        {" 1s", -EINVAL, 0},
        {"1s ", -EINVAL, 0},
        {"1m", -EINVAL, 0},
        {"1S", -EINVAL, 0},
        {"1sec", -EINVAL, 0},
        {"1us", -EINVAL, 0},
        {"1h30min", -EINVAL, 0},
        {"8761h", -ERANGE, 0},
        {"31536001s", -ERANGE, 0},
        {"31536000001ms", -ERANGE, 0},
        {NINES "ms", -ERANGE, 0},
        {"18446744073709551615h", -ERANGE, 0},
        {"18446744073709552ms", -ERANGE, 0},
        {"0", 0, 0},
        {"0s", 0, 0},
        {"0ms", 0, 0},
        {"1ms", 0, 1000},
        {"100ms", 0, 100000},
        {"1s", 0, 1000000},
        {"5min", 0, 300000000},
        {"2h", 0, 7200000000},
        {"8760h", 0, 31536000000000},
        {"31536000000ms", 0, 31536000000000},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        uint64_t usec = UNTOUCHED;
        int r = value_parse_duration(cases[i].text, &usec, &error);

        if (cases[i].result < 0)
            assert_refused(r, cases[i].result, &error, cases[i].text);
        else if (r != 0)
            fail_msg("%s", error.text);
        assert_int_equal(usec, r < 0 ? UNTOUCHED : cases[i].usec);
    }
}

static void
spans_are_seconds(void **state)
{
    static const struct {
        const char *text;
        int result;
        int64_t seconds;
    } cases[] = {
        {"", -EINVAL, 0},
        {"d", -EINVAL, 0},
        {"1", -EINVAL, 0},
        {"-1d", -EINVAL, 0},
        {"100ms", -EINVAL, 0},
        {"1.5h", -EINVAL, 0},
        {"1 d", -EINVAL, 0},
        {"1D", -EINVAL, 0},
        {"1w", -EINVAL, 0},
        {"36526d", -ERANGE, 0},
        {"3155760001s", -ERANGE, 0},
        {NINES "d", -ERANGE, 0},
        {"213503982334602d", -ERANGE, 0},
        {"0", 0, 0},
        {"0d", 0, 0},
        {"30s", 0, 30},
        {"15min", 0, 900},
        {"1h", 0, 3600},
        {"7d", 0, 604800},
        {"36525d", 0, 3155760000},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        int64_t seconds = 7;
        int r = value_parse_span(cases[i].text, &seconds, &error);

        if (cases[i].result < 0)
            assert_refused(r, cases[i].result, &error, cases[i].text);
        else if (r != 0)
            fail_msg("%s", error.text);
        assert_int_equal(seconds, r < 0 ? 7 : cases[i].seconds);
    }
}

static void
booleans_are_yes_and_no(void **state)
{
    static const char *const bad[] = {"", "y", "Yes", "YES", "true", "1", "0", "on", "yes ", "noo"};
    bool value;

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct error error = ERROR_INIT;

        value = true;
        assert_refused(value_parse_boolean(bad[i], &value, &error), -EINVAL, &error, bad[i]);
        assert_true(value);
    }
    value = false;
    assert_int_equal(value_parse_boolean("yes", &value, NULL), 0);
    assert_true(value);
    assert_int_equal(value_parse_boolean("no", &value, NULL), 0);
    assert_false(value);
}

static void
topics_have_kafkas_names(void **state)
{
    static const char *const bad[] = {".", "..", "a b", "a/b", "a:b", "grün", "a\n", "a,b", "a*"};
    static const char *const good[] = {"a", "temperatures", "my_topic", "a.b-c_D.9", "...",
                                       "-", "__x"};
    char longest[251];
    struct error error = ERROR_INIT;

    assert_int_equal(value_check_topic("", &error), -EINVAL);
    assert_string_not_equal(error.text, "");
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_refused(value_check_topic(bad[i], &error), -EINVAL, &error, bad[i]);
    for (size_t i = 0; i < N_ELEMENTS(good); i++)
        assert_int_equal(value_check_topic(good[i], NULL), 0);

    memset(longest, 'x', sizeof(longest));
    longest[250] = '\0';
    assert_int_equal(value_check_topic(longest, NULL), -ERANGE);
    longest[249] = '\0';
    assert_int_equal(value_check_topic(longest, NULL), 0);
    for (int byte = 1; byte < 256; byte++) {
        char text[] = {'a', (char)byte, '\0'};
        bool allowed = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || strchr("._-", byte);

        assert_int_equal(value_check_topic(text, NULL), allowed ? 0 : -EINVAL);
    }
}

static void
bad_lists_of_partitions_are_refused(void **state)
{
    static const struct {
        const char *text;
        int result;
    } cases[] = {
        {"", -EINVAL},
        {" ", -EINVAL},
        {",", -EINVAL},
        {"-", -EINVAL},
        {"-1", -EINVAL},
        {"0-", -EINVAL},
        {"0--1", -EINVAL},
        {"0-1-2", -EINVAL},
        {"0,", -EINVAL},
        {",0", -EINVAL},
        {"0,,1", -EINVAL},
        {"0,_1", -EINVAL},
        {" 0", -EINVAL},
        {"0 ", -EINVAL},
        {"0 - 1", -EINVAL},
        {"a", -EINVAL},
        {"0x1", -EINVAL},
        {"0;1", -EINVAL},
        {"0,1a", -EINVAL},
        {"+1", -EINVAL},
        {"1.5", -EINVAL},
        {"3-1", -EINVAL},
        {"0,0", -EINVAL},
        {"0,00", -EINVAL},
        {"0-3,2", -EINVAL},
        {"5 1 3 5", -EINVAL},
        {"2147483648", -ERANGE},
        {"0-2147483648", -ERANGE},
        {NINES, -ERANGE},
        {"0-" NINES, -ERANGE},
        {"0-10000", -ERANGE},
        {"0-2147483647", -ERANGE},
        {"0-9998,20000-20001", -ERANGE},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct partition_list list = {.partitions = NULL, .n_partitions = UNTOUCHED};
        struct error error = ERROR_INIT;

        assert_refused(partition_list_parse(&list, cases[i].text, &error), cases[i].result, &error,
                       cases[i].text);
        assert_null(list.partitions);
        assert_int_equal(list.n_partitions, UNTOUCHED);
    }
}

static void
lists_of_partitions_are_sorted_and_folded(void **state)
{
    static const struct {
        const char *text;
        size_t n;
        const char *folded;
    } cases[] = {
        {"0", 1, "0"},
        {"0,2", 2, "0,2"},
        {"0_2", 2, "0,2"},
        {"0 2", 2, "0,2"},
        {"0, 2", 2, "0,2"},
        {"0 ,\t2", 2, "0,2"},
        {"0-3", 4, "0-3"},
        {"2-2", 1, "2"},
        {"5,0_1 2", 4, "0-2,5"},
        {"3,2,1,0", 4, "0-3"},
        {"0,1", 2, "0-1"},
        {"7-9,0-2 4", 7, "0-2,4,7-9"},
        {"007", 1, "7"},
        {"2147483647", 1, "2147483647"},
        {"2147483646-2147483647,0", 3, "0,2147483646-2147483647"},
        {"0-9999", 10000, "0-9999"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct partition_list list;
        struct error error = ERROR_INIT;
        char text[64];

        if (partition_list_parse(&list, cases[i].text, &error) != 0)
            fail_msg("%s", error.text);
        assert_int_equal(list.n_partitions, cases[i].n);
        for (size_t j = 1; j < list.n_partitions; j++)
            assert_true(list.partitions[j - 1] < list.partitions[j]);
        partition_list_format(&list, text, sizeof(text));
        assert_string_equal(text, cases[i].folded);
        partition_list_fini(&list);
        assert_null(list.partitions);
        partition_list_fini(&list);
    }
}

static void
a_list_is_cut_to_its_room(void **state)
{
    static const char whole[] = "0-2,5,1000-1001";
    struct partition_list list;
    char text[32];

    assert_int_equal(partition_list_parse(&list, whole, NULL), 0);
    for (size_t size = 0; size <= sizeof(whole); size++) {
        memset(text, '#', sizeof(text));
        partition_list_format(&list, text, size);
        if (size > 0) {
            size_t length = size > strlen(whole) ? strlen(whole) : size - 1;

            assert_int_equal(strlen(text), length);
            assert_memory_equal(text, whole, length);
        }
        for (size_t i = size; i < sizeof(text); i++)
            assert_int_equal(text[i], '#');
    }
    partition_list_fini(&list);
    partition_list_format(&list, text, sizeof(text));
    assert_string_equal(text, "");
}

/* A bitmap drawn at random, written with separators and order drawn at random, comes back. */
static void
random_lists_come_back(void **state)
{
    static const char *const separators[] = {",", "_", " ", ", ", " _ "};

    for (int i = 0; i < 2000; i++) {
        bool in[40] = {false}, out[40] = {false};
        struct partition_list list, again;
        char text[400] = "", folded[400];

        for (int j = 0; j < 10; j++) {
            int partition = (int)(random() % 40);

            if (in[partition])
                continue;
            in[partition] = true;
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%d",
                     *text ? separators[random() % 5] : "", partition);
        }
        assert_int_equal(partition_list_parse(&list, text, NULL), 0);
        for (size_t j = 0; j < list.n_partitions; j++)
            out[list.partitions[j]] = true;
        assert_memory_equal(in, out, sizeof(in));
        partition_list_format(&list, folded, sizeof(folded));
        assert_int_equal(partition_list_parse(&again, folded, NULL), 0);
        assert_int_equal(again.n_partitions, list.n_partitions);
        assert_memory_equal(again.partitions, list.partitions,
                            list.n_partitions * sizeof(*list.partitions));
        partition_list_fini(&list);
        partition_list_fini(&again);
    }
}

#define TEXT(string)                                                                               \
    {                                                                                              \
        string, sizeof(string) - 1                                                                 \
    }

static void
text_is_utf8_without_controls(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } bad[] = {
        TEXT("\0"),
        TEXT("a\0b"),
        TEXT("\t"),
        TEXT("\n"),
        TEXT("a\x1b[31m"),
        TEXT("\x7f"),
        TEXT("StationA\x7f"),
        TEXT("Station\x1f"
             "A"),
        TEXT("\x80"),
        TEXT("\xbf"),
        TEXT("\xc2\x80"),
        TEXT("\xc2\x9f"),
        TEXT("\xc0\x80"),
        TEXT("\xc1\xbf"),
        TEXT("\xc3"),
        TEXT("\xc3("),
        TEXT("\xe0\x80\x80"),
        TEXT("\xe0\x9f\xbf"),
        TEXT("\xe2\x82"),
        TEXT("\xe2(\xac"),
        TEXT("\xe2\x82("),
        TEXT("\xed\xa0\x80"),
        TEXT("\xed\xbf\xbf"),
        TEXT("\xf0\x80\x80\x80"),
        TEXT("\xf0\x8f\xbf\xbf"),
        TEXT("\xf0\x9f\x98"),
        TEXT("\xf4\x90\x80\x80"),
        TEXT("\xf5\x80\x80\x80"),
        TEXT("\xf8\x88\x80\x80\x80"),
        TEXT("\xfe"),
        TEXT("\xff"),
        TEXT("12345678\xff"),
        TEXT("1234567\xff"),
        TEXT("grün\xc3"),
        TEXT("12345678grün\n"),
    };
    static const struct {
        const char *text;
        size_t length;
    } good[] = {
        TEXT(""),
        TEXT("A"),
        TEXT("StationA"),
        TEXT("a b~"),
        TEXT("12345678 ~"),
        TEXT("Zürich"),
        TEXT("München-Flughafen"),
        TEXT("東京"),
        TEXT("😀"),
        TEXT("\xc2\xa0"),
        TEXT("\xdf\xbf"),
        TEXT("\xe0\xa0\x80"),
        TEXT("\xed\x9f\xbf"),
        TEXT("\xee\x80\x80"),
        TEXT("\xef\xbf\xbf"),
        TEXT("\xf0\x90\x80\x80"),
        TEXT("\xf4\x8f\xbf\xbf"),
    };

    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        if (value_is_text(bad[i].text, bad[i].length))
            fail_msg("bad text %zu was accepted: %s", i, bad[i].text);
    for (size_t i = 0; i < N_ELEMENTS(good); i++)
        if (!value_is_text(good[i].text, good[i].length))
            fail_msg("good text %zu was refused: %s", i, good[i].text);
    assert_true(value_is_text(NULL, 0));
}

static void
any_bytes_are_made_text(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"12345678 ~", "12345678 ~"},
        {"Zürich, 東京, 😀", "Zürich, 東京, 😀"},
        {"a\nb\x1b[31m\x7f", "a?b?[31m?"},
        {"\xc2\x80\xc2\xa0", "??\xc2\xa0"},
        {"cut: \xc3", "cut: ?"},
        {"cut: \xf0\x9f\x98", "cut: ???"},
        {"\xff\xed\xa0\x80\xc0\xafz", "??????z"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        char *text = strdup(cases[i][0]);

        assert_non_null(text);
        value_make_text(text);
        assert_string_equal(text, cases[i][1]);
        assert_true(value_is_text(text, strlen(text)));
        free(text);
    }
}

/* Every byte at every place of texts around the eight bytes that are looked at together. */
static void
ascii_is_checked_byte_by_byte(void **state)
{
    for (size_t length = 1; length <= 20; length++)
        for (size_t place = 0; place < length; place++)
            for (int byte = 0; byte < 256; byte++) {
                char *text = malloc(length); /* exactly: the sanitizer sees a byte too many */

                assert_non_null(text);
                memset(text, place % 2 ? ' ' : '~', length);
                text[place] = (char)byte;
                if (value_is_text(text, length) != (byte >= 0x20 && byte < 0x7f))
                    fail_msg("byte %d at %zu of %zu", byte, place, length);
                free(text);
            }
}

static size_t
encode(uint32_t code, char *text)
{
    if (code < 0x80) {
        text[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        text[0] = (char)(0xc0 | code >> 6);
        text[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        text[0] = (char)(0xe0 | code >> 12);
        text[1] = (char)(0x80 | (code >> 6 & 0x3f));
        text[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    text[0] = (char)(0xf0 | code >> 18);
    text[1] = (char)(0x80 | (code >> 12 & 0x3f));
    text[2] = (char)(0x80 | (code >> 6 & 0x3f));
    text[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static void
every_character_is_judged_rightly(void **state)
{
    for (uint32_t code = 0; code < 0x1fffff; code++) {
        bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
        bool surrogate = code >= 0xd800 && code <= 0xdfff;
        char text[4];
        size_t length = encode(code, text);

        assert_int_equal(value_is_utf8(text, length), !surrogate && code <= 0x10ffff);
        if (value_is_text(text, length) != (!control && !surrogate && code <= 0x10ffff))
            fail_msg("U+%04" PRIX32, code);
        if (length > 1)
            assert_false(value_is_text(text, length - 1));
        if (length > 1)
            assert_false(value_is_utf8(text, length - 1));
    }
}

static void
a_near_miss_is_suggested(void **state)
{
    static const char *const words[] = {"topic", "partitions", "directory", "checkpoint_interval",
                                        "late",  "log",        "kafka"};
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        {"partition", "partitions"},
        {"partitons", "partitions"},
        {"patritions", "partitions"},
        {"Partitions", "partitions"},
        {"TOPIC", "topic"},
        {"tpoic", "topic"},
        {"topics", "topic"},
        {"dir", NULL},
        {"directroy", "directory"},
        {"checkpoint_intervall", "checkpoint_interval"},
        {"checkpoint-interval", "checkpoint_interval"},
        {"checkpointinterval", "checkpoint_interval"},
        {"check_interval", NULL},
        {"lo", "log"},
        {"lat", "late"},
        {"lte", "late"},
        {"ltae", "late"},
        {"tla", NULL},
        {"kfk", NULL},
        {"kakfa", "kafka"},
        {"ptopc", NULL},
        {"on_invalid", NULL},
        {"", NULL},
        {NINES NINES, NULL},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const char *word = value_suggest(cases[i].text, words, N_ELEMENTS(words));

        if (word != cases[i].word && (!word || !cases[i].word || strcmp(word, cases[i].word) != 0))
            fail_msg("\"%s\": %s suggested, not %s", cases[i].text, word ? word : "nothing",
                     cases[i].word ? cases[i].word : "nothing");
    }
    assert_null(value_suggest("topic", NULL, 0));
    assert_null(value_suggest("topic", (const char *const[]){NINES NINES}, 1));
    /* The nearest, not the first or the last that is near enough. */
    assert_string_equal(value_suggest("formats", (const char *const[]){"format", "formal"}, 2),
                        "format");
    assert_string_equal(value_suggest("formats", (const char *const[]){"formal", "format"}, 2),
                        "format");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_integers_are_refused),
        cmocka_unit_test(integers_are_read),
        cmocka_unit_test(random_integers_come_back),
        cmocka_unit_test(bad_numbers_are_refused),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(numbers_are_written_short),
        cmocka_unit_test(random_numbers_come_back),
        cmocka_unit_test(durations_have_a_unit),
        cmocka_unit_test(spans_are_seconds),
        cmocka_unit_test(booleans_are_yes_and_no),
        cmocka_unit_test(topics_have_kafkas_names),
        cmocka_unit_test(bad_lists_of_partitions_are_refused),
        cmocka_unit_test(lists_of_partitions_are_sorted_and_folded),
        cmocka_unit_test(a_list_is_cut_to_its_room),
        cmocka_unit_test(random_lists_come_back),
        cmocka_unit_test(text_is_utf8_without_controls),
        cmocka_unit_test(any_bytes_are_made_text),
        cmocka_unit_test(ascii_is_checked_byte_by_byte),
        cmocka_unit_test(every_character_is_judged_rightly),
        cmocka_unit_test(a_near_miss_is_suggested),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
