/* SPDX-License-Identifier: MIT */

/*
 * Reports in JSON: what is refused and in which words, what is read as what, and that the short way
 * and common/json's mean the same, on a great many damaged records.
 */

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

#include "record/report_json.h"
#include "records.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define TEXT(text) text, sizeof(text) - 1

#define DATE     "\"date\":\"2000-01-03\""
#define DEGREES  "\"degrees\":31.5"
#define STATION  "\"station\":\"A\""
#define NEEDED   DATE "," DEGREES
#define COMPLETE NEEDED "," STATION
#define THE_DATE 10959 /* 2000-01-03 */

#define WITH(member)   TEXT("{" COMPLETE "," member "}")
#define DATED(date)    TEXT("{" DEGREES ",\"date\":" date "}")
#define WARM(degrees)  TEXT("{" DATE ",\"degrees\":" degrees "}")
#define RAINY(raining) WITH("\"raining\":" raining)
#define AT(station)    TEXT("{" NEEDED ",\"station\":" station "}")
#define NO_DATE(shown) "\"date\" is \"" shown "\", must be a date that exists, as YYYY-MM-DD"
#define TWICE          "it has a key that stands twice in its object"
#define NO_NUMBER      "it is not valid JSON at byte 31: number expected"
#define A50            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NESTED(inner)  WITH("\"x\":[[[[[[[[[[[[[[" inner "]]]]]]]]]]]]]]")
#define HALF_PAIR      "it has half a surrogate pair in the string at byte "
#define BAD_STRING     "it has a control character, or bytes that are not UTF-8, in the string at "

