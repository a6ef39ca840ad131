/* SPDX-License-Identifier: MIT */

/*
 * First contact. A checkpoint says "all records before offset have been applied". That is worth
 * nothing when the topic was deleted and made again, or lost its tail in an unclean election:
 * offset would then point into other records. So the newest anchor is read first and must be the
 * very record it was. Where the log no longer has it (compaction, retention) the next older one is
 * tried. When none is left, that is said, and the stream goes on.
 *
 *   anchor met, equal            → running, from offset (mostly the anchor is offset - 1: go on)
 *   anchor met, different        → refuse
 *   log jumps over the anchor    → the next older anchor; none: warn, run
 *   anchor below the log's start → none left: warn, run, unless offset itself is gone: lost
 *   anchor or offset beyond end  → refuse: the log is shorter than it was
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stream/checkpoint.h"
#include "stream/lock.h"
#include "stream/stream.h"

/* Reading over this many records again is not worth a seek, which throws away what was fetched. */
#define SKIP_MAX 10000

static void
format_name(const struct stream *stream, char name[64])
{
    snprintf(name, 64, "partition-%" PRId32 ".json", stream->identity.partition);
}

static int
take_lock(struct stream *stream, const char *instance, struct error *error)
{
    char name[64];
    int result;

    snprintf(name, sizeof(name), ".partition-%" PRId32 ".lock", stream->identity.partition);
    result = lock_take(stream->directory_fd, name, instance, &stream->lock_fd, error);
    if (result == LOCK_E_HELD)
        return error_prefix(error, STREAM_E_HELD, "%s/", stream->directory);
    return result < 0 ? error_prefix(error, result, "%s/", stream->directory) : 0;
}

static int
load_state(struct stream *stream, struct error *error)
{
    cleanup(free) char *text = NULL;
    char name[64];
    size_t length;
    int result;

    format_name(stream, name);
    result = checkpoint_load_text(stream->directory_fd, name, &text, &length, error);
    if (result == CHECKPOINT_E_NONE)
        return 0;
    if (result == 0) {
        result = stream->ops->load(stream->state, text, length, &stream->offset, error);
        if (result == JSON_E_BAD)
            error_prefix(error, result, "%s: ", name);
        else if (result == 0)
            stream->loaded = true;
    }
    if (result > 0) {
        error_prefix(error, result, "%s/", stream->directory);
        return error_append(error, STREAM_E_CORRUPT,
                            "; restore the file, or move it away to start again from offset 0");
    }
    return result < 0 ? error_prefix(error, result, "%s/", stream->directory) : 0;
}

static int
load_identity(struct stream *stream, struct error *error)
{
    int result = identity_load(&stream->identity, stream->directory_fd, error);

    if (result == CHECKPOINT_E_NONE)
        return 0;
    stream->has_source = true;
    if (result != 0)
        error_prefix(error, result, "%s/", stream->directory);
    if (result == CHECKPOINT_E_CORRUPT)
        error_append(error, result,
                     "; restore the file, or remove it to go on without knowing whether the topic "
                     "is still the same");
    return result > 0 ? STREAM_E_CORRUPT : result;
}

static void
warn_of_missing(struct stream *stream, struct error *notice)
{
    const struct identity *identity = &stream->identity;

    if (!stream->loaded && identity->n_anchors > 0) {
        error_set(notice, 0,
                  "%s/partition-%" PRId32
                  ".json is missing, but the source file beside it says that offset %" PRId64
                  " had been reached; starting again from the first record",
                  stream->directory, identity->partition,
                  identity->anchors[identity->n_anchors - 1].offset + 1);
    }
}

int
stream_open(struct stream *stream, const struct stream_settings *settings,
            const struct stream_state_ops *ops, void *state, struct error *notice,
            struct error *error)
{
    int result;

    *stream = (struct stream){
        .ops = ops,
        .state = state,
        .directory = settings->directory,
        .directory_fd = settings->directory_fd,
        .lock_fd = -1,
        .offset = -1,
    };
    identity_init(&stream->identity, settings->topic, settings->partition);
    result = take_lock(stream, settings->instance, error);
    if (result == 0)
        result = load_state(stream, error);
    stream->stored = stream->loaded;
    if (result == 0)
        result = load_identity(stream, error);
    if (result != 0) {
        stream_close(stream);
        return result;
    }
    warn_of_missing(stream, notice);
    if (!stream->loaded && stream->identity.station[0]) {
        stream->identity.station[0] = '\0'; /* the records are read anew: they may be of another, */
        stream->fact_first = true;          /* and no checkpoint of those stands beside this one */
    }
    stream_doubt(stream);
    return 0;
}

void
stream_close(struct stream *stream)
{
    if (stream->lock_fd >= 0)
        close(stream->lock_fd);
    stream->lock_fd = -1;
}

