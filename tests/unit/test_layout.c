/* SPDX-License-Identifier: MIT */

/* partition-N.json: what is refused and in which words, and what comes back as it was. */

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

#include "common/date.h"
#include "partitions.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED         4711

static const struct partition_policy policy = {.max_stations = 100000};
static const struct partition_settings flat = {.layout = PARTITION_FLAT};
static const struct partition_settings tagged = {.number = 2, .layout = PARTITION_TAGGED};
static const struct partition_settings monthly = {.number = 2, .layout = PARTITION_MONTHLY};

/* Loads a text: what layout_ops says, the partition filled as far as it came. */
static int
load_as(const struct partition_settings *settings, const char *text, struct partition *partition,
        int64_t *offsetp, struct error *error)
{
    partition_init(partition, settings, &policy, 1);
    return layout_ops.load(partition, text, strlen(text), offsetp, error);
}

static int
load(const char *text, struct partition *partition, int64_t *offsetp, struct error *error)
{
    return load_as(&flat, text, partition, offsetp, error);
}

#define REST "\"start\": \"2000-01-01\", \"end\": \"2000-01-09\""
#define HEAD "\"count\": 2, \"sum\": 60.5, \"avg\": 30.25, "
#define TAIL                                                                                       \
    ", \"min\": 20.5, \"min_date\": \"2000-01-01\", \"max\": 40, \"max_date\": \"2000-01-09\""

#define FILE_OF(members) "{\"offset\": 5, \"A\": {" members "}}"

