/* SPDX-License-Identifier: MIT */

/*
 * Reports in protobuf: what is refused, what is read as what, and that the short way and
 * protobuf-c's mean the same, on millions of damaged records.
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

#include "record/report_protobuf.h"
#include "records.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define X32  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X127 X32 X32 X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

#define BYTES(bytes) bytes, sizeof(bytes) - 1

/* The fields, on the wire. */
#define DATE                                                                                       \
    "\x0a\x0a"                                                                                     \
    "2000-01-03"
#define DEGREES "\x11\x00\x00\x00\x00\x00\x80\x3f\x40" /* 31.5 */
#define STATION                                                                                    \
    "\x1a\x01"                                                                                     \
    "A"
/* The same in the other schema; date and raining have the same numbers. */
#define STATION_2                                                                                  \
    "\x12\x01"                                                                                     \
    "A"
#define DEGREES_2 "\x19\x00\x00\x00\x00\x00\x80\x3f\x40"
#define RAINING   "\x20\x01"
#define DRY       "\x20\x00"
#define NAN_      "\x11\x00\x00\x00\x00\x00\x00\xf8\x7f"
#define INFINITE  "\x11\x00\x00\x00\x00\x00\x00\xf0\x7f"
#define NOT_BELOW "\x11\x00\x00\x00\x00\x00\x00\xf0\xff"

#define NO_DATE   "the date is not one that exists, as YYYY-MM-DD"
#define NO_NUMBER "degrees is not a finite number"
#define NO_REPORT "it is not a protobuf Report"

#define NO_STATION_REPORT "it is not a protobuf StationReport"

