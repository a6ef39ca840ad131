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

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct sink;

enum sink_event {
    SINK_EVENT_DOWN,    /* no broker can be reached; librdkafka goes on trying */
    SINK_EVENT_REFUSED, /* authentication, authorization or TLS failed */
    SINK_EVENT_FATAL,   /* the idempotent producer can't go on: a new client must send again what is
                           not acknowledged */
    SINK_EVENT_GIVEN_UP, /* nor would a new one: the brokers do not allow or know what it needs */
    SINK_EVENT_OTHER,
    SINK_EVENT_LOG, /* a line of librdkafka's log */
};

/* All are called from within sink_serve(). */
struct sink_handlers {
    void (*acknowledged)(void *userdata, uint64_t number);
    void (*failed)(void *userdata, uint64_t number, const char *reason); /* for good */
    void (*event)(void *userdata, enum sink_event event, const char *text);
};

/*
 * Takes over conf, also on failure. Topics (borrowed names) are numbered in their order. 0, or
 * -EINVAL with a message.
 */
int sink_new(struct sink **sinkp, struct rd_kafka_conf_s *conf,
             const struct sink_handlers *handlers, void *userdata, struct error *error);
int sink_add_topic(struct sink *sink, const char *name, struct error *error);

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
};

/*
 * 0; SINK_E_FULL when there is no room for now; -EINVAL with a message when it can never be sent.
 */
enum { SINK_E_FULL = 1 };
int sink_send(struct sink *sink, const struct sink_message *message, struct error *error);

/* Drops all that has not been acknowledged. */
void sink_purge(struct sink *sink);
