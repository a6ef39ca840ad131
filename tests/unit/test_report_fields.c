/* SPDX-License-Identifier: MIT */

/*
 * JSON records of others: what is found under which path, what is refused in which words, and that
 * the short way and common/json's mean the same, whatever stands there.
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

#include "record/report_format.h"
#include "records.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* Kinds of records, by what makes them out. */
static const struct report_paths flat = {"sensor", "when", "value", "wet"};
static const struct report_paths events = {"userId", "metadata.timestamp", "", ""};
static const struct report_paths renamed = {.station = "name"};
static const struct report_paths own = {.station = NULL};

static const struct {
    const struct report_paths *paths;
    enum moment_kind dates;
    const char *record;
    const char *station, *time; /* time NULL: date is it */
    int32_t date;
    double degrees;
    enum report_rain rain;
} good[] = {
    {&flat, MOMENT_DATE, "{\"when\":\"2000-01-01\",\"sensor\":\"A\",\"value\":31.5,\"wet\":1}", "A",
     NULL, 10957, 31.5, REPORT_RAINING},
    {&flat, MOMENT_DATE,
     " { \"wet\" : false , \"value\" : -1 , \"sensor\" : 17 , \"when\":\"2000-01-01\" } ", "17",
     NULL, 10957, -1, REPORT_DRY},
    {&flat, MOMENT_DATE,
     "{\"when\":\"2000-01-01\",\"sensor\":-9223372036854775807,\"value\":0,\"wet\":true}",
     "-9223372036854775807", NULL, 10957, 0, REPORT_RAINING},
    {&flat, MOMENT_DATE, "{\"when\":\"2000-01-01\",\"sensor\":-0,\"value\":0,\"wet\":null}", "0",
     NULL, 10957, 0, REPORT_RAIN_UNKNOWN},
    {&flat, MOMENT_RFC3339,
     "{\"when\":\"2000-01-01T12:00:00.50+01:00\",\"sensor\":\"A\",\"value\":1e1}", "A",
     "2000-01-01T12:00:00.50+01:00", 0, 10, REPORT_RAIN_UNKNOWN},
    {&flat, MOMENT_EPOCH,
     "{\"when\":1534382478,\"sensor\":\"A\",\"value\":1,\"date\":\"x\",\"station\":\"B\"}", "A",
     "1534382478", 0, 1, REPORT_RAIN_UNKNOWN},
    {&flat, MOMENT_EPOCH_MS, "{\"when\":-1,\"sensor\":\"A\",\"value\":1}", "A", "-1", 0, 1,
     REPORT_RAIN_UNKNOWN},
    {&flat, MOMENT_EPOCH, "{\"when\":-0,\"sensor\":\"A\",\"value\":1}", "A", "0", 0, 1,
     REPORT_RAIN_UNKNOWN},
    {&events, MOMENT_EPOCH,
     "{\"userId\":\"j1\",\"metadata\":{\"messageId\":\"x\",\"timestamp\":1534382478,\"a\":{}},"
     "\"degrees\":\"none\",\"raining\":5,\"timestamp\":1}",
     "j1", "1534382478", 0, 0, REPORT_RAIN_UNKNOWN},
    {&renamed, MOMENT_DATE,
     "{\"date\":\"2000-01-01\",\"name\":\"A\",\"station\":5,\"station_id\":6,\"degrees\":2,"
     "\"raining\":1}",
     "A", NULL, 10957, 2, REPORT_RAINING},
    {&own, MOMENT_EPOCH, "{\"date\":7,\"station_id\":\"A\",\"degrees\":2}", "A", "7", 0, 2,
     REPORT_RAIN_UNKNOWN},
    {&own, MOMENT_EPOCH, "{\"date\":7,\"degrees\":2}", "", "7", 0, 2, REPORT_RAIN_UNKNOWN},
};

static void
records_of_others_are_read(void **state)
{
    for (size_t i = 0; i < N_ELEMENTS(good); i++) {
        struct report_json reader = {.root = NULL};
        struct error error = ERROR_INIT;
        struct report_fields fields;
        struct report reports[2];

        report_fields_init(&fields, good[i].paths, good[i].dates);
        reader.fields = &fields;
        for (int way = 0; way < 2; way++) {
            const struct report *report = &reports[way];
            char text[MOMENT_SIZE];

            if ((way ? report_json_read_slowly : report_json_read)(
                    &reader, good[i].record, strlen(good[i].record), &reports[way], &error) != 0)
                fail_msg("case %zu, way %d: %s", i, way, error.text);
            if (report->station_length != strlen(good[i].station) ||
                memcmp(report->station, good[i].station, report->station_length) != 0 ||
                report->date != good[i].date || report->degrees != good[i].degrees ||
                report->rain != good[i].rain)
                fail_msg("case %zu, way %d: station \"%.*s\", date %d, degrees %g, rain %d", i, way,
                         (int)report->station_length, report->station, report->date,
                         report->degrees, report->rain);
            moment_format(report_moment(report), text);
            assert_string_equal(text, good[i].time ? good[i].time : "2000-01-01");
        }
        report_json_fini(&reader);
    }
}