static const struct {
    const char *text;
    size_t length;
    const char *message; /* it begins with this */
} bad[] = {
    {TEXT(""), "it is empty"},
    {TEXT("{"), "it ends too early, after 1 bytes"},
    {TEXT("{" COMPLETE), "it ends too early, after "},
    {TEXT("{}"), "\"date\" is missing"},
    {TEXT("[" DATE "]"), "it is not valid JSON at byte "},
    {TEXT("[]"), "it is not a JSON object"},
    {TEXT("null "), "it is not a JSON object"},
    {TEXT("\"{}\""), "it is not a JSON object"},
    /* Keys. */
    {TEXT("{" DATE "," STATION "}"), "\"degrees\" is missing"},
    {TEXT("{" DEGREES "," STATION "}"), "\"date\" is missing"},
    {TEXT("{\"Date\":\"2000-01-03\"," DEGREES "}"), "\"date\" is missing"},
    {WITH("\"station_id\":\"A\""), "it has both \"station\" and \"station_id\", must have one"},
    {TEXT("{\"station_id\":\"A\"," COMPLETE "}"), "it has both \"station\" and \"station_id\""},
    {WITH(DATE), TWICE},
    {WITH(DEGREES), TWICE},
    {WITH(STATION), TWICE},
    {WITH("\"raining\":1,\"raining\":1"), TWICE},
    {WITH("\"raining\":null,\"raining\":1"), TWICE},
    {WITH("\"x\":1,\"x\":1"), TWICE},
    {WITH("\"x\":{\"y\":1,\"y\":1}"), TWICE},
    {WITH("\"d\\u0061te\":\"2000-01-03\""), TWICE},
    /* Values. */
    {DATED("\"2000-02-30\""), NO_DATE("2000-02-30")},
    {DATED("\"2000-1-3\""), NO_DATE("2000-1-3")},
    {DATED("\"0000-01-03\""), NO_DATE("0000-01-03")},
    {DATED("\"\""), NO_DATE("")},
    {DATED("\"2000-01-03 \""), NO_DATE("2000-01-03 ")},
    {DATED("\"\\n\\u0080\""), NO_DATE("\\x0a\\xc2\\x80")},
    {DATED("\"" A50 "\""), "\"date\" is \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\""},
    {DATED("20000103"), "\"date\" is 20000103, must be a date"},
    {DATED("null"), "\"date\" is null, must be a date"},
    {WARM("\"31.5\""), "\"degrees\" is \"31.5\", must be a number"},
    {WARM("null"), "\"degrees\" is null, must be a number"},
    {WARM("true"), "\"degrees\" is true, must be a number"},
    {WARM("[31.5]"), "\"degrees\" is [31.5], must be a number"},
    {WARM("1e999"), "\"degrees\" is 1e999, must be a finite number"},
    {WARM("-1.8e308"), "\"degrees\" is -1.8e308, must be a finite number"},
    {WARM("9223372036854775808"), "it has an integer beyond 9223372036854775807 at byte 31; "},
    {AT("1"), "\"station\" is 1, must be a string"},
    {AT("null"), "\"station\" is null, must be a string"},
    {TEXT("{" NEEDED ",\"station_id\":{}}"), "\"station_id\" is {}, must be a string"},
    {RAINY("2"), "\"raining\" is 2, must be 0 or 1"},
    {RAINY("-1"), "\"raining\" is -1, must be 0 or 1"},
    {RAINY("10"), "\"raining\" is 10, must be 0 or 1"},
    {RAINY("1.0"), "\"raining\" is 1.0, must be an integer, 0 or 1"},
    {RAINY("1e0"), "\"raining\" is 1e0, must be an integer, 0 or 1"},
    {RAINY("true"), "\"raining\" is true, must be an integer, 0 or 1"},
    {RAINY("\"1\""), "\"raining\" is \"1\", must be an integer, 0 or 1"},
    {RAINY("[]"), "\"raining\" is [], must be an integer, 0 or 1"},
    /* Not JSON. */
    {WARM("NaN"), "it is not valid JSON at byte 31: unexpected word"},
    {WARM("Infinity"), "it is not valid JSON at byte 31: unexpected word"},
    {WARM("-Infinity"), NO_NUMBER},
    {WARM("1."), NO_NUMBER},
    {WARM("1.e5"), NO_NUMBER},
    {WARM("-.5"), NO_NUMBER},
    {WARM("-01"), NO_NUMBER},
    {WARM("00"), NO_NUMBER},
    {WARM("-00.5"), NO_NUMBER},
    {WARM("-"), "it is not valid JSON at byte "},
    {WARM("+1"), "it is not valid JSON at byte "},
    {WARM(".5"), "it is not valid JSON at byte "},
    {WARM("1e"), "it is not valid JSON at byte "},
    {WARM("1e+"), "it is not valid JSON at byte "},
    {WARM("0x10"), "it is not valid JSON at byte "},
    {AT("\"\\é\""), "it is not valid JSON at byte "},
    {WARM("1 2"), "it is not valid JSON at byte "},
    {WARM("1-2"), "it is not valid JSON at byte "},
    {WARM(""), "it is not valid JSON at byte "},
    {WITH("\"x\":NaN"), "it is not valid JSON at byte 54: unexpected word"},
    {WITH("\"x\":[{\"y\":-Infinity}]"), "it is not valid JSON at byte 60: number expected"},
    {WITH("\"x\":[-01]"), "it is not valid JSON at byte 55: number expected"},
    {TEXT("{" COMPLETE ",}"), "it is not valid JSON at byte "},
    {TEXT("{," COMPLETE "}"), "it is not valid JSON at byte "},
    {TEXT("{" DATE " " DEGREES "}"), "it is not valid JSON at byte "},
    {TEXT("{" DATE ";" DEGREES "}"), "it is not valid JSON at byte "},
    {TEXT("{" DATE ",\"degrees\" 31.5}"), "it is not valid JSON at byte "},
    {TEXT("{" DATE ",degrees:31.5}"), "it is not valid JSON at byte "},
    {TEXT("{" DATE ",'degrees':31.5}"), "it is not valid JSON at byte "},
    {RAINY("nul"), "it is not valid JSON at byte "},
    {RAINY("nulls"), "it is not valid JSON at byte "},
    {RAINY("Null"), "it is not valid JSON at byte "},
    {RAINY("01"), "it is not valid JSON at byte "},
    {TEXT("{" COMPLETE "}{"), "it is not valid JSON at byte "},
    {TEXT("{" COMPLETE "}}"), "it is not valid JSON at byte "},
    {TEXT("{" COMPLETE "} x"), "it is not valid JSON at byte "},
    {TEXT("{" COMPLETE "}\0"), "it has a NUL character at byte "},
    {TEXT("{" COMPLETE ",\v\"x\":1}"), "it is not valid JSON at byte "},
    {TEXT("\xef\xbb\xbf{" COMPLETE "}"), "it is not valid JSON at byte 0"},
    {NESTED("[1]"), "it is not valid JSON at byte 69: nesting too deep"},
    /* Not text. */
    {AT("\"\xff\""), BAD_STRING},
    {AT("\"\xc3\""), BAD_STRING},
    {AT("\"\xed\xa0\x80\""), BAD_STRING},
    {AT("\"\xc0\x80\""), BAD_STRING},
    {AT("\"a\nb\""), BAD_STRING},
    {AT("\"a\tb\""), BAD_STRING},
    {AT("\"a\0b\""), "it has a NUL character at byte "},
    {AT("\"a\\u0000b\""), "it has a NUL character at byte "},
    {AT("\"\\x41\""), "it is not valid JSON at byte "},
    {AT("\"\\u00g0\""), "it is not valid JSON at byte "},
    {AT("\"A"), "it ends too early, after "},
    {AT("\"A\\\""), "it ends too early, after "},
    {AT("\"\\ud800\""), HALF_PAIR "46"},
    {AT("\"\\uDC00\""), HALF_PAIR "46"},
    {AT("\"\\udc00\\ude00\""), HALF_PAIR "46"},
    {AT("\"\\ud83dx\\ude00\""), HALF_PAIR "46"},
    {AT("\"\\ud83d\\ud83d\\ude00\""), HALF_PAIR "46"},
    {WITH("\"\\ud83d\":1"), HALF_PAIR "50"},
};