void
stream_doubt(struct stream *stream)
{
    stream->phase = STREAM_VERIFYING;
    /* Without a checkpoint nothing is continued, so nothing needs to be the same. */
    stream->n_to_verify = stream->loaded ? stream->identity.n_anchors : 0;
}

int64_t
stream_start(const struct stream *stream)
{
    if (stream->phase == STREAM_VERIFYING && stream->n_to_verify > 0)
        return stream->identity.anchors[stream->n_to_verify - 1].offset;
    return stream->offset < 0 ? SOURCE_BEGINNING : stream->offset;
}

/* The log has been met and may be read. The file is written even when there is no record yet. */
static void
start_running(struct stream *stream)
{
    stream->has_source = true; /* from the next checkpoint on */
    if (!stream->loaded) {
        stream->identity.n_anchors = 0; /* of a log that is not continued */
        stream->loaded = true;
    }
    stream->phase = STREAM_RUNNING;
    stream->dirty = stream->urgent = true;
}

/* The anchor that was to be met is no longer in the log. */
static enum stream_verdict
give_up_anchor(struct stream *stream, struct error *message)
{
    bool had_anchors = stream->n_to_verify > 0;
    /* A source file without anchors says that nothing had been read. */
    bool continued = stream->loaded && (had_anchors || !stream->has_source);

    if (had_anchors && --stream->n_to_verify > 0)
        return STREAM_SEEK;
    start_running(stream);
    if (continued)
        error_set(message, 0,
                  "it could not be verified that this is the topic that was read before: %s; going "
                  "on at offset %" PRId64,
                  had_anchors ? "none of the records remembered is still there"
                              : "there is no source file beside the checkpoint",
                  stream->offset);
    return had_anchors ? STREAM_SEEK : STREAM_APPLY;
}

static enum stream_verdict
compare_anchor(struct stream *stream, const struct source *source,
               const struct source_record *record, struct error *message)
{
    const struct identity_anchor *anchor = &stream->identity.anchors[stream->n_to_verify - 1];
    int64_t timestamp = source_timestamp(source, record);
    uint32_t crc =
        identity_crc(record->key, record->key_length, record->payload, record->payload_length);

    if (timestamp != anchor->timestamp || crc != anchor->crc) {
        error_set(
            message, 0,
            "the record at offset %" PRId64
            " is not the one that was read before (timestamp %" PRId64 ", CRC %08" PRIx32
            "; it was %" PRId64 ", %08" PRIx32
            "): the topic was deleted and made again, or truncated; move %s/partition-%" PRId32
            ".json and .partition-%" PRId32 ".source away to start again from offset 0",
            record->offset, timestamp, crc, anchor->timestamp, anchor->crc, stream->directory,
            stream->identity.partition, stream->identity.partition);
        return STREAM_REFUSE;
    }
    start_running(stream);
    if (record->offset >= stream->offset || record->offset + SKIP_MAX < stream->offset)
        return STREAM_SEEK;
    return STREAM_SKIP;
}

enum stream_verdict
stream_meet(struct stream *stream, const struct source *source, const struct source_record *record,
            struct error *message)
{
    if (stream->phase == STREAM_VERIFYING) {
        int64_t start = stream_start(stream);

        if (record->offset < start)
            return STREAM_SKIP;
        if (stream->n_to_verify > 0)
            return record->offset == start ? compare_anchor(stream, source, record, message)
                                           : give_up_anchor(stream, message);
        give_up_anchor(stream, message);
    }
    return record->offset < stream->offset ? STREAM_SKIP : STREAM_APPLY;
}

/* Where the log must end at least: behind the last record that is known to have been in it. */
static int64_t
least_end(const struct stream *stream)
{
    if (stream->phase == STREAM_VERIFYING && stream->n_to_verify > 0 &&
        stream_start(stream) >= stream->offset)
        return stream_start(stream) + 1;
    return stream->offset;
}

static enum stream_verdict
refuse_short_log(const struct stream *stream, int64_t end, struct error *message)
{
    error_set(message, 0,
              "the log ends at offset %" PRId64 ", but the record before offset %" PRId64
              " has been read: the topic was deleted and made again, or truncated; move "
              "%s/partition-%" PRId32 ".json and .partition-%" PRId32
              ".source away to start again from offset 0",
              end, least_end(stream), stream->directory, stream->identity.partition,
              stream->identity.partition);
    return STREAM_REFUSE;
}

enum stream_verdict
stream_meet_end(struct stream *stream, int64_t end, struct error *message)
{
    enum stream_verdict verdict;

    if (end < least_end(stream))
        return refuse_short_log(stream, end, message);
    if (stream->phase == STREAM_RUNNING)
        return STREAM_SKIP;
    if (stream->offset < 0)
        stream->offset = end; /* an empty log, which need not begin at 0 */
    verdict = give_up_anchor(stream, message);
    return verdict == STREAM_APPLY ? STREAM_SKIP : verdict;
}