static void
bad_records_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *message;
    } cases[] = {
        /* Before any date has been read. */
        {BYTES("\x0a\x0a"
               "\0\0\0\0\0\0\0\0\0\0" DEGREES STATION),
         NO_DATE},
        {BYTES(""), NO_DATE},
        {BYTES(DEGREES STATION), NO_DATE},
        {BYTES("\x0a\x00" DEGREES STATION), NO_DATE},
        {BYTES(DATE "\x0a\x00" DEGREES STATION), NO_DATE},
        {BYTES("\x0a\x0a"
               "2000-02-30" DEGREES STATION),
         NO_DATE},
        {BYTES("\x0a\x0a"
               "2000/01/03" DEGREES STATION),
         NO_DATE},
        {BYTES("\x0a\x0a"
               "0000-01-03" DEGREES STATION),
         NO_DATE},
        {BYTES("\x0a\x09"
               "2000-01-3" DEGREES STATION),
         NO_DATE},
        {BYTES("\x0a\x0b"
               "2000-01-03 " DEGREES STATION),
         NO_DATE},
        {BYTES("\x0a\x0b"
               "2000-01-03\0" DEGREES STATION),
         NO_DATE},
        {BYTES("\x0a\x0c"
               "2000-01-03\0x" DEGREES STATION),
         NO_DATE},
        {BYTES("\x0a\x0a"
               "2000-01-0\0" DEGREES STATION),
         NO_DATE},
        {BYTES(DATE NAN_ STATION), NO_NUMBER},
        {BYTES(DATE INFINITE STATION), NO_NUMBER},
        {BYTES(DATE NOT_BELOW STATION), NO_NUMBER},
        {BYTES(DATE DEGREES NAN_ STATION), NO_NUMBER},
        /* Cut, or longer than they are. */
        {BYTES("\x0a"), NO_REPORT},
        {BYTES("\x0a\x0a"
               "2000-01-0"),
         NO_REPORT},
        {BYTES(DATE STATION "\x11\x00\x00\x00\x00\x00\x80\x3f"), NO_REPORT},
        {BYTES(DATE STATION "\x11"), NO_REPORT},
        {BYTES(DATE DEGREES "\x1a"), NO_REPORT},
        {BYTES(DATE DEGREES "\x1a\x02"
                            "A"),
         NO_REPORT},
        {BYTES(DATE DEGREES "\x1a\x7f"
                            "A"),
         NO_REPORT},
        {BYTES(DATE DEGREES "\x1a\xff\xff\xff\xff\x07"
                            "A"),
         NO_REPORT},
        {BYTES(DATE DEGREES "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                            "A"),
         NO_REPORT},
        {BYTES(DATE DEGREES STATION "\x20"), NO_REPORT},
        {BYTES(DATE DEGREES STATION "\x20\x80"), NO_REPORT},
        {BYTES(DATE DEGREES STATION "\x80"), NO_REPORT},
        {BYTES(DATE DEGREES STATION "\x00"), NO_REPORT}, /* field 0 */
        {BYTES(DATE DEGREES STATION "\x00\x01"), NO_REPORT},
        {BYTES(DATE "\x05\x00\x00\x00\x00" DEGREES STATION), NO_REPORT},
        {BYTES(DATE DEGREES "\x80\x00\x00" STATION), NO_REPORT},
        {BYTES(DATE DEGREES STATION "\x2b"), NO_REPORT},     /* a group */
        {BYTES(DATE DEGREES STATION "\x2f\x00"), NO_REPORT}, /* wire type 7 */
        {BYTES(DATE DEGREES STATION "\x2a\x05\x00"), NO_REPORT},
        /* A known field in another wire type. */
        {BYTES("\x08\x00" DEGREES STATION), NO_REPORT},
        {BYTES(DATE "\x15\x00\x00\x80\x3f" STATION), NO_REPORT},
        {BYTES(DATE DEGREES "\x18\x01"), NO_REPORT},
        {BYTES("{\"date\":\"2000-01-03\",\"station\":\"A\",\"degrees\":31.5}"), NO_REPORT},
    };
    struct report_protobuf reader = {.unpacked = NULL};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        void *bytes = copy_of(cases[i].bytes, cases[i].length);
        struct error error = ERROR_INIT;
        struct report report;

        if (report_protobuf_read(&reader, REPORT_SCHEMA_REPORT, bytes, cases[i].length, &report,
                                 &error) != -EBADMSG)
            fail_msg("case %zu was read", i);
        if (strcmp(error.text, cases[i].message) != 0)
            fail_msg("case %zu: \"%s\", not \"%s\"", i, error.text, cases[i].message);
        assert_int_equal(report_protobuf_read(&reader, REPORT_SCHEMA_REPORT, bytes, cases[i].length,
                                              &report, NULL),
                         -EBADMSG);
        free(bytes);
    }
    assert_int_equal(report_protobuf_read(&reader, REPORT_SCHEMA_REPORT, NULL, 0,
                                          &(struct report){.date = 0}, NULL),
                     -EBADMSG);
    report_protobuf_fini(&reader);
}

#define THE_DATE 10959 /* 2000-01-03 */

