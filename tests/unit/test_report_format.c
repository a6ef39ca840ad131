/* SPDX-License-Identifier: MIT */

/* Which format a record is taken for, and that each that is written is read again. */

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

#include "record/report_format.h"
#include "records.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define BYTES(bytes) bytes, sizeof(bytes) - 1

#define AUTO     REPORT_FORMAT_AUTO
#define PROTOBUF REPORT_FORMAT_PROTOBUF
#define JSON     REPORT_FORMAT_JSON
#define REPORT   REPORT_SCHEMA_REPORT
#define STATION  REPORT_SCHEMA_STATION_REPORT

#define FRAME "\x00\x00\x00\x00\x07"
#define THE_REPORT                                                                                 \
    "\x0a\x0a"                                                                                     \
    "2000-01-03\x11\x00\x00\x00\x00\x00\x80\x3f\x40\x1a\x01"                                       \
    "A"
#define THE_STATION_REPORT                                                                         \
    "\x0a\x0a"                                                                                     \
    "2000-01-03\x12\x01"                                                                           \
    "A\x19\x00\x00\x00\x00\x00\x80\x3f\x40"
#define THE_JSON "{\"date\":\"2000-01-03\",\"station\":\"A\",\"degrees\":31.5}"
#define THE_DATE 10959

#define LOOKS_FRAMED                                                                               \
    "it begins with a zero byte, as Confluent framing does, which format = auto reads"
#define NO_REPORT  "it is not a protobuf Report"
#define NO_STATION "it is not a protobuf StationReport"
#define IN_FRAME   "in Confluent framing, schema id 7: "

static void
bad_records_are_refused(void **state)
{
    static const struct {
        enum report_format format;
        enum report_schema schema;
        const char *bytes;
        size_t length;
        const char *message;
    } cases[] = {
        {AUTO, REPORT, BYTES(""), "it is empty"},
        {PROTOBUF, REPORT, BYTES(""), "it is empty"},
        {JSON, REPORT, BYTES(""), "it is empty"},
        {AUTO, REPORT, BYTES("x"), NO_REPORT},
        {AUTO, REPORT, BYTES(THE_STATION_REPORT), NO_REPORT},
        {AUTO, STATION, BYTES(THE_REPORT), NO_STATION},
        {AUTO, REPORT, BYTES(" " THE_JSON), NO_REPORT},
        {AUTO, REPORT, BYTES("{"), "it ends too early, after 1 bytes"},
        {AUTO, REPORT, BYTES("{}"), "\"date\" is missing"},
        {AUTO, REPORT, BYTES("\x00"), "Confluent framing is cut after 1 bytes"},
        {AUTO, REPORT, BYTES(FRAME), "Confluent framing is cut after 5 bytes"},
        {AUTO, REPORT, BYTES(FRAME "\x02\x04" THE_REPORT),
         "Confluent framing names message 2; only the first message of a schema (0) is read"},
        {AUTO, REPORT, BYTES(FRAME "\x00"),
         IN_FRAME "the date is not one that exists, as YYYY-MM-DD"},
        {AUTO, REPORT, BYTES(FRAME "\x00" THE_JSON), IN_FRAME NO_REPORT},
        {AUTO, REPORT, BYTES(FRAME "\x00" THE_STATION_REPORT), IN_FRAME NO_REPORT},
        {AUTO, STATION, BYTES(FRAME "\x00" THE_REPORT), IN_FRAME NO_STATION},
        {AUTO, REPORT, BYTES(FRAME FRAME "\x00" THE_REPORT), IN_FRAME NO_REPORT},
        {AUTO, REPORT, BYTES(FRAME "{}"), IN_FRAME "\"date\" is missing"},
        {PROTOBUF, REPORT, BYTES(THE_JSON), NO_REPORT},
        {PROTOBUF, STATION, BYTES(THE_JSON), NO_STATION},
        {PROTOBUF, REPORT, BYTES("\x00"), LOOKS_FRAMED},
        {PROTOBUF, STATION, BYTES(FRAME "\x00" THE_STATION_REPORT), LOOKS_FRAMED},
        {JSON, REPORT, BYTES(FRAME THE_JSON), LOOKS_FRAMED},
        {JSON, REPORT, BYTES("x"), "it is not valid JSON at byte 0: unexpected character"},
        {JSON, REPORT, BYTES("1 "), "it is not a JSON object"},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct report_reader reader = {.format = cases[i].format, .schema = cases[i].schema};
        void *bytes = copy_of(cases[i].bytes, cases[i].length);
        struct error error = ERROR_INIT;
        struct report report;

        if (report_reader_read(&reader, bytes, cases[i].length, &report, &error) != -EBADMSG)
            fail_msg("case %zu was read", i);
        if (strcmp(error.text, cases[i].message) != 0)
            fail_msg("case %zu: \"%s\", not \"%s\"", i, error.text, cases[i].message);
        assert_int_equal(report_reader_read(&reader, bytes, cases[i].length, &report, NULL),
                         -EBADMSG);
        report_reader_fini(&reader);
        free(bytes);
    }
    /* A tombstone has no payload at all. */
    assert_int_equal(report_reader_read(&(struct report_reader){.format = AUTO}, NULL, 0,
                                        &(struct report){.date = 0}, NULL),
                     -EBADMSG);
}

