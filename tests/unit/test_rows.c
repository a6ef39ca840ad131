/* SPDX-License-Identifier: MIT */

/* Rows of any CSV file as records: every cell comes through, or its line is told. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "directory.h"
#include "feeds.h"
#include "producer/rows.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NOW               INT64_C(1534382478999) /* 2018-08-16 01:21:18 */

/* A file and the settings that send its rows. The path lives until the next call. */
static struct feed_settings
of_file(const struct directory *directory, const char *text, size_t length)
{
    static char path[128];

    directory_write_bytes(directory, "x.csv", text, length);
    snprintf(path, sizeof(path), "%s/x.csv", directory->path);
    return (struct feed_settings){.source = FEED_CSV, .csv = {.file = path, .all_columns = true}};
}

static void
assert_record(struct feed *feed, uint64_t number, const char *key, const char *payload)
{
    struct feed_record record;

    assert_int_equal(feed_day_size(feed, number), 1);
    assert_int_equal(feed_record(feed, number, NOW, &record), 0);
    if (key)
        assert_string_equal(record.key, key);
    else
        assert_null(record.key);
    if (record.payload_length != strlen(payload) ||
        memcmp(record.payload, payload, record.payload_length) != 0)
        fail_msg("%.*s\nis not\n%s", (int)record.payload_length, (const char *)record.payload,
                 payload);
}

static void
columns_of_now_are_checked(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } bad[] = {
        {"", "a column's name is missing"},
        {" , a", "a column's name is missing"},
        {"-1h", NULL}, /* a name */
        {"a -1", "\"a -1\": \"1\" is not a duration, such as 100ms, 1s, 5min, 2h, 0"},
        {" -1h", NULL},
        {"a -1h,a +2h", "names \"a\" twice"},
        {"a,b,c,d,e,f,g,h", "names too many columns: at most 7"},
        {"a,b,c,d,e,f,g -9h", NULL},
        {"two words +1s", NULL},
    };

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct error error = ERROR_INIT;

        assert_int_equal(rows_check_now_columns(bad[i].text, &error), bad[i].message ? -EINVAL : 0);
        if (bad[i].message)
            assert_string_equal(error.text, bad[i].message);
    }
}

#define BAD(text) text, sizeof(text) - 1

