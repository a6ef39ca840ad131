/* SPDX-License-Identifier: MIT */

/*
 * librdkafka's consumer behind source.h. Two things here look odd and are meant so:
 *
 * The client is never closed or destroyed, but left to the end of the process. In librdkafka 2.0.2
 * both calls may take minutes or never return, and there is nothing to say goodbye to: a manual
 * assignment is in no group.
 *
 * Positions come from the records themselves, never from rd_kafka_position(), which was wrong after
 * errors up to 2.13.2.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "common/cleanup.h"
#include "stream/source.h"

CLEANUP_DEFINE(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy);
CLEANUP_DEFINE(rd_kafka_error_t *, rd_kafka_error_destroy);
CLEANUP_DEFINE(rd_kafka_topic_t *, rd_kafka_topic_destroy);

struct slot {
    const char *topic;
    int32_t partition;
    rd_kafka_topic_t *handle; /* as it stands in messages: compared, never followed; NULL until the
                                 first message */
};

struct source {
    struct client client; /* first: librdkafka's callbacks are handed it */
    size_t n_slots;
    struct slot *slots;
    size_t last_slot; /* records come in long runs of one partition */
    size_t n_messages;
    rd_kafka_message_t *messages[SOURCE_BATCH];
    size_t n_records;
    struct source_record records[SOURCE_BATCH];
    uint16_t message_of[SOURCE_BATCH]; /* by record */
    char cluster[256];
    size_t queue_max; /* bytes of payloads that librdkafka's queue takes; 0: it needs no help */
    size_t deepest;   /* it has had so many since it was last nearly empty */
};

/* What the next attempt will meet again, until somebody has changed a permission or left the group. */
static bool
is_refusal(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR_INVALID_GROUP_ID:
    case RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
        return true;
    default:
        return false;
    }
}

static void
on_commit(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *offsets,
          void *opaque)
{
    struct source *source = opaque;

    for (int i = 0; !code && offsets && i < offsets->cnt; i++)
        code = offsets->elems[i].err;
    source->client.event(source->client.userdata,
                         is_refusal(code) ? CLIENT_COMMIT_REFUSED : CLIENT_COMMITTED,
                         code ? rd_kafka_err2str(code) : NULL);
}

#define SETTLED_WITH 0x02020000 /* librdkafka 2.2: fetch.queue.backoff.ms */

static size_t
find_queue_max(rd_kafka_t *client)
{
    char kilobytes[16];
    size_t size = sizeof(kilobytes);

    if (rd_kafka_version() >= SETTLED_WITH ||
        rd_kafka_conf_get(rd_kafka_conf(client), "queued.max.messages.kbytes", kilobytes, &size))
        return 0;
    return strtoul(kilobytes, NULL, 10) * 1024;
}

int
source_new(struct source **sourcep, rd_kafka_conf_t *conf, client_event_fn event, void *userdata,
           struct error *error)
{
    struct source *source = calloc(1, sizeof(*source));
    int result;

    if (!source) {
        rd_kafka_conf_destroy(conf);
        return -ENOMEM;
    }
    source->client.event = event;
    source->client.userdata = userdata;
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    result = client_open(&source->client, true, conf, error);
    if (result < 0) {
        free(source);
        return result;
    }
    source->queue_max = find_queue_max(source->client.handle);
    *sourcep = source;
    return 0;
}

int
source_descriptor(const struct source *source)
{
    return source->client.event_fd;
}

void
source_acknowledge(struct source *source)
{
    client_acknowledge(&source->client);
}

int
source_assign(struct source *source, const struct source_partition *partitions, size_t n,
              struct error *error)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n);
    rd_kafka_resp_err_t code;

    source->slots = calloc(n, sizeof(*source->slots));
    if (!source->slots)
        return -ENOMEM;
    source->n_slots = n;
    for (size_t i = 0; i < n; i++) {
        source->slots[i].topic = partitions[i].topic;
        source->slots[i].partition = partitions[i].partition;
        rd_kafka_topic_partition_list_add(list, partitions[i].topic, partitions[i].partition)
            ->offset = partitions[i].start;
    }
    code = rd_kafka_assign(source->client.handle, list);
    if (code)
        return error_set(error, -EINVAL, "can't assign the partitions: %s", rd_kafka_err2str(code));
    return 0;
}