static void
bad_files_are_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[]", "is not an object"},
        {"{}", "lacks \"offset\""},
        {"{\"A\": {" HEAD REST TAIL "}}", "lacks \"offset\""},
        {"{\"offset\": -1}", "\"offset\" is -1, must be at least 0"},
        {"{\"offset\": \"5\"}", "\"offset\" is \"5\", must be an integer"},
        {"{\"offset\": 5.0}", "\"offset\" is 5.0, must be an integer"},
        {"{\"offset\": null}", "\"offset\" is null, must be an integer"},
        {"{\"offset\": 9223372036854775807}",
         "\"offset\" is 9223372036854775807, must be at most 9223372036854775806"},
        {"{\"offset\": {" HEAD REST TAIL "}}",
         "\"offset\" is {\"count\":2,\"sum\":60.5,\"avg\":30.25,\"start\":\"2000-01-01\",\"end\":"
         "\"2000-01-09\",\"min\":20.5,\"min_date\":\"200, must be an integer"},
        {"{\"offset\": 5, \"A\": 5}", "has an unknown key \"A\" that is not a station"},
        {"{\"offset\": 5, \"A\": null}", "has an unknown key \"A\" that is not a station"},
        {"{\"offset\": 5, \"A\": []}", "has an unknown key \"A\" that is not a station"},
        {"{\"offset\": 5, \"partition\": 3}",
         "has \"partition\", so it was written with layout = tagged or monthly; set that"},
        {"{\"offset\": 5, \"partition\": {" HEAD REST TAIL "}}",
         "has \"partition\", so it was written with layout = tagged or monthly; set that"},
        {"{\"offset\": 5, \"\": {" HEAD REST TAIL "}}",
         "station \"\": the station's id is empty, must have 1 to 255 bytes"},
        {"{\"offset\": 5, \"a\\nb\": {" HEAD REST TAIL "}}",
         "station \"a?b\": the station's id \"a\\x0ab\" must be valid UTF-8 without control "
         "characters"},
        {"{\"offset\": 5, \"B\": {" HEAD REST TAIL "}, \"A\": {}}",
         "station \"A\": lacks \"count\""},
        {FILE_OF(""), "station \"A\": lacks \"count\""},
        {FILE_OF("\"sum\": 60.5, \"avg\": 30.25, " REST), "station \"A\": lacks \"count\""},
        {FILE_OF("\"count\": 2, \"avg\": 30.25, " REST), "station \"A\": lacks \"sum\""},
        {FILE_OF("\"count\": 2, \"sum\": 60.5, " REST), "station \"A\": lacks \"avg\""},
        {FILE_OF(HEAD "\"end\": \"2000-01-09\""), "station \"A\": lacks \"start\""},
        {FILE_OF(HEAD "\"start\": \"2000-01-09\""), "station \"A\": lacks \"end\""},
        /* The extremes: all or none. */
        {FILE_OF(HEAD REST ", \"min\": 20.5"), "station \"A\": lacks \"min_date\""},
        {FILE_OF(HEAD REST ", \"max_date\": \"2000-01-01\""), "station \"A\": lacks \"min\""},
        {FILE_OF(HEAD REST ", \"min\": 1, \"min_date\": \"2000-01-01\", \"max\": 2"),
         "station \"A\": lacks \"max_date\""},
        {FILE_OF(HEAD REST ", \"min\": 1, \"min_date\": \"2000-01-01\", "
                           "\"max_date\": \"2000-01-01\""),
         "station \"A\": lacks \"max\""},
        {FILE_OF(HEAD REST TAIL ", \"median\": 30"),
         "station \"A\": has an unknown key \"median\""},
        {FILE_OF("\"count\": 0, \"sum\": 0, \"avg\": 0, " REST),
         "station \"A\": \"count\" is 0, must be at least 1"},
        {FILE_OF("\"count\": -3, \"sum\": 60.5, \"avg\": 30.25, " REST TAIL),
         "station \"A\": \"count\" is -3, must be at least 1"},
        {FILE_OF("\"count\": 2.0, \"sum\": 60.5, \"avg\": 30.25, " REST),
         "station \"A\": \"count\" is 2.0, must be an integer"},
        {FILE_OF("\"count\": 9223372036854775807, \"sum\": 0, \"avg\": 0, " REST),
         "station \"A\": \"count\" is 9223372036854775807, must be at most 9007199254740992"},
        {FILE_OF("\"count\": 9007199254740993, \"sum\": 0, \"avg\": 0, " REST),
         "station \"A\": \"count\" is 9007199254740993, must be at most 9007199254740992"},
        {FILE_OF("\"count\": 2, \"sum\": \"60.5\", \"avg\": 30.25, " REST),
         "station \"A\": \"sum\" is \"60.5\", must be a number"},
        {FILE_OF("\"count\": 2, \"sum\": NaN, \"avg\": 30.25, " REST),
         "station \"A\": \"sum\" is NaN, must be a finite number"},
        {FILE_OF("\"count\": 2, \"sum\": 1e999, \"avg\": 30.25, " REST),
         "station \"A\": \"sum\" is 1e999, must be a finite number"},
        {FILE_OF("\"count\": 2, \"sum\": 60.5, \"avg\": NaN, " REST),
         "station \"A\": \"avg\" is NaN, must be a finite number"},
        {FILE_OF("\"count\": 2, \"sum\": 60.5, \"avg\": 31, " REST),
         "station \"A\": \"avg\" is 31, must be \"sum\" / \"count\", which is 30.25"},
        {FILE_OF("\"count\": 2, \"sum\": 60.5, \"avg\": -30.25, " REST),
         "station \"A\": \"avg\" is -30.25, must be \"sum\" / \"count\", which is 30.25"},
        {FILE_OF("\"count\": 2, \"sum\": 60.5, \"avg\": 30.250000061, " REST),
         "station \"A\": \"avg\" is 30.250000061000001, must be \"sum\" / \"count\", which is "
         "30.25"},
        {FILE_OF("\"count\": 2, \"sum\": 0, \"avg\": 1e-300, " REST),
         "station \"A\": \"avg\" is 1e-300, must be \"sum\" / \"count\", which is 0"},
        {FILE_OF("\"count\": 1, \"sum\": 1.7e308, \"avg\": -1.7e308, " REST),
         "station \"A\": \"avg\" is -1.6999999999999999e+308, must be \"sum\" / \"count\", which "
         "is "
         "1.6999999999999999e+308"},
        {FILE_OF(HEAD "\"start\": 20000101, \"end\": \"2000-01-09\""),
         "station \"A\": \"start\" is 20000101, must be a date that exists, as YYYY-MM-DD"},
        {FILE_OF(HEAD "\"start\": \"2000-02-30\", \"end\": \"2000-01-09\""),
         "station \"A\": \"start\" is \"2000-02-30\", must be a date that exists, as YYYY-MM-DD"},
        {FILE_OF(HEAD "\"start\": \"2000-01-01\", \"end\": \"2000-1-9\""),
         "station \"A\": \"end\" is \"2000-1-9\", must be a date that exists, as YYYY-MM-DD"},
        {FILE_OF(HEAD "\"start\": \"2000-01-10\", \"end\": \"2000-01-09\""),
         "station \"A\": \"start\" is after \"end\""},
        {FILE_OF(HEAD REST ", \"min\": \"x\", \"min_date\": \"2000-01-01\", \"max\": 40, "
                           "\"max_date\": \"2000-01-09\""),
         "station \"A\": \"min\" is \"x\", must be a number"},
        {FILE_OF(HEAD REST ", \"min\": 20, \"min_date\": \"2000-01-01\", \"max\": -Infinity, "
                           "\"max_date\": \"2000-01-09\""),
         "station \"A\": \"max\" is -Infinity, must be a finite number"},
        {FILE_OF(HEAD REST ", \"min\": 40.5, \"min_date\": \"2000-01-01\", \"max\": 40, "
                           "\"max_date\": \"2000-01-09\""),
         "station \"A\": \"min\" is greater than \"max\""},
        {FILE_OF(HEAD REST ", \"min\": 20, \"min_date\": \"1999-12-31\", \"max\": 40, "
                           "\"max_date\": \"2000-01-09\""),
         "station \"A\": \"min_date\" or \"max_date\" is not between \"start\" and \"end\""},
        {FILE_OF(HEAD REST ", \"min\": 20, \"min_date\": \"2000-01-10\", \"max\": 40, "
                           "\"max_date\": \"2000-01-09\""),
         "station \"A\": \"min_date\" or \"max_date\" is not between \"start\" and \"end\""},
        {FILE_OF(HEAD REST ", \"min\": 20, \"min_date\": \"2000-01-01\", \"max\": 40, "
                           "\"max_date\": \"2000-01-10\""),
         "station \"A\": \"min_date\" or \"max_date\" is not between \"start\" and \"end\""},
        {FILE_OF(HEAD REST ", \"min\": 20, \"min_date\": \"2000-01-01\", \"max\": 40, "
                           "\"max_date\": \"1999-12-31\""),
         "station \"A\": \"min_date\" or \"max_date\" is not between \"start\" and \"end\""},
        {FILE_OF(HEAD REST ", \"min\": 20, \"min_date\": null, \"max\": 40, "
                           "\"max_date\": \"2000-01-09\""),
         "station \"A\": \"min_date\" is null, must be a date that exists, as YYYY-MM-DD"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct partition partition;
        int64_t offset = UNTOUCHED;
        int result = load(cases[i].text, &partition, &offset, &error);

        if (result != JSON_E_BAD)
            fail_msg("%s gave %d", cases[i].text, result);
        if (strcmp(error.text, cases[i].message) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, error.text, cases[i].message);
        assert_true(offset == UNTOUCHED);
        partition_fini(&partition);
    }
}

