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
#include "proto/station_report.pb-c.h"
#include "record/report_protobuf.h"

/* A field's tag: its number << 3 | its wire type. */
struct tags {
    uint8_t date, degrees, station, raining;
};

enum { VARINT = 0, FIXED64 = 1, BYTES = 2 };

static const struct tags report_tags = {
    .date = 1 << 3 | BYTES,
    .degrees = 2 << 3 | FIXED64,
    .station = 3 << 3 | BYTES,
    .raining = 4 << 3 | VARINT,
};
static const struct tags station_report_tags = {
    .date = 1 << 3 | BYTES,
    .station = 2 << 3 | BYTES,
    .degrees = 3 << 3 | FIXED64,
    .raining = 4 << 3 | VARINT,
};

/*
 * The fields of the short way, each if it comes next: what is not taken is left for the next one, and in the
 * end for protobuf-c. Lengths above 127 take two bytes and the long way.
 */
static inline const uint8_t *
take_text(const uint8_t *at, const uint8_t *end, uint8_t tag, const char **textp, size_t *lengthp)
{
    if (end - at < 2 || at[0] != tag || at[1] > 127 || end - at - 2 < at[1])
        return at;
    *textp = (const char *)at + 2;
    *lengthp = at[1];
    return at + 2 + at[1];
}

static inline const uint8_t *
take_degrees(const uint8_t *at, const uint8_t *end, uint8_t tag, double *degrees)
{
    if (end - at < 1 + (ptrdiff_t)sizeof(double) || at[0] != tag)
        return at;
    /* The wire's byte order is that of every machine this runs on; configure checks it. */
    memcpy(degrees, at + 1, sizeof(double));
    return at + 1 + sizeof(double);
}

static inline const uint8_t *
take_raining(const uint8_t *at, const uint8_t *end, uint8_t tag, enum report_rain *rain)
{
    if (end - at < 2 || at[0] != tag || at[1] > 1)
        return at;
    *rain = at[1] ? REPORT_RAINING : REPORT_DRY;
    return at + 2;
}

/* Reports that follow each other are often of one day. */
static inline bool
read_date(struct report_protobuf *reader, const char *text)
{
    if (reader->has_date && memcmp(text, reader->date_text, sizeof(reader->date_text)) == 0)
        return true;
    if (!date_parse(text, DATE_LENGTH, &reader->date))
        return false;
    memcpy(reader->date_text, text, sizeof(reader->date_text));
    reader->has_date = true;
    return true;
}

/*
 * The short way: true when the record was of the common shape and valid. It is compiled once a schema, so
 * that the tags, and which of two fields comes first, are constants. The report is filled field by field: the copy
 * of a struct just written would wait until all of it has left the processor for the cache, longer than all the rest takes.
 */
