/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A JSON document that is loaded strictly and replaced atomically and durably.
 * partition-N.json, its source file and producer.json all pass through here.
 */

#include "common/error.h"
#include "common/json.h"

#define CHECKPOINT_SIZE_MAX                                                                        \
    (256 << 20) /* bytes of a file that is loaded; 100,000 stations with long names take 60 MB */

/*
 * Loads NAME of the directory: 0, and the document in *rootp (json_release() it);
 * CHECKPOINT_E_NONE when there is no such file; CHECKPOINT_E_CORRUPT with a message when it is not
 * a regular file or not strict JSON; a negative errno with a message when it can't be read. The
 * file is never changed.
 */
enum { CHECKPOINT_E_NONE = 1, CHECKPOINT_E_CORRUPT = 2, CHECKPOINT_E_GONE = 3 };
int checkpoint_load(int directory, const char *name, struct json_object **rootp,
                    struct error *error);

/*
 * Reads a file that is open, name being for messages: 0, CHECKPOINT_E_CORRUPT or a negative errno,
 * likewise.
 */
int checkpoint_read(int fd, const char *name, int64_t size_max, struct json_object **rootp,
                    struct error *error);

/* Writes the document's content, beginning with json_writer_begin(writer, NULL, '{'). */
typedef void (*checkpoint_write_fn)(void *userdata, struct json_writer *writer);

/*
 * Replaces NAME by what write produces. 0 once it is durable; a negative errno with a message, the
 * old file being intact; CHECKPOINT_E_GONE with a message when the directory has been deleted, so
 * that there is nothing to wait for.
 */
int checkpoint_store(int directory, const char *name, checkpoint_write_fn write, void *userdata,
                     struct error *error);