/* The contract's own example, to the byte. */
static void
a_file_of_ours_comes_back_as_it_was(void **state)
{
    static const char *const texts[] = {
        "{\n"
        "  \"offset\": 123,\n"
        "  \"StationD\": {\n"
        "    \"count\": 9,\n"
        "    \"sum\": 270.5,\n"
        "    \"avg\": 30.055555555555557,\n"
        "    \"start\": \"2000-01-01\",\n"
        "    \"end\": \"2000-01-09\",\n"
        "    \"min\": 21.5,\n"
        "    \"min_date\": \"2000-01-03\",\n"
        "    \"max\": 38,\n"
        "    \"max_date\": \"2000-01-07\"\n"
        "  }\n"
        "}\n",
        "{\n"
        "  \"offset\": 0\n"
        "}\n",
        "{\n"
        "  \"offset\": 9223372036854775806,\n"
        "  \"a \\\"b\\\\\": {\n"
        "    \"count\": 1,\n"
        "    \"sum\": -0.1,\n"
        "    \"avg\": -0.1,\n"
        "    \"start\": \"0001-01-01\",\n"
        "    \"end\": \"9999-12-31\"\n"
        "  },\n"
        "  \"Zürich\": {\n"
        "    \"count\": 9007199254740992,\n"
        "    \"sum\": 1.7976931348623157e+308,\n"
        "    \"avg\": 1.9958403095347196e+292,\n"
        "    \"start\": \"2000-01-01\",\n"
        "    \"end\": \"2000-01-01\",\n"
        "    \"min\": 4.94065645841247e-324,\n"
        "    \"min_date\": \"2000-01-01\",\n"
        "    \"max\": 4.94065645841247e-324,\n"
        "    \"max_date\": \"2000-01-01\"\n"
        "  },\n"
        "  \"\xf0\x9d\xa0\x80\": {\n"
        "    \"count\": 1,\n"
        "    \"sum\": 7,\n"
        "    \"avg\": 7,\n"
        "    \"start\": \"2000-02-29\",\n"
        "    \"end\": \"2000-02-29\"\n"
        "  },\n"
        "  \"\xf0\x9d\xa0\x81\": {\n"
        "    \"count\": 3,\n"
        "    \"sum\": 0,\n"
        "    \"avg\": 0,\n"
        "    \"start\": \"2000-02-29\",\n"
        "    \"end\": \"2000-02-29\"\n"
        "  }\n"
        "}\n",
    };

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        struct error error = ERROR_INIT;
        struct partition partition;
        int64_t offset;
        char *again;

        if (load(texts[i], &partition, &offset, &error) != 0)
            fail_msg("text %zu: %s", i, error.text);
        again = write_out(&partition, offset);
        assert_string_equal(again, texts[i]);
        free(again);
        partition_fini(&partition);
    }
}

/*
 * As an integer, which it is in the text, -0 is 0: the second file would not be the first. An
 * average may come out as -0, of a sum that is not.
 */
static void
there_is_no_negative_zero(void **state)
{
    static const char *const texts[] = {
        FILE_OF("\"count\": 2, \"sum\": -0.0, \"avg\": -0.0, " REST
                ", \"min\": -0.0, \"min_date\": \"2000-01-01\", \"max\": -0.0, "
                "\"max_date\": \"2000-01-01\""),
        FILE_OF("\"count\": 2, \"sum\": -5e-324, \"avg\": -0.0, " REST),
    };

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        struct error error = ERROR_INIT;
        struct partition partition;
        int64_t offset;
        char *text;

        if (load(texts[i], &partition, &offset, &error) != 0)
            fail_msg("text %zu: %s", i, error.text);
        text = write_out(&partition, offset);
        if (strstr(text, "-0,"))
            fail_msg("%s", text);
        free(text);
        partition_fini(&partition);
    }
}