static inline __attribute__((always_inline)) bool
read_quickly(struct report_protobuf *reader, const struct tags tags, const uint8_t *at,
             size_t length, struct report *report)
{
    const uint8_t *end = at + length;
    const char *date = NULL, *station = "";
    size_t date_length = 0, station_length = 0;
    enum report_rain rain = REPORT_RAIN_UNKNOWN;
    double degrees = 0;

    at = take_text(at, end, tags.date, &date, &date_length);
    if (tags.degrees < tags.station)
        at = take_degrees(at, end, tags.degrees, &degrees);
    at = take_text(at, end, tags.station, &station, &station_length);
    if (tags.degrees > tags.station)
        at = take_degrees(at, end, tags.degrees, &degrees);
    at = take_raining(at, end, tags.raining, &rain);
    if (at != end || date_length != DATE_LENGTH || !isfinite(degrees) || !read_date(reader, date))
        return false;
    report->station = station;
    report->station_length = station_length;
    report->date = reader->date;
    report->degrees = degrees;
    report->rain = rain;
    report->time = (struct moment){.form = 0};
    return true;
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

static enum report_rain
rain_of(bool is_known, bool raining)
{
    return !is_known ? REPORT_RAIN_UNKNOWN : raining ? REPORT_RAINING : REPORT_DRY;
}

/*
 * The fields of either message; false when the date is none. An absent number is proto3's 0, which
 * writers leave out.
 */
static bool
convert(enum report_schema schema, const ProtobufCMessage *unpacked, struct report *report)
{
    const char *date;

    if (schema == REPORT_SCHEMA_REPORT) {
        const Weatherd__Report *message = (const void *)unpacked;

        date = message->date;
        report->station = message->station_id;
        report->degrees = message->degrees;
        report->rain = rain_of(message->has_raining, message->raining);
    } else {
        const Weatherd__StationReport *message = (const void *)unpacked;

        date = message->date;
        report->station = message->station;
        report->degrees = message->degrees;
        report->rain = rain_of(message->has_raining, message->raining);
    }
    report->station_length = string_length(report->station);
    if (!report->station)
        report->station = "";
    return date_parse(date, string_length(date), &report->date);
}

/* There is no field of number 0; protobuf-c takes it for one that it does not know. */
static bool
has_field_zero(const ProtobufCMessage *unpacked)
{
    for (unsigned i = 0; i < unpacked->n_unknown_fields; i++)
        if (unpacked->unknown_fields[i].tag == 0)
            return true;
    return false;
}

int
report_protobuf_read_slowly(struct report_protobuf *reader, enum report_schema schema,
                            const void *payload, size_t length, struct report *report,
                            struct error *error)
{
    const ProtobufCMessageDescriptor *descriptor = schema == REPORT_SCHEMA_REPORT
                                                       ? &weatherd__report__descriptor
                                                       : &weatherd__station_report__descriptor;
    struct report converted = {.station = ""};

    report_protobuf_fini(reader);
    reader->unpacked =
        protobuf_c_message_unpack(descriptor, &remembering_allocator, length, payload);
    if (!reader->unpacked || has_field_zero(reader->unpacked))
        return error_set(error, -EBADMSG, "it is not a protobuf %s", descriptor->short_name);
    if (!convert(schema, reader->unpacked, &converted))
        return error_set(error, -EBADMSG, "the date is not one that exists, as YYYY-MM-DD");
    if (!isfinite(converted.degrees))
        return error_set(error, -EBADMSG, "degrees is not a finite number");
    *report = converted;
    return 0;
}

int
report_protobuf_read(struct report_protobuf *reader, enum report_schema schema, const void *payload,
                     size_t length, struct report *report, struct error *error)
{
    if (schema == REPORT_SCHEMA_REPORT
            ? read_quickly(reader, report_tags, payload, length, report)
            : read_quickly(reader, station_report_tags, payload, length, report))
        return 0;
    return report_protobuf_read_slowly(reader, schema, payload, length, report, error);
}

void
report_protobuf_fini(struct report_protobuf *reader)
{
    if (reader->unpacked)
        protobuf_c_message_free_unpacked(reader->unpacked, &remembering_allocator);
    reader->unpacked = NULL;
}

/* protobuf-c wants them as C strings. */
struct texts {
    char date[DATE_LENGTH + 1];
    char station[REPORT_STATION_MAX + 1];
};

static void
make_texts(const struct report *report, struct texts *texts)
{
    date_format(report->date, texts->date);
    memcpy(texts->station, report->station, report->station_length);
    texts->station[report->station_length] = '\0';
}

size_t
report_protobuf_write(const struct report *report, uint8_t buffer[REPORT_PROTOBUF_MAX])
{
    Weatherd__Report packed = WEATHERD__REPORT__INIT;
    struct texts texts;

    make_texts(report, &texts);
    packed.date = texts.date;
    packed.degrees = report->degrees;
    packed.has_degrees = true;
    packed.station_id = texts.station;
    packed.has_raining = report->rain != REPORT_RAIN_UNKNOWN;
    packed.raining = report->rain == REPORT_RAINING;
    return weatherd__report__pack(&packed, buffer);
}

size_t
report_protobuf_write_station_report(const struct report *report,
                                     uint8_t buffer[REPORT_PROTOBUF_MAX])
{
    Weatherd__StationReport packed = WEATHERD__STATION_REPORT__INIT;
    struct texts texts;

    make_texts(report, &texts);
    packed.date = texts.date;
    packed.station = texts.station;
    packed.degrees = report->degrees;
    packed.has_degrees = true;
    packed.has_raining = report->rain != REPORT_RAIN_UNKNOWN;
    packed.raining = report->rain == REPORT_RAINING;
    return weatherd__station_report__pack(&packed, buffer);
}

const char *
report_protobuf_library_version(void)
{
    return protobuf_c_version();
}
