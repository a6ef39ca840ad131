/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reports in JSON, one object a record:
 *
 *     {"date":"2000-01-01","station":"A","degrees":31.5,"raining":1}
 *
 * Read are, in any order, "date" and "degrees", which must be there, "station" or "station_id", and
 * "raining", 0 or 1 or null; other keys are ignored, whatever their value. The JSON must be strict:
 * UTF-8, no text behind it, no key twice, no NaN, nothing nested more than JSON_DEPTH_MAX deep.
 *
 * Reading has two ways with one meaning. The shape that nearly every record has (the known keys,
 * strings without escapes, ordinary numbers) is recognised by hand: that is on the path of every
 * record. All else, and every mistake, is common/json's.
 */

#include <stddef.h>

#include "common/error.h"
#include "record/report.h"

#define REPORT_JSON_MAX 640 /* bytes of any valid report that this module writes */

struct json_object;

/* Holds what was parsed last, which the report then points into. Zero-initialise. */
struct report_json {
    struct json_object *root;
};

/*
 * Reads a record: 0, and a report that is valid but for its station's id, which may also be absent
 * and is then empty (see report_check()); -EBADMSG with the reason; -ENOMEM. The report lives as
 * long as payload and until the next call. An integer -0 is read as 0.
 */
int report_json_read(struct report_json *reader, const void *payload, size_t length,
                     struct report *report, struct error *error);

/* The same by common/json alone: what the short way is tested against. */
int report_json_read_slowly(struct report_json *reader, const void *payload, size_t length,
                            struct report *report, struct error *error);

void report_json_fini(struct report_json *reader);

/*
 * Writes a valid report as above, without blanks and not terminated; returns how many bytes.
 * "raining" is left out when it is not known.
 */
size_t report_json_write(const struct report *report, char buffer[REPORT_JSON_MAX]);