/*
 * Unassign and assign, not rd_kafka_seek_partitions(): a partition that stands still after an
 * offset out of range is not fetching, and only what fetches can seek.
 */
int
source_restart(struct source *source, size_t slot, int64_t offset, struct error *error)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(1);
    cleanup(rd_kafka_error_destroy) rd_kafka_error_t *failure = NULL;

    rd_kafka_topic_partition_list_add(list, source->slots[slot].topic,
                                      source->slots[slot].partition)
        ->offset = offset;
    source->slots[slot].handle = NULL; /* a topic that is made again may lie elsewhere */
    failure = rd_kafka_incremental_unassign(source->client.handle, list);
    if (!failure)
        failure = rd_kafka_incremental_assign(source->client.handle, list);
    if (failure)
        return error_set(error, -EINVAL, "can't read again from offset %lld: %s", (long long)offset,
                         rd_kafka_error_string(failure));
    return 0;
}

/* The slot of a message, or n_slots when it is none of ours. */
static size_t
find_slot(struct source *source, const rd_kafka_message_t *message)
{
    struct slot *slot = &source->slots[source->last_slot];

    if (!message->rkt)
        return source->n_slots;
    if (slot->handle == message->rkt && slot->partition == message->partition)
        return source->last_slot;
    for (size_t i = 0; i < source->n_slots; i++) {
        slot = &source->slots[i];
        if (slot->partition != message->partition)
            continue;
        if (slot->handle != message->rkt) {
            if (strcmp(slot->topic, rd_kafka_topic_name(message->rkt)) != 0)
                continue;
            slot->handle = message->rkt;
        }
        return source->last_slot = i;
    }
    return source->n_slots;
}

static enum source_kind
classify(const rd_kafka_message_t *message)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return SOURCE_RECORD;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        return SOURCE_END;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return SOURCE_OUT_OF_RANGE;
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return SOURCE_MISSING;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return SOURCE_REFUSED;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        return SOURCE_DAMAGED;
    default:
        return SOURCE_FAILURE;
    }
}

static void
fill_record(struct source_record *record, const rd_kafka_message_t *message, size_t slot)
{
    record->kind = classify(message);
    record->slot = (uint32_t)slot;
    record->offset = message->offset;
    if (record->kind == SOURCE_RECORD) {
        record->key = message->key;
        record->key_length = message->key_len;
        record->payload = message->payload;
        record->payload_length = message->len;
        record->text = NULL;
    } else {
        record->key = record->payload = NULL;
        record->key_length = record->payload_length = 0;
        record->text = rd_kafka_message_errstr(message);
    }
}

/*
 * librdkafka stops fetching when its queue is full, and before 2.2 thinks again when its thread wakes up: after a
 * second, when all has long been read. So it is woken, by a question whose answer is of no interest.
 */
static void
keep_fetching(struct source *source, size_t bytes)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list = NULL;
    size_t waiting;

    if (source->queue_max == 0 || source->n_messages == 0)
        return;
    waiting = rd_kafka_queue_length(source->client.queue) * (bytes / source->n_messages);
    if (waiting + bytes > source->deepest)
        source->deepest = waiting + bytes;
    if (waiting > source->queue_max / 4)
        return;
    if (source->deepest > source->queue_max / 2) {
        list = rd_kafka_topic_partition_list_new((int)source->n_slots);
        for (size_t i = 0; i < source->n_slots; i++)
            rd_kafka_topic_partition_list_add(list, source->slots[i].topic,
                                              source->slots[i].partition)
                ->offset = RD_KAFKA_OFFSET_END;
        rd_kafka_offsets_for_times(source->client.handle, list, 0); /* it does not wait */
    }
    source->deepest = 0;
}