static void
good_records_are_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        struct report report;
    } cases[] = {
        {BYTES(DATE DEGREES STATION RAINING), {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        {BYTES(DATE DEGREES STATION DRY), {"A", 1, THE_DATE, 31.5, REPORT_DRY}},
        {BYTES(DATE DEGREES STATION), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        /* Writers of proto3 leave a zero out. */
        {BYTES(DATE STATION), {"A", 1, THE_DATE, 0, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE STATION "\x11\x00\x00\x00\x00\x00\x00\x00\x80"),
         {"A", 1, THE_DATE, -0.0, REPORT_RAIN_UNKNOWN}},
        /* No station is an empty one, which is for report_check() to refuse. */
        {BYTES(DATE DEGREES), {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE), {"", 0, THE_DATE, 0, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x00"), {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x80\x00"), {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x28\x01"), {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES STATION "\x1a\x00"), {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        /* In any order. */
        {BYTES(RAINING STATION DEGREES DATE), {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        {BYTES(STATION DATE RAINING DEGREES), {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        /* The last of several counts. */
        {BYTES(DATE DEGREES STATION "\x1a\x02"
                                    "BC"),
         {"BC", 2, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES("\x0a\x03"
               "bad" DATE DEGREES STATION),
         {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(NAN_ DATE DEGREES STATION), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES STATION RAINING DRY), {"A", 1, THE_DATE, 31.5, REPORT_DRY}},
        {BYTES(DATE DEGREES STATION DRY RAINING), {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        /* Unknown fields, of each wire type. */
        {BYTES(DATE DEGREES STATION "\x28\x96\x01"), {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES("\x29\x01\x02\x03\x04\x05\x06\x07\x08" DATE DEGREES STATION),
         {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE "\x2a\x03\x00\xff\x0a" DEGREES STATION),
         {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x2d\x01\x02\x03\x04" STATION RAINING),
         {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        {BYTES(DATE DEGREES STATION "\xfa\xff\xff\xff\x0f\x00"),
         {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        /* Long encodings of tags, lengths and booleans. */
        {BYTES("\x8a\x00\x0a"
               "2000-01-03" DEGREES STATION),
         {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x81\x00"
                            "A"),
         {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES STATION "\x20\x02"), {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        {BYTES(DATE DEGREES STATION "\x20\x80\x01"), {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        {BYTES(DATE DEGREES STATION "\x20\x80\x00"), {"A", 1, THE_DATE, 31.5, REPORT_DRY}},
        /* A NUL hides nothing. That it is no id is for report_check() to say. */
        {BYTES(DATE DEGREES "\x1a\x03"
                            "A\0B"),
         {"A\0B", 3, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x83\x00"
                            "A\0B"),
         {"A\0B", 3, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x81\x00\x00"), {"\0", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x02\xff\n"), {"\xff\n", 2, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        /* Lengths around the one that takes a second byte. */
        {BYTES(DATE DEGREES "\x1a\x7f" X127), {X127, 127, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x80\x01" X127 "y"),
         {X127 "y", 128, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES "\x1a\x80\x02" X127 X127 "yz"),
         {X127 X127 "yz", 256, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    };
    struct report_protobuf reader = {.unpacked = NULL};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        void *bytes = copy_of(cases[i].bytes, cases[i].length);
        struct error error = ERROR_INIT;
        struct report report;

        if (report_protobuf_read(&reader, REPORT_SCHEMA_REPORT, bytes, cases[i].length, &report,
                                 &error) != 0)
            fail_msg("case %zu: %s", i, error.text);
        check_report(i, &report, &cases[i].report);
        if (report_protobuf_read_slowly(&reader, REPORT_SCHEMA_REPORT, bytes, cases[i].length,
                                        &report, &error) != 0)
            fail_msg("case %zu, slowly: %s", i, error.text);
        check_report(i, &report, &cases[i].report);
        free(bytes);
    }
    report_protobuf_fini(&reader);
    report_protobuf_fini(&reader);
}

static void
station_reports_are_told_from_reports(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *message; /* NULL: it is read */
        struct report report;
    } cases[] = {
        {BYTES(""), NO_DATE, {NULL}},
        {BYTES(STATION_2 DEGREES_2), NO_DATE, {NULL}},
        {BYTES(DATE STATION_2 "\x19\x00\x00\x00\x00\x00\x00\xf8\x7f"), NO_NUMBER, {NULL}},
        {BYTES(DATE DEGREES STATION), NO_STATION_REPORT, {NULL}},
        {BYTES(DATE STATION), NO_STATION_REPORT, {NULL}},
        {BYTES(DATE DEGREES), NO_STATION_REPORT, {NULL}},
        {BYTES(DATE STATION_2 "\x19\x00"), NO_STATION_REPORT, {NULL}},
        {BYTES(DATE STATION_2 DEGREES_2 RAINING), NULL, {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        {BYTES(RAINING DEGREES_2 STATION_2 DATE), NULL, {"A", 1, THE_DATE, 31.5, REPORT_RAINING}},
        {BYTES(DATE STATION_2 DEGREES_2 DRY), NULL, {"A", 1, THE_DATE, 31.5, REPORT_DRY}},
        {BYTES(DATE STATION_2), NULL, {"A", 1, THE_DATE, 0, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES_2), NULL, {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES_2 "\x12\x00"), NULL, {"", 0, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
        {BYTES(DATE DEGREES_2 "\x12\x81\x00"
                              "A\x28\x01"),
         NULL,
         {"A", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}},
    };
    struct report_protobuf reader = {.unpacked = NULL};

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        void *bytes = copy_of(cases[i].bytes, cases[i].length);
        struct error error = ERROR_INIT;
        struct report report;
        int result = report_protobuf_read(&reader, REPORT_SCHEMA_STATION_REPORT, bytes,
                                          cases[i].length, &report, &error);

        if (result != (cases[i].message ? -EBADMSG : 0))
            fail_msg("case %zu gave %d: %s", i, result, error.text);
        if (cases[i].message)
            assert_string_equal(error.text, cases[i].message);
        else
            check_report(i, &report, &cases[i].report);
        free(bytes);
    }
    /* Nor is the other read as a report. */
    assert_int_equal(report_protobuf_read(&reader, REPORT_SCHEMA_REPORT,
                                          BYTES(DATE STATION_2 DEGREES_2), &(struct report){0},
                                          NULL),
                     -EBADMSG);
    report_protobuf_fini(&reader);
}

/* One reader for both, in turn: what it holds of the one is released as what it is. */
static void
a_reader_may_change_its_schema(void **state)
{
    struct report_protobuf reader = {.unpacked = NULL};
    struct report report;

    for (int i = 0; i < 4; i++) {
        assert_int_equal(report_protobuf_read_slowly(&reader, REPORT_SCHEMA_REPORT,
                                                     BYTES(DATE DEGREES STATION), &report, NULL),
                         0);
        assert_int_equal(report_protobuf_read_slowly(&reader, REPORT_SCHEMA_STATION_REPORT,
                                                     BYTES(DATE DEGREES_2 STATION_2), &report,
                                                     NULL),
                         0);
    }
    report_protobuf_fini(&reader);
}

/* What is written, to the byte: other languages' programs read it. */
static void
reports_are_written_as_protobuf(void **state)
{
    static const struct {
        struct report report;
        const char *bytes;
        size_t length;
    } cases[] = {
        {{"A", 1, THE_DATE, 31.5, REPORT_RAINING}, BYTES(DATE DEGREES STATION RAINING)},
        {{"A", 1, THE_DATE, 31.5, REPORT_DRY}, BYTES(DATE DEGREES STATION DRY)},
        {{"Ax", 1, THE_DATE, 31.5, REPORT_RAIN_UNKNOWN}, BYTES(DATE DEGREES STATION)},
    };
    uint8_t buffer[REPORT_PROTOBUF_MAX];

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        assert_int_equal(report_protobuf_write(&cases[i].report, buffer), cases[i].length);
        assert_memory_equal(buffer, cases[i].bytes, cases[i].length);
    }
    assert_int_equal(report_protobuf_write_station_report(&cases[0].report, buffer),
                     sizeof(DATE STATION_2 DEGREES_2 RAINING) - 1);
    assert_memory_equal(buffer, DATE STATION_2 DEGREES_2 RAINING,
                        sizeof(DATE STATION_2 DEGREES_2 RAINING) - 1);
    assert_int_equal(report_protobuf_write_station_report(&cases[2].report, buffer),
                     sizeof(DATE STATION_2 DEGREES_2) - 1);
    assert_memory_equal(buffer, DATE STATION_2 DEGREES_2, sizeof(DATE STATION_2 DEGREES_2) - 1);
}

static size_t
write_as(enum report_schema schema, const struct report *report, uint8_t *buffer)
{
    return schema == REPORT_SCHEMA_REPORT ? report_protobuf_write(report, buffer)
                                          : report_protobuf_write_station_report(report, buffer);
}

static double
random_degrees(void)
{
    double degrees;

    do {
        uint64_t bits = (uint64_t)random() << 62 ^ (uint64_t)random() << 31 ^ (uint64_t)random();

        memcpy(&degrees, &bits, sizeof(bits));
    } while (!isfinite(degrees));
    return random() % 4 ? degrees : (double)(random() % 3 - 1);
}

static struct report
random_report(char station[REPORT_STATION_MAX])
{
    struct report report = {
        .station = station,
        .station_length = random() % 4 ? 1 + (size_t)(random() % 12)
                                       : 1 + (size_t)(random() % REPORT_STATION_MAX),
        .date = (int32_t)(random() % (DATE_MAX - DATE_MIN + 1)) + DATE_MIN,
        .degrees = random_degrees(),
        .rain = (enum report_rain)(random() % 3),
    };

    for (size_t i = 0; i < report.station_length; i++)
        station[i] = (char)('A' + random() % 26);
    return report;
}

static void
random_reports_come_back(void **state)
{
    struct report_protobuf reader = {.unpacked = NULL};

    for (size_t i = 0; i < 100000; i++) {
        char station[REPORT_STATION_MAX];
        enum report_schema schema = (enum report_schema)(i % 2);
        struct report report = random_report(station), again;
        uint8_t buffer[REPORT_PROTOBUF_MAX];
        size_t length = write_as(schema, &report, buffer);

        assert_true(length <= sizeof(buffer));
        assert_int_equal(report_protobuf_read(&reader, schema, buffer, length, &again, NULL), 0);
        check_report(i, &again, &report);
        assert_int_equal(report_protobuf_read_slowly(&reader, schema, buffer, length, &again, NULL),
                         0);
        check_report(i, &again, &report);
        assert_int_equal(report_check(&again, NULL), 0);
    }
    report_protobuf_fini(&reader);
}

/* The largest report that there is has room. */
static void
the_largest_report_fits(void **state)
{
    char station[REPORT_STATION_MAX];
    struct report report = {station, sizeof(station), DATE_MAX, -1e-300, REPORT_RAINING}, again;
    struct report_protobuf reader = {.unpacked = NULL};
    uint8_t *buffer = malloc(REPORT_PROTOBUF_MAX);

    assert_non_null(buffer);
    memset(station, 'x', sizeof(station));
    for (unsigned i = 0; i < 2; i++) {
        enum report_schema schema = (enum report_schema)i;
        size_t length = write_as(schema, &report, buffer);

        assert_true(length <= REPORT_PROTOBUF_MAX);
        assert_int_equal(report_protobuf_read(&reader, schema, buffer, length, &again, NULL), 0);
        check_report(i, &again, &report);
    }
    report_protobuf_fini(&reader);
    free(buffer);
}

/* A few pieces that mean something, among bytes that do not. */
static size_t
insert_piece(uint8_t *message, size_t length)
{
    static const struct {
        const char *bytes;
        size_t length;
    } pieces[] = {
        {BYTES(DATE)},
        {BYTES(DEGREES)},
        {BYTES(STATION)},
        {BYTES(DEGREES_2)},
        {BYTES(STATION_2)},
        {BYTES(RAINING)},
        {BYTES(DRY)},
        {BYTES(NAN_)},
        {BYTES(INFINITE)},
        {BYTES("\x1a\x00")},
        {BYTES("\x12\x00")},
        {BYTES("\x20\x02")},
        {BYTES("\x00")},
        {BYTES("\x28\x01")},
        {BYTES("\x2a\x01x")},
        {BYTES("\x0a")},
        {BYTES("\x80")},
        {BYTES("\x20\x81\x00")},
        {BYTES("\x12")},
        {BYTES("\x1a\x81\x00"
               "B")},
    };
    size_t i = (size_t)random() % N_ELEMENTS(pieces), at = (size_t)random() % (length + 1);

    memmove(message + at + pieces[i].length, message + at, length - at);
    memcpy(message + at, pieces[i].bytes, pieces[i].length);
    return length + pieces[i].length;
}

static size_t
mutate(uint8_t *message, size_t length)
{
    for (long n = random() % 3; n > 0; n--) {
        size_t at = length ? (size_t)random() % length : 0;

        switch (random() % 6) {
        case 0:
            if (length > 0)
                message[at] = (uint8_t)random();
            break;
        case 1:
            if (length > 0)
                message[at] ^= (uint8_t)(1 << random() % 8);
            break;
        case 2:
            length = at;
            break;
        case 3:
            if (length > 0)
                memmove(message + at, message + at + 1, --length - at);
            break;
        default:
            length = insert_piece(message, length);
        }
    }
    return length;
}

#define LARGEST (REPORT_PROTOBUF_MAX + 3 * 12)

static void
describe(const uint8_t *message, size_t length, char text[3 * LARGEST + 1])
{
    for (size_t i = 0; i < length; i++)
        sprintf(text + 3 * i, "%02x ", message[i]);
}

static uint64_t
now_msec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The same result, the same report, and when there is none the same words. */
static bool
ways_agree(enum report_schema schema, const uint8_t *message, size_t length, bool *goodp)
{
    struct report_protobuf readers[2] = {{NULL}, {NULL}};
    struct error errors[2] = {ERROR_INIT, ERROR_INIT};
    struct report reports[2];
    int results[2] = {
        report_protobuf_read(&readers[0], schema, message, length, &reports[0], &errors[0]),
        report_protobuf_read_slowly(&readers[1], schema, message, length, &reports[1], &errors[1]),
    };

    bool agree = results[0] == results[1];

    *goodp = results[0] == 0;
    if (agree && !*goodp)
        agree = strcmp(errors[0].text, errors[1].text) == 0;
    else if (agree)
        agree = reports_are_equal(&reports[0], &reports[1]);
    report_protobuf_fini(&readers[0]);
    report_protobuf_fini(&readers[1]);
    return agree;
}

static void
the_short_way_means_the_same(void **state)
{
    uint64_t end = now_msec() + 1500;
    uint64_t n = 0, n_good = 0;

    while (n < 4000000 && (n % 256 != 0 || now_msec() < end)) {
        char station[REPORT_STATION_MAX], text[3 * LARGEST + 1] = "";
        struct report report = random_report(station);
        uint8_t buffer[LARGEST];
        enum report_schema schema = (enum report_schema)(n % 2);
        size_t length = mutate(buffer, write_as(schema, &report, buffer));
        uint8_t *message = copy_of(buffer, length);
        bool good;

        if (!ways_agree(schema, message, length, &good)) {
            describe(message, length, text);
            fail_msg("message %" PRIu64 ", schema %u: %s", n, schema, text);
        }
        free(message);
        n_good += good;
        n++;
    }
    print_message("%" PRIu64 " messages, %" PRIu64 " of them reports\n", n, n_good);
    assert_in_range(n_good * 100 / n, 10, 90);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_records_are_refused),
        cmocka_unit_test(good_records_are_read),
        cmocka_unit_test(station_reports_are_told_from_reports),
        cmocka_unit_test(a_reader_may_change_its_schema),
        cmocka_unit_test(reports_are_written_as_protobuf),
        cmocka_unit_test(random_reports_come_back),
        cmocka_unit_test(the_largest_report_fits),
        cmocka_unit_test(the_short_way_means_the_same),
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);

    print_message("seed %u (SEED=%u repeats it)\n", seed, seed);
    srandom(seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
