/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a consumer and a producer of librdkafka's have in common: how they are made, the descriptor
 * that tells of entries in their queue, and what happens to them as a whole. For source.c and sink.c,
 * which embed it as their first member and so are the opaque of librdkafka's callbacks.
 *
 * A client is never destroyed, but left to the end of the process: see source.c.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_queue_s;

enum client_event {
    CLIENT_DOWN,    /* no broker can be reached; text names one. librdkafka goes on trying */
    CLIENT_CUT,     /* the connection to one was lost, or could not be made */
    CLIENT_REFUSED, /* authentication, authorization or TLS failed */
    CLIENT_FATAL,   /* the idempotent producer can't go on: a new client must send again what is not
                        acknowledged */
    CLIENT_GIVEN_UP,       /* nor would a new one: the brokers do not allow or know what it needs */
    CLIENT_COMMITTED,      /* what source_commit() began has ended; text: NULL, or why it did not
                              succeed this time, */
    CLIENT_COMMIT_REFUSED, /* or that it never will */
    CLIENT_OTHER,
    CLIENT_LOG, /* a line of librdkafka's own log */
};
typedef void (*client_event_fn)(void *userdata, enum client_event event, const char *text);

struct client {
    struct rd_kafka_s *handle;
    struct rd_kafka_queue_s *queue; /* of everything that happens */
    int event_fd;
    client_event_fn event; /* called from where the queue is served */
    void *userdata;
    uint64_t throttled; /* milliseconds for which brokers have held answers back */
};

/*
 * Makes the client; event and userdata are set before. Takes over conf, also on failure. The
 * descriptor is an edge. 0, or -EINVAL with a message.
 */
int client_open(struct client *client, bool consumer, struct rd_kafka_conf_s *conf,
                struct error *error);

/* Reads the descriptor empty: what comes from now on makes it readable again. */
void client_acknowledge(struct client *client);