static void
bad_records_are_refused(void **state)
{
    struct report_json reader = {.root = NULL};

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        void *text = copy_of(bad[i].text, bad[i].length);
        struct error error = ERROR_INIT;
        struct report report;
        int result = report_json_read(&reader, text, bad[i].length, &report, &error);

        if (result != -EBADMSG)
            fail_msg("case %zu, %s: gave %d", i, bad[i].text, result);
        if (strncmp(error.text, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("case %zu, %s: \"%s\", not \"%s\"", i, bad[i].text, error.text,
                     bad[i].message);
        assert_int_equal(report_json_read(&reader, text, bad[i].length, &report, NULL), -EBADMSG);
        free(text);
    }
    assert_int_equal(report_json_read(&reader, NULL, 0, &(struct report){.date = 0}, NULL),
                     -EBADMSG);
    report_json_fini(&reader);
}

static const struct {
    const char *text;
    size_t length;
    struct report report;
} good[] = {
    {TEXT("{\"date\":\"2000-01-03\",\"station\":\"A\",\"degrees\":31.5,\"raining\":1}"),
     {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
    {TEXT("{\"station_id\": \"StationC\", \"date\": \"2000-01-03\", \"degrees\": 35.2621}"),
     {"StationC", 8, THE_DATE, 35.2621, REPORT_RAIN_UNKNOWN}},
    {TEXT(" \t\r\n{\n\"degrees\" : 31.5 ,\r\"raining\":\t0 , \"date\"\n:\"2000-01-03\" } \t\r\n"),
     {"", 0, THE_DATE, 31.5, REPORT_DRY}},
    {TEXT("{" NEEDED "}"), {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {AT("\"\""), {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {RAINY("0"), {"A", 1, THE_DATE, 31.5, REPORT_DRY}},
    {RAINY("null"), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    /* Unknown keys, of any value. */
    {WITH("\"x\":null"), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {WITH("\"x\":[1,-2.5e-3,\"\\u0041\",{\"date\":7,\"x\":[true,false]}],\"\":\"NaN -01\""),
     {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {WITH("\"dates\":1,\"dat\":2,\"Degrees\":3,\"stations\":4,\"station_ids\":5,\"rain\":6"),
     {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {WITH("\"\x7f\":\"\xc2\x85\""), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {WITH("\"x\":\"y\" , \"y\":-2,\"z\":1.5e-3,\"\":true,\"é\":false,\"xx\":null"),
     {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {WITH(
         "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,"
         "\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1,\"q\":1,\"r\":1,\"s\":1,\"t\":1,\"u\":1,\"v\":1,"
         "\"w\":1,\"x\":1,\"y\":1,\"z\":1,\"A\":1,\"B\":1,\"C\":1,\"D\":1,\"E\":1,\"F\":1,\"G\":1"),
     {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {WITH("\"x\":1e999"), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {NESTED("1"), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    /* Escapes, in keys as well. */
    {TEXT("{\"d\\u0061te\":\"2000\\u002d01-03\"," DEGREES ",\"station\":\"\\u0041\"}"),
     {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {AT("\"\\\"\\\\\\/\\u00e9\\ud83d\\ude00\""),
     {"\"\\/é😀", 9, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {AT("\"Zürich 東京 😀\""), {"Zürich 東京 😀", 19, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {AT("\"\\\"\xf0\x9d\xa0\x80\\ud836\\udc01\""),
     {"\"\xf0\x9d\xa0\x80\xf0\x9d\xa0\x81", 9, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    /* That a line feed is no part of an id is for report_check() to say. */
    {AT("\"a\x7f\""), {"a\x7f", 2, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    {AT("\"a\\nb\""), {"a\nb", 3, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    /* A view is as long as it is; the limit is report_check()'s. */
    {AT("\"" A50 A50 A50 A50 A50 A50 "\""),
     {A50 A50 A50 A50 A50 A50, 300, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
};

static void
good_records_are_read(void **state)
{
    struct report_json reader = {.root = NULL};

    for (size_t i = 0; i < N_ELEMENTS(good); i++) {
        void *text = copy_of(good[i].text, good[i].length);
        struct error error = ERROR_INIT;
        struct report report;

        if (report_json_read(&reader, text, good[i].length, &report, &error) != 0)
            fail_msg("case %zu: %s", i, error.text);
        check_report(i, &report, &good[i].report);
        if (report_json_read_slowly(&reader, text, good[i].length, &report, &error) != 0)
            fail_msg("case %zu, slowly: %s", i, error.text);
        check_report(i, &report, &good[i].report);
        free(text);
    }
    report_json_fini(&reader);
    report_json_fini(&reader);
}

/* To the bit, by both ways. */
static void
degrees_are_read_exactly(void **state)
{
    static const struct {
        const char *text;
        double degrees;
    } cases[] = {
        {"0", 0},
        {"-0", 0}, /* json-c's integers have no negative zero */
        {"-0.0", -0.0},
        {"-0e0", -0.0},
        {"38", 38},
        {"-5", -5},
        {"31.5", 31.5},
        {"35.2621", 35.2621},
        {"-459.67", -459.67},
        {"1E2", 1e2},
        {"1e+2", 1e2},
        {"5e-3", 5e-3},
        {"1e05", 1e5},
        {"0.1", 0.1},
        {"0.000000000000001", 1e-15},
        {"999999999999999e22", 999999999999999e22},
        {"999999999999999e23", 999999999999999e23},
        {"123456789012345e-22", 123456789012345e-22},
        {"123456789012345e-23", 123456789012345e-23},
        {"30.055555555555557", 30.055555555555557},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.0", 9007199254740992.0},
        {"999999999999999999", 1e18},
        {"9223372036854775807", 9223372036854775808.0},
        {"1.7976931348623157e+308", 1.7976931348623157e+308},
        {"2.2250738585072011e-308", 2.2250738585072011e-308},
        {"5e-324", 5e-324},
        {"1e-999", 0},
        {"0e99999999999", 0},
        {"1.00000000000000011102230246251565404236316680908203125", 1.0},
        {"1.00000000000000011102230246251565404236316680908203126", 1.0000000000000002},
    };
    struct report_json reader = {.root = NULL};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct report reports[2];
        char text[256];
        size_t length =
            (size_t)snprintf(text, sizeof(text), "{" DATE ",\"degrees\":%s}", cases[i].text);

        if (report_json_read(&reader, text, length, &reports[0], &error) != 0 ||
            report_json_read_slowly(&reader, text, length, &reports[1], &error) != 0)
            fail_msg("%s: %s", cases[i].text, error.text);
        for (size_t way = 0; way < 2; way++)
            if (memcmp(&reports[way].degrees, &cases[i].degrees, sizeof(double)) != 0)
                fail_msg("%s, way %zu: %.17g", cases[i].text, way, reports[way].degrees);
    }
    report_json_fini(&reader);
}

static void
a_cut_record_is_refused(void **state)
{
    static const char whole[] = "{" COMPLETE ",\"raining\":1}";
    struct report_json reader = {.root = NULL};

    for (size_t length = 0; length < sizeof(whole) - 1; length++) {
        void *text = copy_of(whole, length);
        struct report report;

        assert_int_equal(report_json_read(&reader, text, length, &report, NULL), -EBADMSG);
        free(text);
    }
    report_json_fini(&reader);
}

/* What is written, to the byte: other languages' programs read it. */
static void
reports_are_written_as_json(void **state)
{
    static const struct {
        struct report report;
        const char *text;
    } cases[] = {
        {{"A", 1, 10957, 31.5, REPORT_RAINING},
         "{\"date\":\"2000-01-01\",\"station\":\"A\",\"degrees\":31.5,\"raining\":1}"},
        {{"A", 1, 10957, 31.5, REPORT_DRY},
         "{\"date\":\"2000-01-01\",\"station\":\"A\",\"degrees\":31.5,\"raining\":0}"},
        {{"Ax", 1, DATE_MIN, 38, REPORT_RAIN_UNKNOWN},
         "{\"date\":\"0001-01-01\",\"station\":\"A\",\"degrees\":38}"},
        {{"\"\\/ é", 6, 10957, 30.055555555555557, REPORT_RAIN_UNKNOWN},
         "{\"date\":\"2000-01-01\",\"station\":\"\\\"\\\\/ é\",\"degrees\":30.055555555555557}"},
        {{"A", 1, 10957, -1e300, REPORT_RAIN_UNKNOWN},
         "{\"date\":\"2000-01-01\",\"station\":\"A\",\"degrees\":-1e+300}"},
    };
    char buffer[REPORT_JSON_MAX];

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        size_t length = report_json_write(&cases[i].report, buffer);

        if (length != strlen(cases[i].text) || memcmp(buffer, cases[i].text, length) != 0)
            fail_msg("case %zu: %.*s", i, (int)length, buffer);
    }
}

/* ---- both ways on damaged records ---- */

#define LARGEST 512

static const char *
any_of(const char *const *texts, size_t n)
{
    return texts[(size_t)random() % n];
}
#define ANY_OF(texts) any_of(texts, N_ELEMENTS(texts))

/* A number of any length, within the grammar or nearly so. */
static size_t
make_number(char text[64])
{
    static const char *const odd[] = {"-0", "00", "1.", "-.5", "1e", "NaN", "1e999", "-01"};
    char *at = text;

    switch (random() % 8) {
    case 0:
        return (size_t)sprintf(text, "%s", ANY_OF(odd));
    case 1:
        return (size_t)sprintf(text, "%.17g", (double)random() / (double)(1 + random()));
    case 2:
        return (size_t)sprintf(text, "%ld", random() - RAND_MAX / 2);
    case 3:
        return (size_t)sprintf(text, "%.1f", (double)(random() % 2000 - 1000) / 10);
    default:
        at += sprintf(at, "%s%ld", random() % 2 ? "-" : "", random() % 1000);
        for (long n = random() % 20; n > 0; n--)
            at += sprintf(at, "%ld", random() % 10);
        if (random() % 2)
            at += sprintf(at, ".%ld", random());
        if (random() % 2)
            at += sprintf(at, "e%ld", random() % 60 - 30);
        return (size_t)(at - text);
    }
}

static size_t
make_member(char *text)
{
    static const char *const dates[] = {"\"2000-01-03\"", "\"1999-12-31\"", "\"2000-02-30\"",
                                        "\"2000\\u002d01-03\"", "7"};
    static const char *const stations[] = {"\"A\"",     "\"StationB\"", "\"\"",
                                           "\"é\"",     "\"\\n\"",      "\"\\ud800\"",
                                           "\"a\xff\"", "\"a\\\"b\"",   "1"};
    static const char *const rains[] = {"0", "1", "null", "2", "1.0", "true", "-0"};
    static const char *const others[] = {"\"x\":[1,{\"y\":2}]",
                                         "\"x\":\"}\"",
                                         "\"dat\":NaN",
                                         "\"d\\u0061te\":\"2000-01-03\"",
                                         "\"x\":1",
                                         "\"y\" : -2",
                                         "\"\":1.5e-3",
                                         "\"y\":true",
                                         "\"é\":null",
                                         "\"x\":false",
                                         "\"x\":-0",
                                         "\"y\":99999999999999999999"};
    static const char *const blanks[] = {"", "", "", " ", "\n\t"};
    const char *blank = ANY_OF(blanks);
    char number[64];

    switch (random() % 12) {
    case 0:
    case 1:
    case 2:
        return (size_t)sprintf(text, "\"date\":%s%s", blank,
                               random() % 4 ? dates[0] : ANY_OF(dates));
    case 3:
    case 4:
    case 5:
        make_number(number);
        return (size_t)sprintf(text, "\"degrees\":%s%s", blank, number);
    case 6:
    case 7:
    case 8:
        return (size_t)sprintf(text, "\"%s\"%s:%s", random() % 3 ? "station" : "station_id", blank,
                               random() % 2 ? stations[0] : ANY_OF(stations));
    case 9:
    case 10:
        return (size_t)sprintf(text, "\"raining\":%s%s", ANY_OF(rains), blank);
    default:
        return (size_t)sprintf(text, "%s", ANY_OF(others));
    }
}

/* Mostly a record that could be one: the two keys that must be there, and some that may. */
static size_t
make_record(char text[LARGEST])
{
    char *at = text, number[64];

    make_number(number);
    at += sprintf(at, "{");
    if (random() % 8)
        at += sprintf(at, DATE ",\"degrees\":%s", random() % 4 ? number : "-12.5");
    else
        at += make_member(at);
    for (long n = random() % 3; n > 0; n--) {
        at += sprintf(at, ",");
        at += make_member(at);
    }
    at += sprintf(at, "}");
    return (size_t)(at - text);
}

static size_t
mutate(char *text, size_t length)
{
    static const char bytes[] = "{}[]\",:\\0123456789.eE+- \n\t\r\0nulxNI\x7f\x80\xc3\xff";

    for (long n = random() % 3; n > 0; n--) {
        size_t at = length ? (size_t)random() % length : 0;

        switch (length == 0 ? 4 : random() % 5) {
        case 0:
            text[at] = bytes[(size_t)random() % sizeof(bytes)];
            break;
        case 1:
            text[at] = (char)(text[at] ^ 1 << random() % 8);
            break;
        case 2:
            if (random() % 4 == 0)
                length = at;
            break;
        case 3:
            memmove(text + at, text + at + 1, --length - at);
            break;
        default:
            memmove(text + at + 1, text + at, length - at);
            text[at] = bytes[(size_t)random() % sizeof(bytes)];
            length++;
        }
    }
    return length;
}

/* The same result, the same report, and when there is none the same words. */
static bool
ways_agree(const char *text, size_t length, bool *goodp)
{
    struct report_json readers[2] = {{NULL}, {NULL}};
    struct error errors[2] = {ERROR_INIT, ERROR_INIT};
    struct report reports[2];
    int results[2] = {
        report_json_read(&readers[0], text, length, &reports[0], &errors[0]),
        report_json_read_slowly(&readers[1], text, length, &reports[1], &errors[1]),
    };
    bool agree = results[0] == results[1];

    *goodp = results[0] == 0;
    if (agree && !*goodp)
        agree = strcmp(errors[0].text, errors[1].text) == 0;
    else if (agree)
        agree = reports_are_equal(&reports[0], &reports[1]);
    report_json_fini(&readers[0]);
    report_json_fini(&readers[1]);
    return agree;
}

static uint64_t
now_msec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* MSEC=600000 gives it ten minutes. */
static void
the_short_way_means_the_same(void **state)
{
    const char *given = getenv("MSEC");
    uint64_t end = now_msec() + (given ? strtoul(given, NULL, 10) : 1500);
    uint64_t n = 0, n_good = 0;

    while (n % 256 != 0 || now_msec() < end) {
        char buffer[LARGEST];
        size_t length = mutate(buffer, make_record(buffer));
        char *text = copy_of(buffer, length);
        bool is_good;

        if (!ways_agree(text, length, &is_good))
            fail_msg("record %" PRIu64 ": %.*s", n, (int)length, buffer);
        free(text);
        n_good += is_good;
        n++;
    }
    print_message("%" PRIu64 " records, %" PRIu64 " of them reports\n", n, n_good);
    assert_in_range(n_good * 100 / n, 10, 90);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_records_are_refused),
        cmocka_unit_test(good_records_are_read),
        cmocka_unit_test(degrees_are_read_exactly),
        cmocka_unit_test(a_cut_record_is_refused),
        cmocka_unit_test(reports_are_written_as_json),
        cmocka_unit_test(the_short_way_means_the_same),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
