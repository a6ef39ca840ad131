/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reports in JSON, one object a record:
 *
 *     {"date":"2000-01-01","station":"A","degrees":31.5,"raining":1}
 *
 * Read are, in any order, "date" and "degrees", which must be there, "station" or "station_id", and
 * "raining", 0 or 1 or null; other keys are ignored, whatever their value. Where the records are
 * somebody else's, struct report_fields says under which paths the same is found. The JSON must be
 * strict: UTF-8, no text behind it, no key twice, no NaN, nothing nested more than JSON_DEPTH_MAX
 * deep.
 *
 * Reading has two ways with one meaning. The shape that nearly every record has (strings without
 * escapes, ordinary numbers, nothing nested, a few dozen keys) is recognised by hand: that is on
 * the path of every record. All else, and every mistake, is common/json's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "record/report.h"

#define REPORT_JSON_MAX 640 /* bytes of any valid report that this module writes */

struct json_object;

#define REPORT_FIELDS_MAX 5 /* station and station_id are one */

struct report_field {
    const char *path; /* "metadata.timestamp" */
    size_t length;    /* of the path as a key in a record; 0: the short way does not know it */
    unsigned bit;
};

/* Where a report's values are in a record. */
struct report_fields {
    size_t n_fields;
    struct report_field fields[REPORT_FIELDS_MAX];
    unsigned needed; /* bits of fields */
    enum moment_kind dates;
    bool has_degrees;
    bool is_own; /* these records are ours: an id is a string, rain a number */
};

/*
 * The paths that differ from ours; NULL: the names that ours have; "", of degrees and raining: there
 * are none.
 */
struct report_paths {
    const char *station; /* the value is a string or an integer */
    const char *date;
    const char *degrees;
    const char *raining; /* 0 or 1, true or false, null */
};

/* Paths are borrowed for the lifetime. */
void report_fields_init(struct report_fields *fields, const struct report_paths *paths,
                        enum moment_kind dates);

/* Whether a path can lead anywhere: 0, or -EINVAL with a message. "" is for the caller to judge. */
int report_path_check(const char *path, struct error *error);

#define REPORT_INTEGER_SIZE 24

/* Holds what was parsed last, which the report then points into. Zero-initialise. */
struct report_json {
    struct json_object *root;
    const struct report_fields *fields; /* NULL: ours; borrowed */
    uint8_t order[REPORT_FIELDS_MAX];   /* in which the last record had them */
    char integer[REPORT_INTEGER_SIZE];  /* an id that was a number */
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