static void
a_station_is_read_value_by_value(void **state)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    const struct station *station;
    int64_t offset;

    assert_int_equal(load(FILE_OF(HEAD REST TAIL), &partition, &offset, &error), 0);
    assert_true(offset == 5);
    assert_int_equal(partition.stations.n_stations, 1);
    station = stations_find(&partition.stations, "A", 1);
    assert_non_null(station);
    assert_true(station->stats.count == 2);
    assert_true(station->stats.sum == 60.5);
    assert_true(station->stats.min == 20.5);
    assert_true(station->stats.max == 40);
    assert_int_equal(moment_date(station->stats.start), 10957);
    assert_int_equal(moment_date(station->stats.end), 10965);
    assert_int_equal(moment_date(station->stats.min_date), 10957);
    assert_int_equal(moment_date(station->stats.max_date), 10965);
    assert_true(station->stats.has_extremes);
    partition_fini(&partition);
}

/* Members in any order, numbers in any form, an average computed another way, no extremes. */
static void
files_of_other_programs_are_taken_over(void **state)
{
    static const char *const texts[] = {
        "{\"A\": {" HEAD REST "}, \"offset\": 5}",
        FILE_OF("\"end\": \"2000-01-09\", \"avg\": 3.025e1, \"start\": \"2000-01-01\", "
                "\"sum\": 605e-1, \"count\": 2"),
        FILE_OF("\"count\": 2, \"sum\": 60.5, \"avg\": 30.25000000000001, " REST),
        FILE_OF("\"count\": 2, \"sum\": 60.5, \"avg\": 30.250000029, " REST),
        FILE_OF("\"count\": 2, \"sum\": 60.5, \"avg\": 30.249999971, " REST),
        ("{\"A\":{\"\\u0065nd\":\"2000-01-09\",\"count\":2,\"sum\":60.50,\"avg\":30.250,"
         "\"start\":\"2000\\u002d01-01\"},\n\n\t\"offset\":5}"),
    };
    static const char expected[] = "{\n"
                                   "  \"offset\": 5,\n"
                                   "  \"A\": {\n"
                                   "    \"count\": 2,\n"
                                   "    \"sum\": 60.5,\n"
                                   "    \"avg\": 30.25,\n"
                                   "    \"start\": \"2000-01-01\",\n"
                                   "    \"end\": \"2000-01-09\"\n"
                                   "  }\n"
                                   "}\n";

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        struct error error = ERROR_INIT;
        struct partition partition;
        int64_t offset;
        char *written;

        if (load(texts[i], &partition, &offset, &error) != 0)
            fail_msg("%s: %s", texts[i], error.text);
        written = write_out(&partition, offset);
        assert_string_equal(written, expected);
        free(written);
        partition_fini(&partition);
    }
}

/* A station without extremes goes on without: those of later reports would be a lie. */
static void
extremes_that_are_not_known_stay_unknown(void **state)
{
    const struct report report = {
        .station = "A", .station_length = 1, .date = 10966, .degrees = 99};
    struct error error = ERROR_INIT;
    uint8_t buffer[REPORT_PROTOBUF_MAX];
    struct partition partition;
    int64_t offset;
    char *written;

    assert_int_equal(load(FILE_OF(HEAD REST), &partition, &offset, &error), 0);
    assert_int_equal(
        partition_apply(&partition, buffer, report_protobuf_write(&report, buffer), &error),
        PARTITION_COUNTED);
    written = write_out(&partition, offset + 1);
    assert_string_equal(written, "{\n"
                                 "  \"offset\": 6,\n"
                                 "  \"A\": {\n"
                                 "    \"count\": 3,\n"
                                 "    \"sum\": 159.5,\n"
                                 "    \"avg\": 53.166666666666664,\n"
                                 "    \"start\": \"2000-01-01\",\n"
                                 "    \"end\": \"2000-01-10\"\n"
                                 "  }\n"
                                 "}\n");
    free(written);
    partition_fini(&partition);
}

static double
random_degrees(void)
{
    double degrees;

    if (random() % 2)
        return (double)(random() % 2000000 - 1000000) / 1e4;
    do {
        uint64_t bits = (uint64_t)random() << 62 ^ (uint64_t)random() << 31 ^ (uint64_t)random();

        memcpy(&degrees, &bits, sizeof(bits));
    } while (!(fabs(degrees) < 1e300));
    return degrees;
}

/*
 * The promise behind exactly once: a partition that was written and read back at any point goes on
 * to the same file, byte for byte, as one that never stopped.
 */
static void
a_restart_leaves_no_trace(void **state)
{
    const struct partition_policy keep = {true, true, 1000};

    for (int round = 0; round < 50; round++) {
        struct partition straight, restarted;
        int64_t offset = 0;
        char *texts[2];

        partition_init(&straight, &flat, &keep, 1);
        partition_init(&restarted, &flat, &keep, 2);
        for (; offset < 200; offset++) {
            char id[2] = {(char)('A' + random() % 8), '\0'};
            const struct report report = {id, 1, (int32_t)(10957 + random() % 100),
                                          random_degrees(), REPORT_RAIN_UNKNOWN};
            uint8_t buffer[REPORT_PROTOBUF_MAX];
            size_t length = report_protobuf_write(&report, buffer);
            struct error error = ERROR_INIT;

            partition_apply(&straight, buffer, length, &error);
            partition_apply(&restarted, buffer, length, &error);
            if (random() % 10 == 0) {
                char *text = write_out(&restarted, offset);

                partition_fini(&restarted);
                if (load(text, &restarted, &(int64_t){0}, &error) != 0)
                    fail_msg("%s: %s", text, error.text);
                restarted.policy = &keep;
                free(text);
            }
        }
        texts[0] = write_out(&straight, offset);
        texts[1] = write_out(&restarted, offset);
        assert_string_equal(texts[0], texts[1]);
        free(texts[0]);
        free(texts[1]);
        partition_fini(&straight);
        partition_fini(&restarted);
    }
}

