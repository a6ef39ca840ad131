/* SPDX-License-Identifier: MIT */

/*
 * Reports and what damage makes of them, as records for flood: of a hundred stations at a time, which
 * others follow after two hundred days, in protobuf, JSON and framing. Half of them are left whole;
 * the others are damaged up to three times. The same seed gives the same records.
 *
 *     mutate RECORDS SEED [PARTITIONS]
 */

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/report_format.h"

#define RECORD_MAX  65536
#define STATIONS    100
#define DAYS        200
#define FIRST_DAY   10957 /* 2000-01-01 */
#define LARGE_EVERY 5000  /* records are made large, once in so many times */

struct bytes {
    size_t length;
    uint8_t bytes[RECORD_MAX];
};

static struct bytes record, other; /* the other is the one before, whole */

static size_t
below(size_t n)
{
    return n > 0 ? (size_t)random() % n : 0;
}

static void
append(const void *bytes, size_t length)
{
    if (length > RECORD_MAX - record.length)
        length = RECORD_MAX - record.length;
    memmove(record.bytes + record.length, bytes, length);
    record.length += length;
}

/* ---- reports ---- */

/* Mostly what a thermometer says. */
static double
draw_degrees(void)
{
    static const double hostile[] = {0.0,     -0.0,   DBL_MAX, -DBL_MAX, DBL_MIN,   5e-324,
                                     -5e-324, 1e-300, NAN,     INFINITY, -INFINITY, 1e15 + 0.3};

    return below(20) == 0 ? hostile[below(sizeof(hostile) / sizeof(hostile[0]))]
                          : (double)below(12000) / 100 - 20;
}

static void
make_record(const struct report *report)
{
    static const char *const framings[] = {"",          "", "", "\0\0\0\0\7\0", "\0\0\0\0\7\2\0",
                                           "\0\0\0\0\7"};
    static const size_t lengths[] = {0, 0, 0, 6, 7, 5};
    size_t form = below(6), length;
    bool is_json = form == 1 || form == 5;
    uint8_t bytes[REPORT_SIZE_MAX];

    length = report_write(is_json ? REPORT_FORMAT_JSON : REPORT_FORMAT_PROTOBUF,
                          REPORT_SCHEMA_REPORT, report, bytes);
    record.length = 0;
    append(framings[form], lengths[form]);
    append(bytes, length);
}

/* ---- damage ---- */

static void
flip_bit(void)
{
    if (record.length > 0)
        record.bytes[below(record.length)] ^= (uint8_t)(1u << below(8));
}

static void
replace_byte(void)
{
    static const uint8_t bytes[] = {0,    1,   0x7f, 0x80, 0xff, 0x0a, 0x11, 0x1a,
                                    0x20, '"', '\\', '{',  '9',  '-',  ','};

    if (record.length > 0)
        record.bytes[below(record.length)] =
            below(2) ? (uint8_t)random() : bytes[below(sizeof(bytes))];
}

static void
cut(void)
{
    record.length = below(record.length + 1);
}

static void
append_garbage(void)
{
    for (size_t n = below(20) + 1; n > 0; n--) {
        uint8_t byte = (uint8_t)random();

        append(&byte, 1);
    }
}

/* The head of this one, the tail of the other. */
static void
splice(void)
{
    size_t from = below(other.length + 1);

    cut();
    append(other.bytes + from, other.length - from);
}

static void
repeat_part(void)
{
    size_t from = below(record.length + 1), to = from + below(record.length - from + 1);

    append(record.bytes + from, to - from);
}

static void
remove_part(void)
{
    size_t from = below(record.length + 1), length = below(record.length - from + 1);

    memmove(record.bytes + from, record.bytes + from + length, record.length - from - length);
    record.length -= length;
}

/* Moves all behind it by one. */
static void
insert_byte(void)
{
    size_t at = below(record.length + 1);

    if (record.length == RECORD_MAX)
        return;
    memmove(record.bytes + at + 1, record.bytes + at, record.length - at);
    record.bytes[at] = (uint8_t)random();
    record.length++;
}

static void
make_large(void)
{
    if (record.length > 0 && below(LARGE_EVERY) == 0)
        while (record.length < RECORD_MAX)
            append(record.bytes, record.length);
}

static void (*const damages[])(void) = {
    flip_bit, flip_bit,    flip_bit,    replace_byte, replace_byte, cut,       append_garbage,
    splice,   repeat_part, remove_part, insert_byte,  insert_byte,  make_large};

static void
damage(void)
{
    for (size_t n = below(2) ? below(3) + 1 : 0; n > 0; n--)
        damages[below(sizeof(damages) / sizeof(damages[0]))]();
}

/* ---- records for flood ---- */

static void
put(size_t partition, const char *key)
{
    struct {
        int32_t partition, key_length, value_length, n_headers;
        int64_t timestamp;
    } head = {
        .partition = (int32_t)partition,
        .key_length = below(50) ? (int32_t)strlen(key) : -1,
        .value_length = (int32_t)record.length,
    };

    fwrite(&head, sizeof(head), 1, stdout);
    if (head.key_length > 0)
        fwrite(key, (size_t)head.key_length, 1, stdout);
    fwrite(record.bytes, 1, record.length, stdout);
}

int
main(int argc, char **argv)
{
    size_t n_records, n_partitions;

    if (argc < 3)
        return fprintf(stderr, "mutate RECORDS SEED [PARTITIONS]\n"), 64;
    n_records = strtoul(argv[1], NULL, 10);
    srandom((unsigned)strtoul(argv[2], NULL, 10));
    n_partitions = argc > 3 ? strtoul(argv[3], NULL, 10) : 4;
    for (size_t n = 0; n < n_records; n++) {
        size_t day = n / STATIONS, number = n % STATIONS + day / DAYS * STATIONS;
        char station[32];
        struct report report = {
            .station = station,
            .station_length = (size_t)sprintf(station, "Station%zu", number),
            .date = FIRST_DAY + (int32_t)(day % DAYS),
            .degrees = draw_degrees(),
            .rain = (enum report_rain)below(3),
        };

        make_record(&report);
        damage();
        put(number % n_partitions, station);
        make_record(&report);
        other.length = record.length;
        memcpy(other.bytes, record.bytes, record.length);
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
