/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A station's statistics as the value of a record: a JSON object on one line, with the members that
 * summary_fields asks for, in that order. All values are absolute, so that the last one of a key
 * says everything.
 */

#include <stddef.h>

#include "common/error.h"
#include "consumer/stats.h"

#define SUMMARY_FIELDS   "station count sum avg start end min min_date max max_date"
#define SUMMARY_SIZE_MAX 16384 /* of a value, in bytes */

struct summary_field {
    char *name;
    int member; /* of stats_json_find(); -1: the station's id */
};

struct summary_fields {
    size_t n_fields;
    struct summary_field *fields;
};

/*
 * Reads "userId=station count lastSeen=end": members, each at most once, under another name where
 * there is one. 0; -EINVAL with a message; -ENOMEM. Release with summary_fields_fini() after
 * success.
 */
int summary_fields_parse(struct summary_fields *fields, const char *text, struct error *error);
void summary_fields_fini(struct summary_fields *fields);

/* Writes the value, not terminated, and returns its length. */
size_t summary_format(const struct summary_fields *fields, const char *id,
                      const struct stats *stats, char text[SUMMARY_SIZE_MAX]);
