/* SPDX-License-Identifier: MIT */

/*
 * librdkafka's producer behind sink.h. Like the consumer's client it is left to the end of the
 * process, never destroyed.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "stream/sink.h"

const struct kafka_property sink_kafka_properties[] = {
    {"bootstrap.servers", "localhost:9092", false},
    {"acks", "all", false},
    {"enable.idempotence", "true", false},
    {"enable.gapless.guarantee", "true", false}, /* nothing is sent behind what fails */
    {"message.timeout.ms", "0", false},          /* never given up */
    {"message.send.max.retries", "2147483647", false},
    {"partitioner", "murmur2_random", false},
    {"log.queue", "true", false},
    {"linger.ms", "5", false},
    {"message.max.bytes", "1000000000", false}, /* the brokers know how much they take */
    {"reconnect.backoff.max.ms", "2000", false},
    {NULL, NULL, false},
};

struct sink {
    struct client client; /* first: librdkafka's callbacks are handed it */
    const struct sink_handlers *handlers;
    void *userdata;
    size_t n_topics;
    rd_kafka_topic_t **topics;
};

/* What the message itself or a permission is to blame for, rather than the client or the brokers' state. */
static bool
is_final(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return true;
    default:
        return false;
    }
}

static void
on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct sink *sink = opaque;
    struct sink_counts *counts = rd_kafka_topic_opaque(message->rkt);
    uint64_t number = (uint64_t)(uintptr_t)message->_private;

    if (message->err) {
        counts->failed++;
        sink->handlers->failed(sink->userdata, number, is_final(message->err),
                               rd_kafka_err2str(message->err));
    } else {
        counts->acknowledged++;
        sink->handlers->acknowledged(sink->userdata, number);
    }
}

int
sink_new(struct sink **sinkp, rd_kafka_conf_t *conf, const struct sink_handlers *handlers,
         void *userdata, struct error *error)
{
    struct sink *sink = calloc(1, sizeof(*sink));
    int result;

    if (!sink) {
        rd_kafka_conf_destroy(conf);
        return -ENOMEM;
    }
    sink->handlers = handlers;
    sink->userdata = userdata;
    sink->client.event = handlers->event;
    sink->client.userdata = userdata;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    result = client_open(&sink->client, false, conf, error);
    if (result < 0)
        free(sink);
    else
        *sinkp = sink;
    return result;
}

/* A handle that carries its counts; they are left to the end of the process, as it is. */
static rd_kafka_topic_t *
new_topic(rd_kafka_t *client, const char *name)
{
    struct sink_counts *counts = calloc(1, sizeof(*counts));
    rd_kafka_topic_conf_t *conf = counts ? rd_kafka_default_topic_conf_dup(client) : NULL;
    rd_kafka_topic_t *topic;

    if (!conf)
        return NULL;
    rd_kafka_topic_conf_set_opaque(conf, counts);
    topic = rd_kafka_topic_new(client, name, conf);
    if (!topic) {
        rd_kafka_topic_conf_destroy(conf);
        free(counts);
    }
    return topic;
}

int
sink_add_topic(struct sink *sink, const char *name, struct error *error)
{
    rd_kafka_topic_t **topics =
        reallocarray(sink->topics, sink->n_topics + 1, sizeof(*sink->topics));

    if (!topics)
        return -ENOMEM;
    sink->topics = topics;
    topics[sink->n_topics] = new_topic(sink->client.handle, name);
    if (!topics[sink->n_topics])
        return error_set(error, -EINVAL, "topic %s: %s", name,
                         rd_kafka_err2str(rd_kafka_last_error()));
    sink->n_topics++;
    return 0;
}

rd_kafka_t *
sink_client(struct sink *sink)
{
    return sink->client.handle;
}

int
sink_descriptor(const struct sink *sink)
{
    return sink->client.event_fd;
}

void
sink_serve(struct sink *sink)
{
    client_acknowledge(&sink->client);
    /*
     * One call serves what is there when it begins; the descriptor is an edge, so go on until there
     * is nothing.
     */
    while (rd_kafka_poll(sink->client.handle, 0) > 0)
        ;
}

