/* SPDX-License-Identifier: MIT */

/* Lines of tail. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json_writer.h"
#include "common/values.h"
#include "ctl/line.h"

static int
write_piece(void *userdata, const void *data, size_t length)
{
    return fwrite(data, 1, length, userdata) == length ? 0 : -errno;
}

static void
begin(struct json_writer *writer, FILE *file)
{
    json_writer_init(writer, write_piece, file);
    writer->one_line = true;
    json_writer_begin(writer, NULL, '{');
}

static int
finish(struct json_writer *writer)
{
    json_writer_end(writer, '}');
    return json_writer_finish(writer);
}

static void
write_position(struct json_writer *writer, const struct line_record *record)
{
    json_writer_integer(writer, "partition", record->partition);
    json_writer_integer(writer, "offset", record->offset);
}

/* The station of a monthly topic may be left out of its records, as the consumer has it. */
static int
read_report(const struct line_record *record, struct report_reader *reader, struct report *report,
            struct error *error)
{
    int result;

    if (!record->payload)
        return error_set(error, -EBADMSG, "the record has no value");
    result = report_reader_read(reader, record->payload, record->payload_length, report, error);
    if (result == 0 && report->station_length > 0)
        result = report_check(report, error);
    return result;
}

int
line_write_report(FILE *file, const struct line_record *record, struct report_reader *reader)
{
    const struct report_fields *fields = reader->json.fields;
    char station[REPORT_STATION_MAX + 1];
    struct json_writer writer;
    struct report report;
    struct error error = ERROR_INIT;
    int result = read_report(record, reader, &report, &error);

    if (result == -ENOMEM)
        return result;
    begin(&writer, file);
    if (result < 0) {
        write_position(&writer, record);
        json_writer_text(&writer, "error", error.text);
        return finish(&writer);
    }
    memcpy(station, report.station, report.station_length);
    station[report.station_length] = '\0';
    json_writer_text(&writer, "station_id", station);
    json_writer_moment(&writer, "date", report_moment(&report));
    if (!fields || fields->has_degrees)
        json_writer_number(&writer, "degrees", report.degrees);
    json_writer_integer(&writer, "partition", record->partition);
    if (report.rain != REPORT_RAIN_UNKNOWN)
        json_writer_integer(&writer, "raining", report.rain == REPORT_RAINING);
    return finish(&writer);
}

static char *
encode_base64(const unsigned char *bytes, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = malloc((length + 2) / 3 * 4 + 1), *at = text;

    for (size_t i = 0; text && i < length; i += 3) {
        size_t n = length - i < 3 ? length - i : 3;
        unsigned group = (unsigned)bytes[i] << 16 | (n > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                         (n > 2 ? bytes[i + 2] : 0);

        for (size_t j = 0; j < 4; j++)
            *at++ = j <= n ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
    if (text)
        *at = '\0';
    return text;
}

/*
 * UTF-8 with no control characters but those that JSON escapes (C0); a NUL ends a text here, and a
 * terminal should not get the others.
 */
static bool
is_text(const char *bytes, size_t length)
{
    size_t start = 0;

    for (size_t i = 0; i <= length; i++) {
        unsigned char byte = i < length ? (unsigned char)bytes[i] : ' ';

        if (byte == 0)
            return false;
        if (byte >= ' ' && i < length)
            continue;
        if (!value_is_text(bytes + start, i - start))
            return false;
        start = i + 1;
    }
    return true;
}

static int
write_bytes(struct json_writer *writer, const char *name, const void *bytes, size_t length)
{
    cleanup(free) char *text = NULL;
    char name_base64[32];

    if (!bytes) {
        json_writer_word(writer, name, "null");
        return 0;
    }
    if (is_text(bytes, length)) {
        text = strndup(bytes, length);
    } else {
        snprintf(name_base64, sizeof(name_base64), "%s_base64", name);
        name = name_base64;
        text = encode_base64(bytes, length);
    }
    if (!text)
        return -ENOMEM;
    json_writer_text(writer, name, text);
    return 0;
}

int
line_write_raw(FILE *file, const struct line_record *record)
{
    struct json_writer writer;
    int result;

    begin(&writer, file);
    write_position(&writer, record);
    result = write_bytes(&writer, "key", record->key, record->key_length);
    if (result == 0)
        result = write_bytes(&writer, "value", record->payload, record->payload_length);
    return result < 0 ? result : finish(&writer);
}