/* A thermometer may say -0.0. */
static void
a_negative_zero_leaves_no_trace(void **state)
{
    const struct report report = {"A", 1, 10957, -0.0, REPORT_RAIN_UNKNOWN};
    struct error error = ERROR_INIT;
    uint8_t buffer[REPORT_PROTOBUF_MAX];
    struct partition partition;
    int64_t offset = 1;
    char *before, *after;

    partition_init(&partition, &flat, &policy, 1);
    partition_apply(&partition, buffer, report_protobuf_write(&report, buffer), &error);
    before = write_out(&partition, offset);
    partition_fini(&partition);
    if (load(before, &partition, &offset, &error) != 0)
        fail_msg("%s: %s", before, error.text);
    after = write_out(&partition, offset);
    assert_string_equal(after, before);
    free(before);
    free(after);
    partition_fini(&partition);
}

/* Whole numbers of any size, as JavaScript writes them. */
static void
a_large_whole_number_is_not_clamped(void **state)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    int64_t offset;

    if (load(FILE_OF("\"count\": 1, \"sum\": 9223372036854775807, "
                     "\"avg\": 9223372036854775807, " REST),
             &partition, &offset, &error) != 0)
        fail_msg("%s", error.text);
    assert_true(partition_stations(&partition)->stats.sum == 9223372036854775807.0);
    partition_fini(&partition);
}

/* ---- tagged and monthly */

#define TAGGED(members)  "{\"partition\": 2, \"offset\": 5" members "}"
#define MONTHLY(members) "{\"partition\": 2, \"offset\": 5, " members "}"
#define JANUARY(years)   MONTHLY("\"January\": {" years "}")
#define MONTH_WAY_OUT                                                                              \
    " that is not a month; if the file was written with layout = flat or tagged, set that"
#define YEAR(first, last)                                                                          \
    "{\"count\": 2, \"sum\": 60.5, \"avg\": 30.25, \"start\": \"" first "\", \"end\": \"" last "\"}"
#define JANUARY_2000 YEAR("2000-01-01", "2000-01-31")
#define OUTSIDE      "\"January\" of \"2000\": \"start\" or \"end\" lies outside of it"
#define NO_YEAR(key) "\"January\": has an unknown key \"" key "\" that is no year"
#define SET_TAGGED   "has \"partition\", so it was written with layout = tagged or monthly; set that"
#define SET_FLAT     "lacks \"partition\", so it was written with layout = flat; set that"