size_t
source_take(struct source *source, const struct source_record **recordsp, size_t *entriesp)
{
    size_t bytes = 0;
    ssize_t n =
        rd_kafka_consume_batch_queue(source->client.queue, 0, source->messages, SOURCE_BATCH);

    source->n_messages = n < 0 ? 0 : (size_t)n;
    source->n_records = 0;
    for (size_t i = 0; i < source->n_messages; i++) {
        const rd_kafka_message_t *message = source->messages[i];
        size_t slot = find_slot(source, message);

        bytes += message->len;

        if (slot == source->n_slots) {
            /* A failure of the group, or of the client as a whole. */
            if (message->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED)
                source->client.event(source->client.userdata, CLIENT_COMMIT_REFUSED,
                                     rd_kafka_err2str(message->err));
            else if (message->err)
                source->client.event(source->client.userdata, CLIENT_OTHER,
                                     rd_kafka_message_errstr(message));
            continue;
        }
        source->message_of[source->n_records] = (uint16_t)i;
        fill_record(&source->records[source->n_records++], message, slot);
    }
    keep_fetching(source, bytes);
    *recordsp = source->records;
    *entriesp = source->n_messages;
    return source->n_records;
}

void
source_release(struct source *source)
{
    for (size_t i = 0; i < source->n_messages; i++)
        rd_kafka_message_destroy(source->messages[i]);
    source->n_messages = source->n_records = 0;
}

/* Timestamps are what a producer says they are; anything that is none of a record's is -1. */
int64_t
source_timestamp(const struct source *source, const struct source_record *record)
{
    rd_kafka_timestamp_type_t type;
    int64_t timestamp = rd_kafka_message_timestamp(
        source->messages[source->message_of[record - source->records]], &type);

    return timestamp < 0 || timestamp == INT64_MAX ? -1 : timestamp;
}

rd_kafka_headers_t *
source_copy_headers(const struct source *source, const struct source_record *record)
{
    rd_kafka_headers_t *headers;

    if (rd_kafka_message_headers(source->messages[source->message_of[record - source->records]],
                                 &headers))
        return NULL;
    return rd_kafka_headers_copy(headers);
}

int64_t
source_end(const struct source *source, size_t slot)
{
    int64_t low, high;

    if (rd_kafka_get_watermark_offsets(source->client.handle, source->slots[slot].topic,
                                       source->slots[slot].partition, &low, &high))
        return -1;
    return high < 0 ? -1 : high;
}

int
source_query_range(struct source *source, size_t slot, int timeout_ms, int64_t *lowp,
                   int64_t *highp, struct error *error)
{
    int64_t low, high;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(source->client.handle, source->slots[slot].topic,
                                         source->slots[slot].partition, &low, &high, timeout_ms);

    if (code)
        return error_set(error, -EIO, "can't ask for the first and last offset: %s",
                         rd_kafka_err2str(code));
    *lowp = low;
    *highp = high;
    return 0;
}

/* The partitions of all slots, each with its offset, or without those that have none. */
static rd_kafka_topic_partition_list_t *
list_offsets(const struct source *source, const int64_t *offsets)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)source->n_slots);

    for (size_t i = 0; i < source->n_slots; i++)
        if (!offsets || offsets[i] >= 0)
            rd_kafka_topic_partition_list_add(list, source->slots[i].topic,
                                              source->slots[i].partition)
                ->offset = offsets ? offsets[i] : RD_KAFKA_OFFSET_INVALID;
    return list;
}

void
source_commit(struct source *source, const int64_t *offsets)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list =
        list_offsets(source, offsets);
    rd_kafka_resp_err_t code = rd_kafka_commit(source->client.handle, list, 1);

    if (code)
        on_commit(source->client.handle, code, NULL, source);
}