enum stream_verdict
stream_meet_range(struct stream *stream, int64_t low, int64_t high, struct error *message)
{
    if (high < least_end(stream))
        return refuse_short_log(stream, high, message);
    if (stream->offset >= 0 && stream->offset < low) {
        error_set(message, 0,
                  "the broker no longer has the records from offset %" PRId64 " to %" PRId64
                  " (%" PRId64 " of them), which were not read",
                  stream->offset, low - 1, low - stream->offset);
        return STREAM_LOST;
    }
    if (stream->phase == STREAM_RUNNING) {
        stream_doubt(stream);
        return STREAM_SEEK;
    }
    if (stream->offset < 0)
        stream->offset = low;
    while (stream->n_to_verify > 1 && stream_start(stream) < low)
        stream->n_to_verify--;
    if (stream->n_to_verify == 0 || stream_start(stream) < low)
        give_up_anchor(stream, message);
    return STREAM_SEEK;
}

void
stream_touch(struct stream *stream)
{
    if (stream->offset < 0)
        return; /* the first record will see to it */
    stream->dirty = true;
    stream->urgent = true;
}

void
stream_remember(struct stream *stream, const struct source *source,
                const struct source_record *record)
{
    struct identity_anchor anchor = {
        .offset = record->offset,
        .timestamp = source_timestamp(source, record),
        .crc =
            identity_crc(record->key, record->key_length, record->payload, record->payload_length),
    };

    identity_add(&stream->identity, &anchor);
}

int
stream_learn(struct stream *stream, const char *cluster, int32_t partitions, struct error *message)
{
    struct identity *identity = &stream->identity;
    int result = 0;

    if (cluster[0] && strcmp(cluster, identity->cluster) != 0) {
        if (identity->cluster[0])
            result = error_set(message, STREAM_E_CLUSTER_CHANGED,
                               "the cluster's id was %s and is %s now", identity->cluster, cluster);
        snprintf(identity->cluster, sizeof(identity->cluster), "%s", cluster);
        stream->dirty = true;
    }
    if (partitions > 0 && partitions != identity->partitions) {
        if (identity->partitions > 0)
            result = error_set(message, STREAM_E_PARTITIONS_CHANGED,
                               "the topic had %" PRId32 " partitions and has %" PRId32
                               " now: stations move to other partitions, where they are counted "
                               "anew",
                               identity->partitions, partitions);
        identity->partitions = partitions;
        stream->dirty = true;
    }
    return result;
}

void
stream_learn_station(struct stream *stream, const char *station)
{
    snprintf(stream->identity.station, sizeof(stream->identity.station), "%s", station);
    stream->fact_first = true;
}

int64_t
stream_pass_gap(struct stream *stream, int64_t low)
{
    int64_t lost = low - stream->offset;

    stream->offset = low;
    start_running(stream);
    return lost;
}

static void
write_state(void *userdata, struct json_writer *writer)
{
    const struct stream *stream = userdata;

    stream->ops->write(stream->state, stream->offset < 0 ? 0 : stream->offset, writer);
}

static void
describe_state(struct stream *stream, struct checkpoint *checkpoint)
{
    *checkpoint = (struct checkpoint){
        .directory = stream->directory_fd, .write = write_state, .userdata = stream};
    format_name(stream, checkpoint->name);
}

static void
describe_source(struct stream *stream, struct checkpoint *checkpoint)
{
    stream->stored = true; /* as the wave before this one was */
    identity_describe(&stream->identity, stream->directory_fd, checkpoint);
}

/* One file of each stream that has no failure yet. */
static void
store_wave(struct stream_store *stores, size_t n,
           void (*describe)(struct stream *stream, struct checkpoint *checkpoint))
{
    struct checkpoint checkpoints[STREAM_STORE_MAX];
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        if (stores[i].result == 0)
            describe(stores[i].stream, &checkpoints[m++]);
    }
    checkpoint_store_all(checkpoints, m);
    m = 0;
    for (size_t i = 0; i < n; i++) {
        if (stores[i].result == 0)
            stores[i].result = checkpoint_explain(&checkpoints[m++], &stores[i].error);
    }
}

/* Before a checkpoint that stands on it. Anchors would tell of one that there was, if that one fails. */
static int
store_fact(const struct stream *stream, struct error *error)
{
    struct identity fact = stream->identity;

    if (!stream->stored)
        fact.n_anchors = 0;
    return identity_store(&fact, stream->directory_fd, error);
}

void
stream_store_all(struct stream_store *stores, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        stores[i].result =
            stores[i].stream->fact_first ? store_fact(stores[i].stream, &stores[i].error) : 0;
    }
    store_wave(stores, n, describe_state);
    store_wave(stores, n, describe_source);
    for (size_t i = 0; i < n; i++) {
        struct stream *stream = stores[i].stream;

        if (stores[i].result == 0)
            stream->dirty = stream->urgent = stream->fact_first = false;
        else
            error_prefix(&stores[i].error, stores[i].result, "%s/", stream->directory);
    }
}
