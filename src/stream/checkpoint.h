/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A JSON document that is loaded strictly and replaced atomically and durably.
 * partition-N.json, its source file and producer.json all pass through here.
 */

#include "common/atomic_file.h"
#include "common/error.h"
#include "common/json.h"
#include "common/json_writer.h"

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

/* Likewise the text, to be freed, of a file that is too large for the tree of its document. */
int checkpoint_load_text(int directory, const char *name, char **textp, size_t *lengthp,
                         struct error *error);

/*
 * Reads a file that is open, name being for messages: 0, CHECKPOINT_E_CORRUPT or a negative errno,
 * likewise.
 */
int checkpoint_read(int fd, const char *name, int64_t size_max, struct json_object **rootp,
                    struct error *error);

/* Writes the document's content, beginning with json_writer_begin(writer, NULL, '{'). */
typedef void (*checkpoint_write_fn)(void *userdata, struct json_writer *writer);

/* A file that is to be replaced. */
struct checkpoint {
    int directory; /* borrowed */
    char name[64];
    checkpoint_write_fn write;
    void *userdata;
    int result; /* 0 once it is durable; a negative errno, the old file being intact unless it was the
                   directory that could not be synced; CHECKPOINT_E_GONE when the directory has been
                   deleted, so that there is nothing to wait for */
    struct atomic_file file; /* private */
};

/*
 * Replaces all of them, each on its own account, and waits for the disk as if they were one. All
 * are open at a time. After a crash some may be replaced and others not, whatever their order here.
 */
void checkpoint_store_all(struct checkpoint *checkpoints, size_t n);

/* Its result, with the message that belongs to it. */
int checkpoint_explain(const struct checkpoint *checkpoint, struct error *error);

/* Replaces NAME by what write produces. 0, or the result of struct checkpoint with a message. */
int checkpoint_store(int directory, const char *name, checkpoint_write_fn write, void *userdata,
                     struct error *error);