static void
a_bad_line_is_told(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const struct {
        const char *text;
        size_t length;
        const char *message; /* behind the path */
    } cases[] = {
        {BAD(""), ":1: the file is empty; it must begin with a line of column names"},
        {BAD("id,t\n"), ":1: no row follows the header; add one"},
        {BAD("t\n2000-01-01 00:00:00\n"),
         ":1: no column \"id\"; name one of these in the settings: t"},
        {BAD("id,t,x,x\n1,,2,3\n"), ":1: 2 columns are called \"x\"; rename all but one"},
        {BAD("id,\xff,t\n1,2,\n"), ":1: the name of column 2 must be valid UTF-8 without control "
                                   "characters; save the file as UTF-8"},
        {BAD("id,t\n1,\n2\n"),
         ":3: 1 fields, but the header has 2; quote a value that has a comma in it"},
        {BAD("id,t\n1,\n2,,4\n"),
         ":3: 3 fields, but the header has 2; quote a value that has a comma in it"},
        {BAD("id,t,x\n1,,\"a\nb\"\n2,,\xc3\n"),
         ":4: column \"x\": the value must be valid UTF-8; save the file as UTF-8"},
        {BAD("id,t,x\n1,,\xed\xa0\x80\n"),
         ":2: column \"x\": the value must be valid UTF-8; save the file as UTF-8"},
        {BAD("id,t,x\n1,,a\0b\n"), ":2: a NUL byte; save the file as UTF-8"},
        {BAD("id,t,x\n1,,a\"b\n"), ":2: a quote within a value; put quotes around the whole value "
                                   "and write each quote in it twice"},
        {BAD("id,t,x\n1,,\"a\n2,,b\n"), ":2: quotes that are not closed; close them"},
        {BAD("id,t\n1,\n,\n"), ":3: column \"id\" is empty, and is the records' key; fill it in, "
                               "or delete the row"},
        {BAD("id,t\n1,noon\n"),
         ":2: column \"t\": \"noon\" is not a time that exists; write it as YYYY-MM-DD HH:MM:SS or "
         "as RFC 3339 has it, or leave it empty"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct feed_settings settings = of_file(&directory, cases[i].text, cases[i].length);
        struct error error = ERROR_INIT;
        struct feed *feed = NULL;

        settings.csv.key_column = "id";
        settings.csv.now_columns = "t";
        assert_int_equal(feed_new(&feed, &settings, &error), -EINVAL);
        assert_memory_equal(error.text, settings.csv.file, strlen(settings.csv.file));
        assert_string_equal(error.text + strlen(settings.csv.file), cases[i].message);
        assert_null(feed);
    }
}

/* By the grammar of JSON, to the letter. */
static void
numbers_are_numbers_and_nothing_else_is(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const char *const numbers[] = {"0",     "-0",  "7",    "10",    "0.0",
                                          "12.50", "1e5", "1E-5", "-0e+0", "123456789012345678901"};
    static const char *const texts[] = {"00",  "007",  "+1",   "-",   ".5",  "5.",
                                        "1e",  "1e+",  "1.e5", "0x1", "NaN", "Infinity",
                                        "1 2", "true", "null", "1_0", "--1"};

    for (size_t i = 0; i < N_ELEMENTS(numbers) + N_ELEMENTS(texts); i++) {
        bool is_number = i < N_ELEMENTS(numbers);
        const char *cell = is_number ? numbers[i] : texts[i - N_ELEMENTS(numbers)];
        struct feed_settings settings;
        struct feed *feed;
        char text[64], payload[64];

        snprintf(text, sizeof(text), "n\n%s\n", cell);
        snprintf(payload, sizeof(payload), is_number ? "{\"n\":%s}" : "{\"n\":\"%s\"}", cell);
        settings = of_file(&directory, text, strlen(text));
        feed = make(&settings);
        assert_record(feed, 0, NULL, payload);
        assert_int_equal(feed_day_size(feed, 1), 0);
        feed_free(feed);
    }
}

static void
every_row_is_an_object_with_its_key(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const char text[] = "\xef\xbb\xbfid,\"a \"\"b\"\"\",c\r\n"
                               "7,,\r\n"
                               "\r\n"
                               "\"x, y\",\" kept \", dropped \r\n"
                               "z\xc3\xa4,\"a \"\"quote\"\" and \\\",\"\x01\t\n\x7f\xc2\x80\"\r\n"
                               "7,1.0,-2";
    struct feed_settings settings = of_file(&directory, text, sizeof(text) - 1);
    struct feed *feed;

    settings.csv.key_column = "id";
    feed = make(&settings);
    assert_string_equal(feed_records(&settings), "rows");
    for (int again = 0; again < 2; again++) {
        assert_record(feed, 3, "7", "{\"id\":7,\"a \\\"b\\\"\":1.0,\"c\":-2}");
        assert_record(feed, 0, "7", "{\"id\":7,\"a \\\"b\\\"\":null,\"c\":null}");
        assert_record(feed, 1, "x, y",
                      "{\"id\":\"x, y\",\"a \\\"b\\\"\":\" kept \",\"c\":\"dropped\"}");
        assert_record(feed, 2, "z\xc3\xa4",
                      "{\"id\":\"z\xc3\xa4\",\"a \\\"b\\\"\":\"a \\\"quote\\\" and \\\\\","
                      "\"c\":\"\\u0001\\u0009\\u000a\x7f\xc2\x80\"}");
    }
    assert_int_equal(feed_day_size(feed, 4), 0);
    assert_int_equal(feed_day_size(feed, UINT64_MAX), 0);
    feed_free(feed);
}

static void
times_are_moved_to_now(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const char text[] = "began,id,ended\n"
                               "2000-01-01 10:00:00,1,2000-01-01T10:20:00.5+01:00\n"
                               "2000-01-01 10:00:00Z,2,\n";
    struct feed_settings settings = of_file(&directory, text, sizeof(text) - 1);
    struct feed *feed;

    settings.csv.key_column = "id";
    settings.csv.now_columns = "ended , began -20min";
    feed = make(&settings);
    assert_record(feed, 0, "1",
                  "{\"began\":\"2018-08-16 01:01:18\",\"id\":1,"
                  "\"ended\":\"2018-08-16T02:21:18.9+01:00\"}");
    assert_record(feed, 1, "2", "{\"began\":\"2018-08-16 01:01:18Z\",\"id\":2,\"ended\":null}");
    feed_free(feed);
}

static void
what_is_no_time_is_refused(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const char *const bad[] = {
        "now",
        "2024-01-31",
        "23:59:59",
        "2024-01-31 23:59",
        "2024-01-31 23:59:5",
        "2024-02-30 00:00:00",
        "2023-02-29 00:00:00",
        "2024-01-31 24:00:00",
        "2024-01-31 23:59:60",
        "2024-01-31_23:59:59",
        "2024-01-31 23:59:59.",
        "2024-01-31 23:59:59.0123456789",
        "2024-01-31 23:59:59 Z",
        "2024-01-31 23:59:59ZZ",
        "2024-01-31 23:59:59+01",
        "2024-01-31 23:59:59+24:00",
        "2024-01-31 23:59:59+01:00Z",
        "1/31/2024 23:59:59",
        "2024-01-31 23:59:59 in the evening, or a little later",
    };

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct error error = ERROR_INIT;
        struct feed *feed = NULL;
        struct feed_settings settings;
        char text[128];

        snprintf(text, sizeof(text), "t\n\"%s\"\n", bad[i]);
        settings = of_file(&directory, text, strlen(text));
        settings.csv.now_columns = "t";
        if (feed_new(&feed, &settings, &error) != -EINVAL)
            fail_msg("\"%s\" is taken", bad[i]);
    }
}

