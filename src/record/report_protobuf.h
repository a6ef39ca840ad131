/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reports in protobuf, as proto/report.proto and proto/station_report.proto have them.
 *
 * Reading has two ways with one meaning. The shape that nearly every record has (the four known
 * fields, each at most once, in the order of their numbers, as libraries write them) is recognised by
 * hand: that is on the path of every record. All else (unknown fields, repeated fields, long encodings, damage) is protobuf-c's. With
 * it, and other than Google's libraries, a known field of another wire type makes a record none, as
 * a group does. Only "raining" may have any wire type; it is no part of the statistics.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "record/report.h"

#define REPORT_PROTOBUF_MAX 320 /* bytes of any valid report that this module writes */

struct ProtobufCMessage; /* protobuf-c's own */

/* Zero-initialise. */
struct report_protobuf {
    struct ProtobufCMessage *unpacked; /* last, which the report then points into */
    int32_t date;                      /* the last one that was good, if there was one, */
    char date_text[DATE_LENGTH];       /* and how it stood there */
    bool has_date;
};

/*
 * Reads a record: 0, and a report that is valid but for its station's id, which may also be absent
 * and is then empty (see report_check()); -EBADMSG with the reason. The report lives as long as
 * payload and until the next call.
 */
int report_protobuf_read(struct report_protobuf *reader, enum report_schema schema,
                         const void *payload, size_t length, struct report *report,
                         struct error *error);

/* The same by protobuf-c alone: what the short way is tested against. */
int report_protobuf_read_slowly(struct report_protobuf *reader, enum report_schema schema,
                                const void *payload, size_t length, struct report *report,
                                struct error *error);

void report_protobuf_fini(struct report_protobuf *reader);

/* Writes a valid report, as Report or as StationReport; returns how many bytes. */
size_t report_protobuf_write(const struct report *report, uint8_t buffer[REPORT_PROTOBUF_MAX]);
size_t report_protobuf_write_station_report(const struct report *report,
                                            uint8_t buffer[REPORT_PROTOBUF_MAX]);

/* protobuf-c's version, of the library in use. */
const char *report_protobuf_library_version(void);