static void
bad_tagged_and_monthly_files_are_refused(void **state)
{
    static const struct {
        const struct partition_settings *settings;
        const char *text, *message;
    } cases[] = {
        /* Which partition. */
        {&tagged, "{}", "lacks \"offset\""},
        {&tagged, "{\"partition\": 2}", "lacks \"offset\""},
        {&tagged, "{\"offset\": 5}", SET_FLAT},
        {&monthly, "{\"offset\": 5}", SET_FLAT},
        {&tagged, "{\"partition\": 3, \"offset\": 5}", "\"partition\" is 3, must be 2"},
        {&monthly, "{\"offset\": 5, \"partition\": 0}", "\"partition\" is 0, must be 2"},
        {&tagged, "{\"partition\": -2, \"offset\": 5}", "\"partition\" is -2, must be at least 0"},
        {&tagged, "{\"partition\": 4294967298, \"offset\": 5}",
         "\"partition\" is 4294967298, must be at most 2147483647"},
        {&tagged, "{\"partition\": \"2\", \"offset\": 5}",
         "\"partition\" is \"2\", must be an integer"},
        {&tagged, "{\"partition\": 2.0, \"offset\": 5}",
         "\"partition\" is 2.0, must be an integer"},
        {&tagged, "{\"partition\": null, \"offset\": 5}",
         "\"partition\" is null, must be an integer"},
        {&monthly, "{\"partition\": {}, \"offset\": 5}", "\"partition\" is {}, must be an integer"},
        {&tagged, "{\"partition\": 2, \"offset\": -1}", "\"offset\" is -1, must be at least 0"},
        {&monthly, "{\"partition\": 2, \"offset\": 5.5}", "\"offset\" is 5.5, must be an integer"},
        {&tagged, "[]", "is not an object"},
        {&monthly, "[]", "is not an object"},
        /* Stations of a tagged file are those of a flat one. */
        {&tagged, TAGGED(", \"A\": 5"), "has an unknown key \"A\" that is not a station"},
        {&tagged, TAGGED(", \"A\": {}"), "station \"A\": lacks \"count\""},
        {&tagged, TAGGED(", \"A\": " YEAR("2000-01-02", "2000-01-01")),
         "station \"A\": \"start\" is after \"end\""},
        /* Months. */
        {&monthly, MONTHLY("\"Januar\": {}"), "has an unknown key \"Januar\"" MONTH_WAY_OUT},
        {&monthly, MONTHLY("\"january\": {}"), "has an unknown key \"january\"" MONTH_WAY_OUT},
        {&monthly, MONTHLY("\"\": {}"), "has an unknown key \"\"" MONTH_WAY_OUT},
        {&monthly, MONTHLY("\"January\": 5"), "has an unknown key \"January\"" MONTH_WAY_OUT},
        {&monthly, MONTHLY("\"January\": []"), "has an unknown key \"January\"" MONTH_WAY_OUT},
        {&monthly, MONTHLY("\"January\": null"), "has an unknown key \"January\"" MONTH_WAY_OUT},
        /* Years, as they are written. */
        {&monthly, JANUARY("\"00\": " JANUARY_2000), NO_YEAR("00")},
        {&monthly, JANUARY("\"0000\": " JANUARY_2000), NO_YEAR("0000")},
        {&monthly, JANUARY("\"20000\": " JANUARY_2000), NO_YEAR("20000")},
        {&monthly, JANUARY("\"200000000\": " JANUARY_2000), NO_YEAR("200000000")},
        {&monthly, JANUARY("\"02000\": " JANUARY_2000), NO_YEAR("02000")},
        {&monthly, JANUARY("\"200\": " JANUARY_2000), NO_YEAR("200")},
        {&monthly, JANUARY("\"2000 \": " JANUARY_2000), NO_YEAR("2000 ")},
        {&monthly, JANUARY("\"2000-\": " JANUARY_2000), NO_YEAR("2000-")},
        {&monthly, JANUARY("\"-200\": " JANUARY_2000), NO_YEAR("-200")},
        {&monthly, JANUARY("\"20x0\": " JANUARY_2000), NO_YEAR("20x0")},
        {&monthly, JANUARY("\"\": " JANUARY_2000), NO_YEAR("")},
        {&monthly, JANUARY("\"year\": " JANUARY_2000), NO_YEAR("year")},
        {&monthly, JANUARY("\"\xc3\xa4\xc3\xa4\": " JANUARY_2000), NO_YEAR("\xc3\xa4\xc3\xa4")},
        {&monthly, JANUARY("\"2000\": 5"), "\"January\" of \"2000\": is not an object"},
        {&monthly, JANUARY("\"2000\": []"), "\"January\" of \"2000\": is not an object"},
        {&monthly, JANUARY("\"2000\": null"), "\"January\" of \"2000\": is not an object"},
        {&monthly, JANUARY("\"2000\": {}"), "\"January\" of \"2000\": lacks \"count\""},
        {&monthly, JANUARY("\"2000\": {\"count\": 0}"),
         "\"January\" of \"2000\": \"count\" is 0, must be at least 1"},
        {&monthly, JANUARY("\"2000\": " JANUARY_2000 ", \"2001\": 5"),
         "\"January\" of \"2001\": is not an object"},
        /* Dates of that month of that year. */
        {&monthly, JANUARY("\"2000\": " YEAR("1999-12-31", "2000-01-31")), OUTSIDE},
        {&monthly, JANUARY("\"2000\": " YEAR("2000-01-01", "2000-02-01")), OUTSIDE},
        {&monthly, JANUARY("\"2000\": " YEAR("2000-01-31", "2001-01-01")), OUTSIDE},
        {&monthly, JANUARY("\"2000\": " YEAR("2001-01-01", "2001-01-31")), OUTSIDE},
        {&monthly, JANUARY("\"2000\": " YEAR("2000-02-01", "2000-02-02")), OUTSIDE},
        {&monthly, JANUARY("\"2000\": " YEAR("2000-01-31", "2000-01-01")),
         "\"January\" of \"2000\": \"start\" is after \"end\""},
        /* Files of another layout, with the way out. */
        {&flat, TAGGED(""), SET_TAGGED},
        {&flat, TAGGED(", \"A\": " JANUARY_2000), SET_TAGGED},
        {&flat, JANUARY("\"2000\": " JANUARY_2000), SET_TAGGED},
        {&tagged, "{\"offset\": 5, \"A\": " JANUARY_2000 "}", SET_FLAT},
        {&tagged, JANUARY("\"2000\": " JANUARY_2000),
         "station \"January\": has an unknown key \"2000\"; if the file was written with layout = "
         "monthly, set that"},
        {&monthly, "{\"offset\": 5, \"A\": " JANUARY_2000 "}",
         "has an unknown key \"A\"" MONTH_WAY_OUT},
        {&monthly, TAGGED(", \"A\": " JANUARY_2000), "has an unknown key \"A\"" MONTH_WAY_OUT},
        /* A station may be called as a month is. */
        {&monthly, TAGGED(", \"January\": " JANUARY_2000), NO_YEAR("count")},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct partition partition;
        int64_t offset = UNTOUCHED;
        int result = load_as(cases[i].settings, cases[i].text, &partition, &offset, &error);

        if (result != JSON_E_BAD)
            fail_msg("%s gave %d", cases[i].text, result);
        if (strcmp(error.text, cases[i].message) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].text, error.text, cases[i].message);
        assert_true(offset == UNTOUCHED);
        partition_fini(&partition);
    }
}

