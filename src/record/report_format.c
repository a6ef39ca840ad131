/* SPDX-License-Identifier: MIT */

/* Which format a record is in. */

#include <errno.h>

#include "record/framing.h"
#include "record/report_format.h"

_Static_assert(REPORT_SIZE_MAX >= REPORT_PROTOBUF_MAX && REPORT_SIZE_MAX >= REPORT_JSON_MAX,
               "a report fits in any format");

static int
read_as(struct report_reader *reader, bool is_json, const void *payload, size_t length,
        struct report *report, struct error *error)
{
    if (is_json)
        return report_json_read(&reader->json, payload, length, report, error);
    if (reader->json.fields && reader->json.fields->dates != MOMENT_DATE)
        return error_set(error, -EBADMSG, "it is not JSON, which date_format = %s is for",
                         moment_kind_name(reader->json.fields->dates));
    return report_protobuf_read(&reader->protobuf, reader->schema, payload, length, report, error);
}

static int
read_framed(struct report_reader *reader, const void *record, size_t length, struct report *report,
            struct error *error)
{
    struct framing framing;
    int result = framing_read(record, length, &framing, error);

    if (result != 0)
        return result;
    if (reader->schema_ids && framing_ids_check(reader->schema_ids, framing.schema_id, error) < 0)
        return error_prefix(error, -EBADMSG, "in Confluent framing, schema id %u ",
                            framing.schema_id);
    result = read_as(reader, framing.is_json, framing.payload, framing.length, report, error);
    if (result != 0)
        error_prefix(error, result, "in Confluent framing, schema id %u: ", framing.schema_id);
    return result;
}

int
report_reader_read_other(struct report_reader *reader, const void *payload, size_t length,
                         struct report *report, struct error *error)
{
    uint8_t first;

    if (length == 0)
        return error_set(error, -EBADMSG, "it is empty");
    first = *(const uint8_t *)payload;
    if (first != 0)
        return read_as(reader,
                       reader->format == REPORT_FORMAT_JSON ||
                           (reader->format == REPORT_FORMAT_AUTO && first == '{'),
                       payload, length, report, error);
    if (reader->format != REPORT_FORMAT_AUTO)
        return error_set(error, -EBADMSG,
                         "it begins with a zero byte, as Confluent framing does, which "
                         "format = auto reads");
    return read_framed(reader, payload, length, report, error);
}

void
report_reader_fini(struct report_reader *reader)
{
    report_protobuf_fini(&reader->protobuf);
    report_json_fini(&reader->json);
}

size_t
report_write(enum report_format format, enum report_schema schema, const struct report *report,
             uint8_t buffer[REPORT_SIZE_MAX])
{
    if (format == REPORT_FORMAT_JSON)
        return report_json_write(report, (char *)buffer);
    return schema == REPORT_SCHEMA_REPORT ? report_protobuf_write(report, buffer)
                                          : report_protobuf_write_station_report(report, buffer);
}