int
source_query_committed(struct source *source, int timeout_ms, int64_t *offsets, struct error *error)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list =
        list_offsets(source, NULL);
    rd_kafka_resp_err_t code = rd_kafka_committed(source->client.handle, list, timeout_ms);

    if (code)
        return error_set(error, -EIO, "can't ask the group: %s", rd_kafka_err2str(code));
    for (size_t i = 0; i < source->n_slots; i++)
        offsets[i] = list->elems[i].offset < 0 ? -1 : list->elems[i].offset;
    return 0;
}

uint64_t
source_throttled(const struct source *source)
{
    return source->client.throttled;
}

static int
check_topic(const struct source *source, size_t slot, const rd_kafka_metadata_topic_t *topic,
            struct error *error)
{
    const struct slot *wanted = &source->slots[slot];

    switch (topic->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return error_set(error, SOURCE_E_MISSING, "topic %s does not exist yet; waiting for it",
                         wanted->topic);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return error_set(error, SOURCE_E_REFUSED,
                         "topic %s: the broker refuses access; grant READ and DESCRIBE on it",
                         wanted->topic);
    default:
        return error_set(error, -EIO, "topic %s: %s", wanted->topic, rd_kafka_err2str(topic->err));
    }
    if (topic->partition_cnt <= wanted->partition)
        return error_set(error, SOURCE_E_MISSING,
                         "topic %s has %d partitions, so there is no partition %d yet; waiting "
                         "for it",
                         wanted->topic, topic->partition_cnt, wanted->partition);
    return 0;
}

int
source_query_topic(struct source *source, size_t slot, int timeout_ms, struct source_topic *topicp,
                   struct error *error)
{
    cleanup(rd_kafka_topic_destroy) rd_kafka_topic_t *handle =
        rd_kafka_topic_new(source->client.handle, source->slots[slot].topic, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code;
    char *cluster;
    int result = 0;

    if (!handle)
        return error_set(error, -EIO, "%s", rd_kafka_err2str(rd_kafka_last_error()));
    code = rd_kafka_metadata(source->client.handle, 0, handle, &metadata, timeout_ms);
    if (code)
        return error_set(error, -EIO, "can't ask the brokers for topic %s: %s",
                         source->slots[slot].topic, rd_kafka_err2str(code));
    if (metadata->topic_cnt == 1)
        result = check_topic(source, slot, &metadata->topics[0], error);
    if (result == 0 && metadata->topic_cnt == 1)
        topicp->partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    cluster = rd_kafka_clusterid(source->client.handle, 0);
    snprintf(source->cluster, sizeof(source->cluster), "%s", cluster ? cluster : "");
    if (cluster)
        rd_kafka_mem_free(source->client.handle, cluster);
    topicp->cluster = source->cluster;
    return result;
}

int
source_query_ends(struct source *source, size_t slot, int timeout_ms, int64_t *ends,
                  struct error *error)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)source->n_slots);
    rd_kafka_resp_err_t code;

    for (size_t i = 0; i < source->n_slots; i++) {
        const struct slot *other = &source->slots[i];

        ends[i] = -1;
        if (strcmp(other->topic, source->slots[slot].topic) == 0)
            rd_kafka_topic_partition_list_add(list, other->topic, other->partition)->offset =
                RD_KAFKA_OFFSET_END;
    }
    code = rd_kafka_offsets_for_times(source->client.handle, list, timeout_ms);
    if (code)
        return error_set(error, -EIO, "can't ask for the ends of topic %s: %s",
                         source->slots[slot].topic, rd_kafka_err2str(code));
    for (size_t i = 0; i < source->n_slots; i++) {
        const rd_kafka_topic_partition_t *found = rd_kafka_topic_partition_list_find(
            list, source->slots[i].topic, source->slots[i].partition);

        if (found && !found->err && found->offset >= 0)
            ends[i] = found->offset;
    }
    return 0;
}