static int32_t
get_partition(const struct sink_message *message)
{
    return message->has_partition ? message->partition : RD_KAFKA_PARTITION_UA;
}

/* The way of a message with headers or a time of its own; the other is the faster one. */
static rd_kafka_resp_err_t
produce_in_full(rd_kafka_topic_t *topic, rd_kafka_t *client, const struct sink_message *message)
{
    return rd_kafka_producev(
        client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(get_partition(message)),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY((void *)(uintptr_t)message->key, message->key_length),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)message->payload, message->payload_length),
        RD_KAFKA_V_TIMESTAMP(message->timestamp), RD_KAFKA_V_HEADERS(message->headers),
        RD_KAFKA_V_OPAQUE((void *)(uintptr_t)message->number), RD_KAFKA_V_END);
}

static rd_kafka_resp_err_t
produce(rd_kafka_topic_t *topic, const struct sink_message *message)
{
    if (rd_kafka_produce(topic, get_partition(message), RD_KAFKA_MSG_F_COPY,
                         (void *)(uintptr_t)message->payload, message->payload_length, message->key,
                         message->key_length, (void *)(uintptr_t)message->number) == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return rd_kafka_last_error();
}

int
sink_send(struct sink *sink, const struct sink_message *message, struct error *error)
{
    rd_kafka_topic_t *topic = sink->topics[message->topic];
    rd_kafka_resp_err_t code = message->headers || message->timestamp
                                   ? produce_in_full(topic, sink->client.handle, message)
                                   : produce(topic, message);

    if (!code)
        return 0;
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return SINK_E_FULL;
    return error_set(error, -EINVAL, "topic %s: %s", rd_kafka_topic_name(topic),
                     rd_kafka_err2str(code));
}

int
sink_add_header(rd_kafka_headers_t **headersp, const char *name, const char *value)
{
    if (!*headersp)
        *headersp = rd_kafka_headers_new(8);
    return *headersp && !rd_kafka_header_add(*headersp, name, -1, value, -1) ? 0 : -ENOMEM;
}

void
sink_free_headers(rd_kafka_headers_t *headers)
{
    if (headers)
        rd_kafka_headers_destroy(headers);
}

static int
find_topic(const struct rd_kafka_metadata *metadata, const char *name, struct error *error)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *topic = &metadata->topics[i];

        if (strcmp(topic->topic, name) != 0)
            continue;
        if (topic->err && topic->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
            return error_set(error, -EIO, "topic %s: %s", name, rd_kafka_err2str(topic->err));
        return topic->partition_cnt;
    }
    return 0;
}

/*
 * Looked up in the list of all topics: asking for one by its name would have a broker with
 * auto.create.topics.enable make it, with a number of partitions of its own; so would a topic
 * handle, which therefore comes after this.
 */
int
sink_count_partitions(struct sink *sink, const char *topic, int timeout_ms, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(sink->client.handle, 1, NULL, &metadata, timeout_ms);
    int count;

    if (code)
        return error_set(error, -EIO, "topic %s: can't ask for it: %s", topic,
                         rd_kafka_err2str(code));
    count = find_topic(metadata, topic, error);
    rd_kafka_metadata_destroy(metadata);
    return count;
}

void
sink_purge(struct sink *sink)
{
    rd_kafka_purge(sink->client.handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                            RD_KAFKA_PURGE_F_NON_BLOCKING);
}

/* What the partitioner murmur2_random does with a key; it looks neither at the topic nor at more. */
int32_t
sink_place(const void *key, size_t length, int32_t n_partitions)
{
    return rd_kafka_msg_partitioner_murmur2(NULL, key, length, n_partitions, NULL, NULL);
}

struct sink_counts
sink_counts(const struct sink *sink, size_t topic)
{
    if (topic >= sink->n_topics)
        return (struct sink_counts){0, 0};
    return *(const struct sink_counts *)rd_kafka_topic_opaque(sink->topics[topic]);
}

size_t
sink_queue_length(const struct sink *sink)
{
    return (size_t)rd_kafka_outq_len(sink->client.handle);
}

double
sink_throttled(const struct sink *sink)
{
    return (double)sink->client.throttled / 1000;
}