static void
nothing_stands_twice(void **state)
{
#define TWICE(key) "has a key that stands twice, \"" key "\""
/* 16 KB of blanks: what is behind them is read by itself */
#define B16  "                "
#define B256 B16 B16 B16 B16 B16 B16 B16 B16 B16 B16 B16 B16 B16 B16 B16 B16
#define B4K  B256 B256 B256 B256 B256 B256 B256 B256 B256 B256 B256 B256 B256 B256 B256 B256
#define FAR  B4K B4K B4K B4K
    static const struct {
        const struct partition_settings *settings;
        const char *text, *message;
    } cases[] = {
        {&monthly, JANUARY("\"2000\": " JANUARY_2000 ", \"2000\": " JANUARY_2000),
         "has a key that stands twice in its object"},
        {&monthly, JANUARY("\"2000\": " JANUARY_2000 ", \"200\\u0030\": " JANUARY_2000),
         "has a key that stands twice in its object"},
        {&monthly, MONTHLY("\"January\": {}" FAR ", \"January\": {}"), TWICE("January")},
        {&tagged, "{\"partition\": 2" FAR ", \"partition\": 2, \"offset\": 5}", TWICE("partition")},
        {&flat, "{\"offset\": 5" FAR ", \"offset\": 5}", TWICE("offset")},
        {&tagged, TAGGED(", \"A\": " JANUARY_2000 FAR ", \"A\": " JANUARY_2000), TWICE("A")},
        {&tagged, TAGGED(", \"A\": " JANUARY_2000 FAR ", \"\\u0041\": 5"), TWICE("A")},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct error error = ERROR_INIT;
        struct partition partition;
        int64_t offset;

        if (load_as(cases[i].settings, cases[i].text, &partition, &offset, &error) != JSON_E_BAD)
            fail_msg("%s is taken", cases[i].text);
        assert_string_equal(error.text, cases[i].message);
        partition_fini(&partition);
    }
}

#define STATION(date, degrees)                                                                     \
    "\"count\": 1, \"sum\": " degrees ", \"avg\": " degrees ", \"start\": \"" date                 \
    "\", \"end\": \"" date "\", \"min\": " degrees ", \"min_date\": \"" date                       \
    "\", \"max\": " degrees ", \"max_date\": \"" date "\""

/* Without its blanks: what is between the tokens is the writer's, and tested there. */
static char *
squeeze(const char *text)
{
    char *squeezed = calloc(1, strlen(text) + 1), *end = squeezed;

    assert_non_null(squeezed);
    for (; *text; text++)
        if (!strchr(" \n", *text))
            *end++ = *text;
    return squeezed;
}

