/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Reports to Kafka: an idempotent producer that delivers in order, acknowledged by all in-sync
 * replicas, and tells of each message what became of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/kafka_conf.h"
#include "stream/client.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_headers_s;
struct sink;

/* What every producer of ours sets: see common/kafka_conf.h. */
extern const struct kafka_property sink_kafka_properties[];

/* All are called from within sink_serve(). */
struct sink_handlers {
    void (*acknowledged)(void *userdata, uint64_t number);
    /* It will not be delivered: not even by another client when it is final. */
    void (*failed)(void *userdata, uint64_t number, bool final, const char *reason);
    client_event_fn event;
};

/*
 * Takes over conf, also on failure. Topics (borrowed names) are numbered in their order. 0, or
 * -EINVAL with a message.
 */
int sink_new(struct sink **sinkp, struct rd_kafka_conf_s *conf,
             const struct sink_handlers *handlers, void *userdata, struct error *error);
int sink_add_topic(struct sink *sink, const char *name, struct error *error);

/*
 * How many partitions a topic has; 0 when it is not there; -EIO with a message when the brokers can't
 * say. Makes no topic. Waits at most timeout_ms.
 */
int sink_count_partitions(struct sink *sink, const char *topic, int timeout_ms,
                          struct error *error);

/* The client, for the administration of topics. */
struct rd_kafka_s *sink_client(struct sink *sink);

/* Readable when there is something to serve; sink_serve() reads it empty. */
int sink_descriptor(const struct sink *sink);
void sink_serve(struct sink *sink);

/* A message; key and payload are copied. number comes back with what became of it. */
struct sink_message {
    size_t topic;
    uint64_t number;
    const void *key;
    size_t key_length;
    const void *payload;
    size_t payload_length;
    int64_t timestamp;                  /* milliseconds; 0: now */
    struct rd_kafka_headers_s *headers; /* NULL: none */
    bool has_partition;                 /* it goes to this partition, wherever its key would lie */
    int32_t partition;
};

/* Adds a header, making the list when it is NULL. 0, or -ENOMEM. */
int sink_add_header(struct rd_kafka_headers_s **headersp, const char *name, const char *value);
void sink_free_headers(struct rd_kafka_headers_s *headers);

/*
 * 0, the headers having been taken over; SINK_E_FULL when there is no room for now; -EINVAL with a message when it can never be sent.
 */
enum { SINK_E_FULL = 1 };
int sink_send(struct sink *sink, const struct sink_message *message, struct error *error);

/* Drops all that has not been acknowledged. */
void sink_purge(struct sink *sink);

/* The partition of a topic of n_partitions in which a key that is not empty lies. */
int32_t sink_place(const void *key, size_t length, int32_t n_partitions);

/* What has become of the messages to a topic, by its number; none when it has not been added. */
struct sink_counts {
    uint64_t acknowledged;
    uint64_t failed;
};
struct sink_counts sink_counts(const struct sink *sink, size_t topic);

/* How much is to be sent, under way, or to be served. */
size_t sink_queue_length(const struct sink *sink);

/* Seconds that brokers have held answers back, because of quotas, in all. */
double sink_throttled(const struct sink *sink);
