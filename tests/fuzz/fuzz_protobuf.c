/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a protobuf report: the reader says what protobuf-c with the generated code says, of
 * both messages: the same verdict and the same values. Beyond protobuf-c it refuses what is no date
 * and no finite number and a field of number 0, and sees the NUL bytes within a text, where
 * protobuf-c's ends. What is a valid report comes back as it was when it is written and read.
 */

#include <math.h>

#include "fuzz.h"
#include "proto/report.pb-c.h"
#include "proto/station_report.pb-c.h"
#include "record/report_protobuf.h"

#define FIELD(message, name, type)                                                                 \
    (*(const type *)(const void *)((const char *)(message) + find_field(message, name)->offset))

static const ProtobufCFieldDescriptor *
find_field(const ProtobufCMessage *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);
}

/* The text that protobuf-c has: an absent one is empty. */
static const char *
text_of(const ProtobufCMessage *message, const char *name)
{
    const char *text = FIELD(message, name, char *);

    return text ? text : "";
}

static void
compare(const struct report *report, const ProtobufCMessage *message, const char *station)
{
    const char *id = text_of(message, station);
    const void *has_raining =
        (const char *)message + find_field(message, "raining")->quantifier_offset;
    double degrees = FIELD(message, "degrees", double);
    char date[DATE_LENGTH + 1];

    date_format(report->date, date);
    must(strcmp(date, text_of(message, "date")) == 0, "%s", text_of(message, "date"));
    must(memcmp(&degrees, &report->degrees, sizeof(double)) == 0, "%.17g", degrees);
    must(report->station_length >= strlen(id) && memcmp(report->station, id, strlen(id)) == 0 &&
             (report->station_length == strlen(id) || !report->station[strlen(id)]),
         "%s", id);
    must(*(const protobuf_c_boolean *)has_raining == (report->rain != REPORT_RAIN_UNKNOWN) &&
             FIELD(message, "raining", protobuf_c_boolean) == (report->rain == REPORT_RAINING),
         "%d", (int)report->rain);
}

/* Whether there is a reason to refuse what protobuf-c has taken. */
static bool
is_bad(const ProtobufCMessage *message)
{
    const char *date = text_of(message, "date");
    int32_t number;

    for (unsigned i = 0; i < message->n_unknown_fields; i++)
        if (message->unknown_fields[i].tag == 0)
            return true;
    return !isfinite(FIELD(message, "degrees", double)) || !date_parse(date, strlen(date), &number);
}

static void
check(enum report_schema schema, const uint8_t *data, size_t size)
{
    bool plain = schema == REPORT_SCHEMA_REPORT;
    ProtobufCMessage *message = protobuf_c_message_unpack(
        plain ? &weatherd__report__descriptor : &weatherd__station_report__descriptor, NULL, size,
        data);
    struct report_protobuf reader = {NULL}, again = {NULL};
    uint8_t written[REPORT_PROTOBUF_MAX];
    struct error error = ERROR_INIT;
    struct report report, copy;
    int result = report_protobuf_read(&reader, schema, data, size, &report, &error);

    if (result != 0) {
        must(!message || is_bad(message) ||
                 memmem(data, size, text_of(message, "date"), DATE_LENGTH + 1),
             "%s", error.text);
        must_explain(&error);
    } else {
        must(message && !is_bad(message), "it should have been refused");
        compare(&report, message, plain ? "station_id" : "station");
        if (report_check(&report, NULL) == 0) {
            size = plain ? report_protobuf_write(&report, written)
                         : report_protobuf_write_station_report(&report, written);
            must(report_protobuf_read(&again, schema, written, size, &copy, &error) == 0, "%s",
                 error.text);
            must_be_same(&report, &copy);
        }
    }
    report_protobuf_fini(&again);
    report_protobuf_fini(&reader);
    if (message)
        protobuf_c_message_free_unpacked(message, NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(REPORT_SCHEMA_REPORT, data, size);
    check(REPORT_SCHEMA_STATION_REPORT, data, size);
    return 0;
}