static void
bad_records_name_the_path(void **state)
{
    static const struct {
        const struct report_paths *paths;
        enum moment_kind dates;
        const char *record, *message;
    } bad[] = {
        {&flat, MOMENT_DATE, "{\"sensor\":\"A\",\"value\":1}", "\"when\" is missing"},
        {&flat, MOMENT_DATE, "{\"when\":\"2000-01-01\",\"value\":1}", "\"sensor\" is missing"},
        {&flat, MOMENT_DATE, "{\"when\":\"2000-01-01\",\"sensor\":\"A\"}", "\"value\" is missing"},
        {&flat, MOMENT_DATE, "{\"when\":\"2000-01-01\",\"sensor\":1.5,\"value\":1}",
         "\"sensor\" is 1.5, must be a string or an integer"},
        {&flat, MOMENT_DATE, "{\"when\":\"2000-01-01\",\"sensor\":null,\"value\":1}",
         "\"sensor\" is null, must be a string or an integer"},
        {&flat, MOMENT_DATE, "{\"when\":5,\"sensor\":\"A\",\"value\":1}",
         "\"when\" is 5, must be a date that exists, as YYYY-MM-DD"},
        {&flat, MOMENT_RFC3339, "{\"when\":\"2000-01-01\",\"sensor\":\"A\",\"value\":1}",
         "\"when\" is \"2000-01-01\", must be a time with its zone, as 2000-01-01T12:00:00Z"},
        {&flat, MOMENT_EPOCH, "{\"when\":\"5\",\"sensor\":\"A\",\"value\":1}",
         "\"when\" is \"5\", must be an integer, the seconds since 1970"},
        {&flat, MOMENT_EPOCH, "{\"when\":5.5,\"sensor\":\"A\",\"value\":1}",
         "\"when\" is 5.5, must be an integer, the seconds since 1970"},
        {&flat, MOMENT_EPOCH, "{\"when\":1534382478000,\"sensor\":\"A\",\"value\":1}",
         "\"when\" is 1534382478000, must be an integer, the seconds since 1970 up to the year "
         "9999"},
        {&flat, MOMENT_EPOCH_MS, "{\"when\":true,\"sensor\":\"A\",\"value\":1}",
         "\"when\" is true, must be an integer, the milliseconds since 1970"},
        {&flat, MOMENT_DATE, "{\"when\":\"2000-01-01\",\"sensor\":\"A\",\"value\":\"1\"}",
         "\"value\" is \"1\", must be a number"},
        {&flat, MOMENT_DATE,
         "{\"when\":\"2000-01-01\",\"sensor\":\"A\",\"value\":1,\"wet\":\"yes\"}",
         "\"wet\" is \"yes\", must be an integer, 0 or 1"},
        {&events, MOMENT_EPOCH, "{\"userId\":\"j1\",\"metadata\":{\"timestampx\":1}}",
         "\"metadata.timestamp\" is missing"},
        {&events, MOMENT_EPOCH, "{\"userId\":\"j1\",\"metadata\":{\"timestam\":1}}",
         "\"metadata.timestamp\" is missing"},
        {&events, MOMENT_EPOCH, "{\"userId\":\"j1\",\"metadata\":1}",
         "\"metadata.timestamp\" is missing"},
        {&events, MOMENT_EPOCH, "{\"userId\":\"j1\",\"metadata\":{\"timestamp\":null}}",
         "\"metadata.timestamp\" is null, must be an integer"},
        {&events, MOMENT_EPOCH, "{\"userId\":\"j1\",\"metadata.timestamp\":1}",
         "\"metadata.timestamp\" is missing"},
        {&events, MOMENT_EPOCH, "{\"metadata\":{\"timestamp\":1}}", "\"userId\" is missing"},
        {&renamed, MOMENT_DATE, "{\"date\":\"2000-01-01\",\"station\":\"A\",\"degrees\":2}",
         "\"name\" is missing"},
    };

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        struct report_json reader = {.root = NULL};
        struct error error = ERROR_INIT;
        struct report_fields fields;
        struct report report;

        report_fields_init(&fields, bad[i].paths, bad[i].dates);
        reader.fields = &fields;
        if (report_json_read(&reader, bad[i].record, strlen(bad[i].record), &report, &error) !=
            -EBADMSG)
            fail_msg("case %zu, %s: is taken", i, bad[i].record);
        if (strncmp(error.text, bad[i].message, strlen(bad[i].message)) != 0)
            fail_msg("case %zu: \"%s\", not \"%s\"", i, error.text, bad[i].message);
        report_json_fini(&reader);
    }
}