static void
each_format_is_recognised(void **state)
{
    static const struct {
        enum report_format format;
        enum report_schema schema;
        const char *bytes;
        size_t length;
    } cases[] = {
        {AUTO, REPORT, BYTES(THE_REPORT)},
        {AUTO, STATION, BYTES(THE_STATION_REPORT)},
        {AUTO, REPORT, BYTES(THE_JSON)},
        {AUTO, STATION, BYTES(THE_JSON)},
        {AUTO, REPORT, BYTES(FRAME "\x00" THE_REPORT)},
        {AUTO, REPORT, BYTES(FRAME "\x02\x00" THE_REPORT)},
        {AUTO, STATION, BYTES(FRAME "\x00" THE_STATION_REPORT)},
        {AUTO, REPORT, BYTES(FRAME THE_JSON)},
        {AUTO, STATION, BYTES(FRAME THE_JSON)},
        {PROTOBUF, REPORT, BYTES(THE_REPORT)},
        {PROTOBUF, STATION, BYTES(THE_STATION_REPORT)},
        {JSON, REPORT, BYTES(THE_JSON)},
        {JSON, STATION, BYTES("\r\n" THE_JSON "\n")},
    };
    static const struct report expected = {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN};
    struct report_reader reader = {.format = AUTO};

    /* Twice, one reader for all: what it holds of one format is no matter for the next. */
    for (size_t i = 0; i < 2 * N_ELEMENTS(cases); i++) {
        size_t length = cases[i / 2].length;
        void *bytes = copy_of(cases[i / 2].bytes, length);
        struct error error = ERROR_INIT;
        struct report report;

        reader.format = cases[i / 2].format;
        reader.schema = cases[i / 2].schema;
        if (report_reader_read(&reader, bytes, length, &report, &error) != 0)
            fail_msg("case %zu: %s", i / 2, error.text);
        check_report(i / 2, &report, &expected);
        free(bytes);
    }
    report_reader_fini(&reader);
    report_reader_fini(&reader);
}

/* Cut anywhere, a framed record is refused, but for where the next field would begin. */
static void
a_cut_record_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        size_t good[2];
    } cases[] = {
        {BYTES(FRAME "\x00" THE_REPORT), {6 + 12, 6 + 21}},
        {BYTES(FRAME THE_JSON), {0, 0}},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++)
        for (size_t length = 0; length < cases[i].length; length++) {
            bool is_good = length > 0 && (length == cases[i].good[0] || length == cases[i].good[1]);
            struct report_reader reader = {.format = AUTO};
            void *bytes = copy_of(cases[i].bytes, length);
            struct report report;

            if (report_reader_read(&reader, bytes, length, &report, NULL) !=
                (is_good ? 0 : -EBADMSG))
                fail_msg("case %zu, %zu bytes", i, length);
            report_reader_fini(&reader);
            free(bytes);
        }
}

