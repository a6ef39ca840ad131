/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One partition read into one state that survives anything. The state and the offset of the next
 * record lie in one file, partition-N.json, so each record is applied exactly once, whatever dies
 * between two replacements of the file. A stream knows nothing of what the state is.
 *
 * Life: open (lock, load, check) → first contact (is the log still the one that was read?) → apply
 * and store → close. It touches the disk and never the network: records and watermarks are handed
 * to it, and it answers what to do.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/json.h"
#include "common/json_writer.h"
#include "stream/identity.h"
#include "stream/source.h"

/*
 * The state behind a stream. The document is all of partition-N.json: the layout decides its shape.
 */
struct stream_state_ops {
    /*
     * Checks and takes over the text of a whole document, the offset in *offsetp: 0, JSON_E_BAD with
     * a message, or -ENOMEM; after these the state may hold a part of it.
     */
    int (*load)(void *state, const char *text, size_t length, int64_t *offsetp,
                struct error *error);
    /* Writes the whole document. */
    void (*write)(void *state, int64_t offset, struct json_writer *writer);
};

enum stream_phase {
    STREAM_VERIFYING, /* nothing has been heard from the partition that tells whether it is the one
                         that was read */
    STREAM_RUNNING,
};

struct stream {
    const struct stream_state_ops *ops;
    void *state;           /* borrowed */
    const char *directory; /* borrowed, for messages */
    int directory_fd;      /* borrowed */
    int lock_fd;
    enum stream_phase phase;
    bool loaded;        /* the state continues a checkpoint, or the log that was met */
    bool has_source;    /* there is a source file */
    bool dirty;         /* the file on disk is behind, */
    bool urgent;        /* and says nothing yet of this contact with the log */
    bool stored;        /* there is a checkpoint on disk */
    bool fact_first;    /* the source file must not be older than the checkpoint, for once */
    int64_t offset;     /* of the next record to apply; -1: the first that the broker has */
    size_t n_to_verify; /* while verifying: the anchor at this index - 1 is the one to meet */
    struct identity identity;
};

/* What a stream is opened with. All is borrowed for the stream's life. */
struct stream_settings {
    const char *topic;
    int32_t partition;
    const char *directory;
    int directory_fd;
    const char *instance; /* written to the lock file, for the message of a second process */
};

/*
 * Takes the partition's lock, loads and checks its files. 0; STREAM_E_HELD or STREAM_E_CORRUPT with
 * a message that names the file, the field and the way out; a negative errno with a message. A
 * warning (files that are missing where there had been some) is left in notice. Close with
 * stream_close() after success.
 */
enum { STREAM_E_HELD = 1, STREAM_E_CORRUPT = 2 };
int stream_open(struct stream *stream, const struct stream_settings *settings,
                const struct stream_state_ops *ops, void *state, struct error *notice,
                struct error *error);
void stream_close(struct stream *stream);

/*
 * The offset to read from now: that of the anchor to be met, or of the next record;
 * SOURCE_BEGINNING.
 */
int64_t stream_start(const struct stream *stream);

enum stream_verdict {
    STREAM_APPLY,  /* the record is the next one: apply it, then stream_pass() */
    STREAM_SKIP,   /* it has been applied before */
    STREAM_SEEK,   /* read again from stream_start() */
    STREAM_REFUSE, /* the log is not the one that was read; the message says why */
    STREAM_LOST, /* the broker no longer has the next record; the message says how many are gone */
};

/*
 * What to do with a record, without a look at its content. Slow only until the log has been
 * verified. message: see below.
 */
enum stream_verdict stream_meet(struct stream *stream, const struct source *source,
                                const struct source_record *record, struct error *message);

/*
 * The end of the log was met, before the record at offset end is written: STREAM_SKIP, STREAM_SEEK
 * or STREAM_REFUSE.
 */
enum stream_verdict stream_meet_end(struct stream *stream, int64_t end, struct error *message);

/*
 * The broker has no record at stream_start(): it has those from low to high - 1. STREAM_SEEK,
 * STREAM_REFUSE or STREAM_LOST. In all three functions a message beside another verdict than the
 * last two is a warning to log.
 */
enum stream_verdict stream_meet_range(struct stream *stream, int64_t low, int64_t high,
                                      struct error *message);

/*
 * Begins to doubt the log again (it was reported missing, or out of range): the next start verifies
 * it.
 */
void stream_doubt(struct stream *stream);

/* Whether stream_meet() would say STREAM_APPLY without a word. On the path of every record. */
static inline bool
stream_is_next(const struct stream *stream, int64_t offset)
{
    return stream->phase == STREAM_RUNNING && offset >= stream->offset;
}

/* The record at this offset has been dealt with. On the path of every record. */
static inline void
stream_pass(struct stream *stream, int64_t offset)
{
    stream->offset = offset + 1;
    stream->dirty = true;
}

/* The state has changed without a record: it is written again, soon. */
void stream_touch(struct stream *stream);

/* The record passed last, remembered as an anchor. Once a batch. */
void stream_remember(struct stream *stream, const struct source *source,
                     const struct source_record *record);

/*
 * What the broker says of the topic, "" or 0 where unknown: 0, or STREAM_E_CLUSTER_CHANGED or
 * STREAM_E_PARTITIONS_CHANGED with a message where it is not what the source file said.
 */
enum { STREAM_E_CLUSTER_CHANGED = 1, STREAM_E_PARTITIONS_CHANGED = 2 };
int stream_learn(struct stream *stream, const char *cluster, int32_t partitions,
                 struct error *message);

/*
 * All records are of this station: kept in the source file, and there before a checkpoint that
 * stands on it, so that a start after any death knows it. Once.
 */
void stream_learn_station(struct stream *stream, const char *station);

/*
 * Goes on at offset low, behind records that the broker no longer has: after STREAM_LOST. Returns how
 * many are lost.
 */
int64_t stream_pass_gap(struct stream *stream, int64_t low);

/* A stream whose files are to be replaced, and what came of it. */
struct stream_store {
    struct stream *stream;
    int result; /* 0 once they are durable; CHECKPOINT_E_GONE or a negative errno, with a message */
    struct error error;
};

/*
 * Replaces partition-N.json of each stream, then the source files. They share the waiting for the
 * disk and nothing else: what fails for one is no matter to the others.
 */
#define STREAM_STORE_MAX 64
void stream_store_all(struct stream_store *stores, size_t n);
