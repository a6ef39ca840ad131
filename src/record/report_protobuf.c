/* SPDX-License-Identifier: MIT */

/*
 * protobuf in and out. The short way never guesses: whatever it does not know at once, it leaves to
 * protobuf-c, including every error message.
 *
 * The generated code is of the same message in proto2: protobuf-c 1.4 does not
 * take an optional field of proto3, and on the wire the two are one.
 */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/report.pb-c.h"
#include "record/report_protobuf.h"

/* Tags: field number << 3 | wire type. */
enum {
    TAG_DATE = 1 << 3 | 2,
    TAG_DEGREES = 2 << 3 | 1,
    TAG_STATION = 3 << 3 | 2,
    TAG_RAINING = 4 << 3 | 0,
};

/*
 * The short way: true when the record was of the common shape and valid. A field that stands twice
 * is found by the bit of its tag. Lengths above 127 take two bytes and the long way.
 */
static bool
read_quickly(const uint8_t *at, size_t length, struct report *report)
{
    const uint8_t *end = at + length;
    const char *date = NULL;
    unsigned seen = 0;

    *report = (struct report){.degrees = 0};
    while (at < end) {
        uint8_t tag = *at++;
        size_t left = (size_t)(end - at);

        if (tag > TAG_RAINING || seen & 1u << (tag >> 3))
            return false;
        seen |= 1u << (tag >> 3);
        if (tag == TAG_DEGREES) {
            if (left < sizeof(double))
                return false;
            /* The wire's byte order is that of every machine this runs on; configure checks it. */
            memcpy(&report->degrees, at, sizeof(double));
            at += sizeof(double);
        } else if (tag == TAG_DATE || tag == TAG_STATION) {
            if (left < 1 || at[0] > 127 || left - 1 < at[0])
                return false;
            if (tag == TAG_STATION) {
                report->station = (const char *)at + 1;
                report->station_length = at[0];
            } else {
                if (at[0] != DATE_LENGTH)
                    return false;
                date = (const char *)at + 1;
            }
            at += 1 + at[0];
        } else if (tag == TAG_RAINING) {
            if (left < 1 || at[0] > 1)
                return false;
            report->rain = *at++ ? REPORT_RAINING : REPORT_DRY;
        } else {
            return false;
        }
    }
    return date && report->station_length > 0 && isfinite(report->degrees) &&
           date_parse(date, DATE_LENGTH, &report->date);
}

/*
 * protobuf-c hands out strings as C strings, in which a NUL byte within would hide what follows it.
 * So each allocation remembers its size: that of a string is its length on the wire and one more.
 */
struct block {
    size_t size;
    max_align_t bytes[];
};

static void *
allocate(void *allocator, size_t size)
{
    struct block *block = malloc(sizeof(*block) + size);

    if (!block)
        return NULL;
    block->size = size;
    return block->bytes;
}

static void
release(void *allocator, void *bytes)
{
    if (bytes)
        free((char *)bytes - offsetof(struct block, bytes));
}

static ProtobufCAllocator remembering_allocator = {.alloc = allocate, .free = release};

static size_t
string_length(const char *text)
{
    const char *block;

    if (!text)
        return 0;
    block = text - offsetof(struct block, bytes);
    return ((const struct block *)(const void *)block)->size - 1;
}

static int
convert(const struct Weatherd__Report *unpacked, struct report *report, struct error *error)
{
    size_t date_length = string_length(unpacked->date);

    /* An absent number is proto3's 0, which writers leave out. */
    if (!date_parse(unpacked->date, date_length, &report->date))
        return error_set(error, -EBADMSG, "the date is not one that exists, as YYYY-MM-DD");
    if (!isfinite(unpacked->degrees))
        return error_set(error, -EBADMSG, "degrees is not a finite number");
    report->station = unpacked->station_id;
    report->station_length = string_length(unpacked->station_id);
    if (report->station_length == 0)
        return error_set(error, -EBADMSG, "station_id is missing");
    report->degrees = unpacked->degrees;
    report->rain = !unpacked->has_raining ? REPORT_RAIN_UNKNOWN
                   : unpacked->raining    ? REPORT_RAINING
                                          : REPORT_DRY;
    return 0;
}

int
report_protobuf_read_slowly(struct report_protobuf *reader, const void *payload, size_t length,
                            struct report *report, struct error *error)
{
    struct report converted;
    int result;

    report_protobuf_fini(reader);
    reader->unpacked = weatherd__report__unpack(&remembering_allocator, length, payload);
    if (!reader->unpacked)
        return error_set(error, -EBADMSG, "it is not a protobuf Report");
    result = convert(reader->unpacked, &converted, error);
    if (result == 0)
        *report = converted;
    return result;
}

int
report_protobuf_read(struct report_protobuf *reader, const void *payload, size_t length,
                     struct report *report, struct error *error)
{
    struct report quick;

    if (read_quickly(payload, length, &quick)) {
        *report = quick;
        return 0;
    }
    return report_protobuf_read_slowly(reader, payload, length, report, error);
}

void
report_protobuf_fini(struct report_protobuf *reader)
{
    if (reader->unpacked)
        weatherd__report__free_unpacked(reader->unpacked, &remembering_allocator);
    reader->unpacked = NULL;
}

size_t
report_protobuf_write(const struct report *report, uint8_t buffer[REPORT_PROTOBUF_MAX])
{
    struct Weatherd__Report packed = WEATHERD__REPORT__INIT;
    char date[DATE_LENGTH + 1];
    char station[REPORT_STATION_MAX + 1];

    date_format(report->date, date);
    memcpy(station, report->station, report->station_length);
    station[report->station_length] = '\0';
    packed.date = date;
    packed.degrees = report->degrees;
    packed.has_degrees = true;
    packed.station_id = station;
    packed.has_raining = report->rain != REPORT_RAIN_UNKNOWN;
    packed.raining = report->rain == REPORT_RAINING;
    return weatherd__report__pack(&packed, buffer);
}

const char *
report_protobuf_library_version(void)
{
    return protobuf_c_version();
}