static double
random_degrees(void)
{
    double degrees;

    do {
        uint64_t bits = (uint64_t)random() << 62 ^ (uint64_t)random() << 31 ^ (uint64_t)random();

        memcpy(&degrees, &bits, sizeof(bits));
    } while (!isfinite(degrees));
    return random() % 2 ? degrees : (double)(random() % 20000 - 10000) / 100;
}

/* Of characters of each length, and those that JSON escapes. */
static size_t
random_station(char station[REPORT_STATION_MAX])
{
    static const char *const characters[] = {"A", "b", " ", "\"", "\\", "/", "é", "東", "😀"};
    size_t wanted = random() % 4 ? 1 + (size_t)random() % 12 : REPORT_STATION_MAX, length = 0;

    while (length < wanted) {
        const char *character = characters[(size_t)random() % N_ELEMENTS(characters)];

        if (length + strlen(character) > REPORT_STATION_MAX)
            break;
        memcpy(station + length, character, strlen(character));
        length += strlen(character);
    }
    return length;
}

static void
random_reports_come_back(void **state)
{
    struct report_reader readers[] = {{.format = AUTO}, {.format = PROTOBUF}, {.format = JSON}};

    for (size_t i = 0; i < 100000; i++) {
        enum report_format format = i % 2 ? JSON : PROTOBUF;
        enum report_schema schema = i / 2 % 2 ? STATION : REPORT;
        char station[REPORT_STATION_MAX];
        struct report report = {.station = station,
                                .station_length = random_station(station),
                                .date = (int32_t)(random() % (DATE_MAX - DATE_MIN + 1)) + DATE_MIN,
                                .degrees = random_degrees(),
                                .rain = (enum report_rain)(random() % 3)};
        uint8_t buffer[6 + REPORT_SIZE_MAX] = {0};
        size_t length = report_write(format, schema, &report, buffer + 6);
        size_t frame = format == JSON ? 5 : 6;
        struct report again;

        assert_true(length <= REPORT_SIZE_MAX);
        readers[AUTO].schema = readers[format].schema = schema;
        assert_int_equal(report_reader_read(&readers[format], buffer + 6, length, &again, NULL), 0);
        check_report(i, &again, &report);
        assert_int_equal(report_reader_read(&readers[AUTO], buffer + 6, length, &again, NULL), 0);
        check_report(i, &again, &report);
        assert_int_equal(
            report_reader_read(&readers[AUTO], buffer + 6 - frame, frame + length, &again, NULL),
            0);
        check_report(i, &again, &report);
        assert_int_equal(report_check(&again, NULL), 0);
    }
    for (size_t i = 0; i < N_ELEMENTS(readers); i++)
        report_reader_fini(&readers[i]);
}

/* The largest report that there is has room in each format. */
static void
the_largest_report_fits(void **state)
{
    char station[REPORT_STATION_MAX];
    const struct report report = {station, sizeof(station), DATE_MAX, -1.2345678901234567e-300,
                                  REPORT_RAINING};
    struct report_reader reader = {.format = AUTO};
    uint8_t *buffer = malloc(REPORT_SIZE_MAX);

    assert_non_null(buffer);
    memset(station, '"', sizeof(station));
    for (unsigned i = 0; i < 4; i++) {
        struct report again;
        size_t length;

        reader.schema = i % 2 ? STATION : REPORT;
        length = report_write(i / 2 ? JSON : PROTOBUF, reader.schema, &report, buffer);
        assert_true(length <= REPORT_SIZE_MAX);
        assert_int_equal(report_reader_read(&reader, buffer, length, &again, NULL), 0);
        check_report(i, &again, &report);
    }
    report_reader_fini(&reader);
    free(buffer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_records_are_refused), cmocka_unit_test(each_format_is_recognised),
        cmocka_unit_test(a_cut_record_is_refused), cmocka_unit_test(random_reports_come_back),
        cmocka_unit_test(the_largest_report_fits),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