/* Records that are no JSON have dates, which must not come among times. */
static void
only_json_has_times(void **state)
{
    const struct report report = {.station = "A", .station_length = 1, .date = 10957};
    struct report_reader reader = {.format = REPORT_FORMAT_AUTO};
    uint8_t record[REPORT_SIZE_MAX];
    size_t length = report_protobuf_write(&report, record);
    struct report_fields fields;
    struct report read;
    struct error error;

    reader.json.fields = &fields;
    report_fields_init(&fields, &flat, MOMENT_DATE);
    assert_int_equal(report_reader_read(&reader, record, length, &read, &error), 0);
    assert_int_equal(read.date, 10957);
    report_fields_init(&fields, &flat, MOMENT_EPOCH_MS);
    assert_int_equal(report_reader_read(&reader, record, length, &read, &error), -EBADMSG);
    assert_string_equal(error.text, "it is not JSON, which date_format = epoch_ms is for");
    report_reader_fini(&reader);
}

static void
paths_have_names(void **state)
{
    static const char *const bad[] = {".", ".a", "a.", "a..b"};
    struct error error;

    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        assert_int_equal(report_path_check(bad[i], &error), -EINVAL);
        assert_non_null(strstr(error.text, bad[i]));
    }
    assert_int_equal(report_path_check("a.b c.\"", &error), 0);
    assert_int_equal(report_path_check("", &error), 0);
}

/* ---- both ways, on records put together at random ---- */

static size_t
make_record(char *text)
{
    static const char *const keys[] = {"sensor", "when",    "value", "wet",         "sens",
                                       "date",   "degrees", "x",     "sen\\u0073or"};
    static const char *const values[] = {"\"A\"",
                                         "\"é\"",
                                         "17",
                                         "-0",
                                         "-5",
                                         "0",
                                         "1",
                                         "1.5",
                                         "1e3",
                                         "null",
                                         "true",
                                         "false",
                                         "{}",
                                         "\"2000-01-01\"",
                                         "\"2000-01-01T12:00:00Z\"",
                                         "\"2000-01-01T12:00:00.123456789-01:30\"",
                                         "\"2000-02-30T12:00:00Z\"",
                                         "1534382478",
                                         "1534382478000",
                                         "9223372036854775807",
                                         "999999999999999999",
                                         "1234567890123456789",
                                         "00",
                                         "\"\\u0041\"",
                                         "\"a\\\"",
                                         "[1]"};
    static const char *const blanks[] = {"", "", "", " ", "\n"};
    char *at = text + sprintf(text, "{");

    for (long n = 1 + random() % 5; n > 0; n--)
        at += sprintf(at, "%s\"%s\"%s:%s%s%s", blanks[random() % 5],
                      keys[random() % (random() % 3 ? 4 : (long)N_ELEMENTS(keys))],
                      blanks[random() % 5], blanks[random() % 5],
                      values[(size_t)random() % N_ELEMENTS(values)], n > 1 ? "," : "}");
    if (random() % 10 == 0)
        text[random() % (at - text)] = (char)random();
    return (size_t)(at - text);
}

static void
both_ways_mean_the_same(void **state)
{
    struct report_fields fields[4];
    int n_good = 0;

    for (int i = 0; i < 4; i++)
        report_fields_init(&fields[i], &flat, (enum moment_kind)i);
    for (int i = 0; i < 400000; i++) {
        struct report_json quick = {.fields = &fields[i % 4]}, slow = {.fields = &fields[i % 4]};
        struct report reports[2];
        char text[512];
        size_t length = make_record(text);
        void *copy = copy_of(text, length);
        int result = report_json_read(&quick, copy, length, &reports[0], NULL);

        if (report_json_read_slowly(&slow, copy, length, &reports[1], NULL) != result ||
            (result == 0 && !reports_are_equal(&reports[0], &reports[1])))
            fail_msg("%.*s: %d", (int)length, text, result);
        n_good += result == 0;
        report_json_fini(&quick);
        report_json_fini(&slow);
        free(copy);
    }
    assert_true(n_good > 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_of_others_are_read), cmocka_unit_test(bad_records_name_the_path),
        cmocka_unit_test(only_json_has_times),        cmocka_unit_test(paths_have_names),
        cmocka_unit_test(both_ways_mean_the_same),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
