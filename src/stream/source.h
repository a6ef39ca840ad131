/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Records from Kafka: a consumer with a manual list of partitions, read in batches. librdkafka's
 * threads fetch ahead into one queue, whose descriptor becomes readable when records come into an
 * empty queue.
 *
 * The descriptor is an edge: read it (source_acknowledge), then take batches until one is short.
 * Only then does it fire again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "stream/client.h"

#define SOURCE_BATCH     1000
#define SOURCE_BEGINNING (-2) /* an offset: the first that the broker has */

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_headers_s;
struct source;

enum source_kind {
    SOURCE_RECORD,
    SOURCE_END,          /* the end of the partition was met; offset is the next to be written */
    SOURCE_OUT_OF_RANGE, /* the broker does not have the offset asked for; the partition stands
                            still */
    SOURCE_FAILURE, /* text says what is wrong; the partition goes on by itself when it is mended */
    SOURCE_REFUSED, /* likewise: the topic may not be read */
    SOURCE_DAMAGED, /* a record arrived damaged; librdkafka would go on behind it */
    SOURCE_MISSING, /* likewise: the topic or the partition does not exist */
};

struct source_record {
    enum source_kind kind;
    uint32_t slot; /* index into the partitions given to source_assign() */
    int64_t offset;
    const void *key; /* NULL: none */
    size_t key_length;
    const void *payload; /* NULL: none (a tombstone) */
    size_t payload_length;
    const char *text; /* of a failure */
};

struct source_partition {
    const char *topic; /* borrowed */
    int32_t partition;
    int64_t start; /* an offset, or SOURCE_BEGINNING */
};

/*
 * Takes over conf, also on failure. event is called from within source_take(). 0, or -EINVAL with a
 * message. There is no way to free it: see source.c.
 */
int source_new(struct source **sourcep, struct rd_kafka_conf_s *conf, client_event_fn event,
               void *userdata, struct error *error);

/* The descriptor to poll; belongs to source. */
int source_descriptor(const struct source *source);
void source_acknowledge(struct source *source);

/*
 * Begins to read. The array is copied, the topics' names are borrowed. Once. 0, or -EINVAL with a
 * message.
 */
int source_assign(struct source *source, const struct source_partition *partitions, size_t n,
                  struct error *error);

/* Reads a partition from another offset; records already taken from it are stale. */
int source_restart(struct source *source, size_t slot, int64_t offset, struct error *error);

/*
 * Takes the next records, at most SOURCE_BATCH of librdkafka's queue entries; never waits. They
 * live until source_release(), which comes before the next take. *entriesp is how many entries
 * there were: below SOURCE_BATCH the queue is empty. The records are fewer where an entry belongs
 * to no partition of ours.
 */
size_t source_take(struct source *source, const struct source_record **recordsp, size_t *entriesp);
void source_release(struct source *source);

/* The timestamp of a record that was taken and not yet released, in milliseconds, or -1. */
int64_t source_timestamp(const struct source *source, const struct source_record *record);

/*
 * A copy of its headers, or NULL when it has none, or memory is out: for a message of sink.h, which
 * takes it over.
 */
struct rd_kafka_headers_s *source_copy_headers(const struct source *source,
                                               const struct source_record *record);

/*
 * The end of a partition as the last fetch told it, or -1 when nothing has been fetched. Never
 * waits.
 */
int64_t source_end(const struct source *source, size_t slot);

/*
 * Asks the broker for the first offset and the end. Waits at most timeout_ms. 0, or -EIO with a
 * message.
 */
int source_query_range(struct source *source, size_t slot, int timeout_ms, int64_t *lowp,
                       int64_t *highp, struct error *error);

/*
 * Tells the group how far its partitions have been read, for those who watch the lag; an offset of
 * -1 leaves that partition out. Never waits: an event says what became of it, and no second one is
 * begun before. offsets: one a slot.
 */
void source_commit(struct source *source, const int64_t *offsets);

/*
 * Asks the group how far partitions had been read: fills offsets, one a slot, with -1 where it does
 * not know. Waits at most timeout_ms. 0, or -EIO with a message.
 */
int source_query_committed(struct source *source, int timeout_ms, int64_t *offsets,
                           struct error *error);

/* How long the brokers have held back their answers because of quotas, in all; milliseconds. */
uint64_t source_throttled(const struct source *source);

/* Asks for the topic of a partition: waits at most timeout_ms. Strings live until the next call. */
struct source_topic {
    int32_t partitions;  /* 0: unknown */
    const char *cluster; /* "": unknown */
};
enum { SOURCE_E_MISSING = 1, SOURCE_E_REFUSED = 2 };
/* 0; SOURCE_E_MISSING (topic or partition), SOURCE_E_REFUSED, or -EIO: each with a message. */
int source_query_topic(struct source *source, size_t slot, int timeout_ms,
                       struct source_topic *topicp, struct error *error);

/*
 * Asks the brokers where the partitions of a slot's topic end now: fills ends, one a slot, with -1
 * where that is not known, as for those of other topics and those without a leader. Waits at most
 * timeout_ms. 0, or -EIO with a message when nothing is known.
 */
int source_query_ends(struct source *source, size_t slot, int timeout_ms, int64_t *ends,
                      struct error *error);
