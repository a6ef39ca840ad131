/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A record's bytes to a report and back, in whatever format its topic has. Automatically, each
 * record is told apart by its first byte: "{" is JSON, a zero byte is Confluent's framing around
 * JSON or protobuf, all else is protobuf. No protobuf record of ours begins with either: one is no
 * field's tag, the other that of a group.
 *
 * Pure: no input or output, no state beside what the last report points into.
 */

#include "record/framing.h"
#include "record/report_json.h"
#include "record/report_protobuf.h"

enum report_format {
    REPORT_FORMAT_AUTO,
    REPORT_FORMAT_PROTOBUF,
    REPORT_FORMAT_JSON,
};

/* Zero-initialised it reads any format and the schema Report. Both may be changed between reads. */
struct report_reader {
    enum report_format format;
    enum report_schema schema;            /* of protobuf */
    const struct framing_ids *schema_ids; /* NULL: any; borrowed */
    struct report_protobuf protobuf;
    struct report_json json;
};

/* What report_reader_read() does with all but the common case. */
int report_reader_read_other(struct report_reader *reader, const void *payload, size_t length,
                             struct report *report, struct error *error);

/*
 * Reads a record: 0, and a report that is valid but for its station's id (see report_check());
 * -EBADMSG with the reason; -ENOMEM. The report lives as long as payload and until the next call.
 */
static inline int
report_reader_read(struct report_reader *reader, const void *payload, size_t length,
                   struct report *report, struct error *error)
{
    uint8_t first = length > 0 ? *(const uint8_t *)payload : 0;

    if (reader->format == REPORT_FORMAT_AUTO && first != 0 && first != '{' && !reader->json.fields)
        return report_protobuf_read(&reader->protobuf, reader->schema, payload, length, report,
                                    error);
    return report_reader_read_other(reader, payload, length, report, error);
}

void report_reader_fini(struct report_reader *reader);

/*
 * Gives back what the report was read into, which may be 30 times as large as the record and would
 * otherwise be kept until the next call. The report ends with it.
 */
static inline void
report_reader_release(struct report_reader *reader)
{
    if (__builtin_expect(reader->json.root || reader->protobuf.unpacked, 0))
        report_reader_fini(reader);
}

#define REPORT_SIZE_MAX 640 /* bytes of any valid report that report_write() writes */

/* Writes a valid report; returns how many bytes. The format is not AUTO; JSON has one schema. */
size_t report_write(enum report_format format, enum report_schema schema,
                    const struct report *report, uint8_t buffer[REPORT_SIZE_MAX]);