static void
a_time_is_written_in_the_manner_of_another(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const struct {
        const char *manner;
        const char *written;
    } cases[] = {
        {"2024-01-31 23:59:59", "2018-08-16 01:21:18"},
        {"2024-01-31T23:59:59", "2018-08-16T01:21:18"},
        {"2024-01-31t23:59:59z", "2018-08-16t01:21:18z"},
        {"2024-01-31T23:59:59Z", "2018-08-16T01:21:18Z"},
        {"2024-01-31 23:59:59.1", "2018-08-16 01:21:18.9"},
        {"2024-01-31 23:59:59.123Z", "2018-08-16 01:21:18.999Z"},
        {"2024-01-31 23:59:59.123456789", "2018-08-16 01:21:18.999000000"},
        {"2024-01-31 23:59:59.123456789-12:34", "2018-08-15 12:47:18.999000000-12:34"},
        {"2024-01-31T23:59:59+00:00", "2018-08-16T01:21:18+00:00"},
        {"2024-01-31T23:59:59+05:30", "2018-08-16T06:51:18+05:30"},
        {"2024-01-31T23:59:59-23:59", "2018-08-15T01:22:18-23:59"},
        {"2024-01-31T23:59:59.00+23:59", "2018-08-17T01:20:18.99+23:59"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct feed_settings settings;
        struct feed *feed;
        char text[64], payload[64];

        snprintf(text, sizeof(text), "t\n%s\n", cases[i].manner);
        snprintf(payload, sizeof(payload), "{\"t\":\"%s\"}", cases[i].written);
        settings = of_file(&directory, text, strlen(text));
        settings.csv.now_columns = "t";
        feed = make(&settings);
        assert_record(feed, 0, NULL, payload);
        feed_free(feed);
    }
}

/* Longer than any buffer on the way, of all bytes that are characters. */
static void
a_long_cell_comes_through(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    enum { SIZE = 300000 };
    cleanup(free) char *text = malloc(SIZE + 16), *payload = malloc(SIZE + 16);
    struct feed_settings settings;
    struct feed *feed;

    memset(payload, 'x', SIZE + 16);
    memcpy(payload, "{\"c\":\"", 6);
    memcpy(payload + 6 + SIZE, "\"}", 3);
    memset(text, 'x', SIZE + 16);
    memcpy(text, "c\n", 2);
    settings = of_file(&directory, text, 2 + SIZE);
    feed = make(&settings);
    assert_record(feed, 0, NULL, payload);
    feed_free(feed);
}

/* A position in one is none in the other. */
static void
what_is_in_the_file_and_the_settings_are_described(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    static const struct {
        const char *text, *key, *now;
    } cases[] = {
        {"a,b\n1,\n2,\n", NULL, NULL},     {"a,b\n1,\n2,\n", "a", NULL},
        {"a,b\n1,\n2,\n", "a", "b"},       {"a,b\n1,\n2,\n", "a", "b -1h"},
        {"a,b\n1,\n3,\n", NULL, NULL},     {"a,c\n1,\n2,\n", NULL, NULL},
        {"a,b\n1,\n2,\n3,\n", NULL, NULL}, {"a,b\n2,\n1,\n", NULL, NULL},
        {"a\n1\n2\n", NULL, NULL},
    };
    char *texts[N_ELEMENTS(cases)];

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct feed_settings settings = of_file(&directory, cases[i].text, strlen(cases[i].text));
        struct feed *feed, *again;

        settings.csv.key_column = cases[i].key;
        settings.csv.now_columns = cases[i].now;
        feed = make(&settings);
        again = make(&settings);
        assert_string_equal(feed_describe(feed), feed_describe(again));
        texts[i] = strdup(feed_describe(feed));
        feed_free(feed);
        feed_free(again);
        for (size_t j = 0; j < i; j++)
            if (strcmp(texts[i], texts[j]) == 0)
                fail_msg("files %zu and %zu are both \"%s\"", i, j, texts[i]);
    }
    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        free(texts[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_now_are_checked),
        cmocka_unit_test(a_bad_line_is_told),
        cmocka_unit_test(numbers_are_numbers_and_nothing_else_is),
        cmocka_unit_test(every_row_is_an_object_with_its_key),
        cmocka_unit_test(times_are_moved_to_now),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_time_is_written_in_the_manner_of_another),
        cmocka_unit_test(a_long_cell_comes_through),
        cmocka_unit_test(what_is_in_the_file_and_the_settings_are_described),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
