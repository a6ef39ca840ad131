/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Statistics as an object of a document: {"count": …, "sum": …, "avg": …, "start": …, "end": …,
 * "min": …, "min_date": …, "max": …, "max_date": …}; without degrees {"count": …, "start": …, "end": …}.
 */

#include "common/json.h"
#include "common/json_writer.h"
#include "consumer/stats.h"

/*
 * Checks and takes over an object: 0, or JSON_E_BAD with a message. What was not known of the shape
 * is taken from it, for those that follow.
 */
int stats_json_load(struct json_object *object, struct stats_shape *shape, struct stats *statsp,
                    struct error *error);

/* The member of a station beside them, which is the caller's to read. */
#define STATS_JSON_WINDOWS "windows"

/* Writes it as the member key of the object that was begun last; or only its members. */
void stats_json_write(struct json_writer *writer, const char *key, const struct stats *stats);
void stats_json_write_members(struct json_writer *writer, const struct stats *stats);

/* The number of the member with that name, or -1. */
int stats_json_find(const char *name);

/* Writes one of them alone, under another key; nothing when it is not known. */
void stats_json_write_member(struct json_writer *writer, const char *key, const struct stats *stats,
                             int member);