static void
assert_round_trip(const struct partition_settings *settings, const char *text)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    char *expected = squeeze(text), *again, *squeezed;
    int64_t offset;

    if (load_as(settings, text, &partition, &offset, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    again = write_out(&partition, offset);
    squeezed = squeeze(again);
    assert_string_equal(squeezed, expected);
    free(squeezed);
    free(again);
    free(expected);
    partition_fini(&partition);
}

static void
a_tagged_file_comes_back_as_it_was(void **state)
{
    static const struct partition_settings last = {.number = INT32_MAX, .layout = PARTITION_TAGGED};

    assert_round_trip(&tagged, TAGGED(""));
    assert_round_trip(&tagged,
                      TAGGED(", \"B\": {" STATION("2000-01-01", "1.5") "}, \"A\": {" STATION(
                          "1999-12-31", "-2") "}, \"January\": {" STATION("1999-12-31", "0") "}"));
    assert_round_trip(&last, "{\"partition\": 2147483647, \"offset\": 9223372036854775806}");
}

/* Months and, in each, years stand in the order of their first appearance. */
static void
a_monthly_file_comes_back_as_it_was(void **state)
{
    static const char all[] =
        MONTHLY("\"March\": {\"2001\": {" STATION("2001-03-31", "1.5") "}, \"1999\": {" STATION(
            "1999-03-01",
            "2") "}},"
                 "\"January\": {\"9999\": {" STATION("9999-01-31", "3") "}, \"0001\": {" STATION(
                     "0001-01-01",
                     "4") "}, \"2000\": {" STATION("2000-01-15",
                                                   "5") "}},"
                                                        "\"December\": {\"2000\": {" STATION(
                                                            "2000-12-31",
                                                            "6") "}},"
                                                                 "\"February\": {\"2000\": "
                                                                 "{" STATION("2000-02-29",
                                                                             "7") "}}");
    struct error error = ERROR_INIT;
    struct partition partition;
    int64_t offset;
    char *text;

    assert_round_trip(&monthly, "{\"partition\": 2, \"offset\": 5}");
    assert_round_trip(&monthly, all);

    /* A month without years is none. */
    assert_int_equal(load_as(&monthly, MONTHLY("\"May\": {}"), &partition, &offset, &error), 0);
    text = write_out(&partition, offset);
    assert_string_equal(text, "{\n  \"partition\": 2,\n  \"offset\": 5\n}\n");
    free(text);
    partition_fini(&partition);
}

static void
a_monthly_file_is_written_as_the_contract_says(void **state)
{
    static const struct {
        const char *date;
        double degrees;
    } reports[] = {
        {"2000-03-31", 1}, {"2000-01-01", 2}, {"2001-03-01", 3},
        {"2000-01-02", 4}, {"1999-03-05", 5},
    };
    struct partition partition;
    char *text;

    partition_init(&partition, &monthly, &policy, 1);
    for (size_t i = 0; i < N_ELEMENTS(reports); i++) {
        struct report report = {
            .station = "A", .station_length = i % 2, .degrees = reports[i].degrees};
        uint8_t buffer[REPORT_PROTOBUF_MAX];
        struct error error = ERROR_INIT;

        assert_true(date_parse(reports[i].date, DATE_LENGTH, &report.date));
        assert_int_equal(
            partition_apply(&partition, buffer, report_protobuf_write(&report, buffer), &error),
            PARTITION_COUNTED);
    }
    text = write_out(&partition, 5);
    assert_true(text == strstr(text, "{\n"
                                     "  \"partition\": 2,\n"
                                     "  \"offset\": 5,\n"
                                     "  \"March\": {\n"
                                     "    \"2000\": {\n"
                                     "      \"count\": 1,\n"));
    assert_non_null(strstr(text, "  \"January\": {\n"
                                 "    \"2000\": {\n"
                                 "      \"count\": 2,\n"
                                 "      \"sum\": 6,\n"
                                 "      \"avg\": 3,\n"
                                 "      \"start\": \"2000-01-01\",\n"
                                 "      \"end\": \"2000-01-02\",\n"
                                 "      \"min\": 2,\n"
                                 "      \"min_date\": \"2000-01-01\",\n"
                                 "      \"max\": 4,\n"
                                 "      \"max_date\": \"2000-01-02\"\n"
                                 "    }\n"
                                 "  }\n"
                                 "}\n"));
    /* March: 2000, 2001, 1999, each after the other, and before January. */
    assert_true(strstr(text, "\"2000-03-31\"") < strstr(text, "\"2001\": {"));
    assert_true(strstr(text, "\"2001\": {") < strstr(text, "\"1999\": {"));
    assert_true(strstr(text, "\"1999\": {") < strstr(text, "\"January\": {"));
    free(text);
    partition_fini(&partition);
}

/* The same by months, although a file does not say in which order those of two years were met. */
static void
a_restart_leaves_no_trace_in_months(void **state)
{
    const struct partition_policy keep = {PARTITION_KEEP, PARTITION_KEEP, 1000};

    for (int round = 0; round < 50; round++) {
        struct partition straight, restarted;
        char *texts[2];

        partition_init(&straight, &monthly, &keep, 1);
        partition_init(&restarted, &monthly, &keep, 2);
        for (int64_t offset = 0; offset < 200; offset++) {
            const struct report report = {"A", 1, (int32_t)(10957 + random() % 1000),
                                          random_degrees(), REPORT_RAIN_UNKNOWN};
            uint8_t buffer[REPORT_PROTOBUF_MAX];
            size_t length = report_protobuf_write(&report, buffer);
            struct error error = ERROR_INIT;

            partition_apply(&straight, buffer, length, &error);
            partition_apply(&restarted, buffer, length, &error);
            if (random() % 10 == 0) {
                char *text = write_out(&restarted, offset);

                partition_fini(&restarted);
                if (load_as(&monthly, text, &restarted, &(int64_t){0}, &error) != 0)
                    fail_msg("%s: %s", text, error.text);
                restarted.policy = &keep;
                free(text);
            }
        }
        texts[0] = write_out(&straight, 200);
        texts[1] = write_out(&restarted, 200);
        assert_string_equal(texts[0], texts[1]);
        free(texts[0]);
        free(texts[1]);
        partition_fini(&straight);
        partition_fini(&restarted);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(a_file_of_ours_comes_back_as_it_was),
        cmocka_unit_test(there_is_no_negative_zero),
        cmocka_unit_test(a_station_is_read_value_by_value),
        cmocka_unit_test(files_of_other_programs_are_taken_over),
        cmocka_unit_test(extremes_that_are_not_known_stay_unknown),
        cmocka_unit_test(a_restart_leaves_no_trace),
        cmocka_unit_test(a_negative_zero_leaves_no_trace),
        cmocka_unit_test(a_large_whole_number_is_not_clamped),
        cmocka_unit_test(bad_tagged_and_monthly_files_are_refused),
        cmocka_unit_test(nothing_stands_twice),
        cmocka_unit_test(a_tagged_file_comes_back_as_it_was),
        cmocka_unit_test(a_monthly_file_comes_back_as_it_was),
        cmocka_unit_test(a_monthly_file_is_written_as_the_contract_says),
        cmocka_unit_test(a_restart_leaves_no_trace_in_months),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
