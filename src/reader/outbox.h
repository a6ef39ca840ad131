/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What is sent on account of a record, and must have been acknowledged before a checkpoint passes
 * that record: copies of invalid ones, and whatever else a program makes of a single one. How much
 * of it is under way is counted for each partition that is read. After a crash it may be sent again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/message.h"
#include "stream/sink.h"

struct outbox;

/* A topic to send to. All is borrowed for the outbox's life. */
struct outbox_topic {
    const char *name;
    const char *setting;  /* that names it: "invalid_topic" */
    const char *what;     /* "an invalid record": what it gets */
    enum message waiting; /* what is logged while it is not there, */
    enum message refuses; /* and when it can never be sent to */
    bool make;            /* made when it is missing; otherwise it is waited for */
};

/* Both are called from within outbox_serve() and outbox_drain(). */
struct outbox_handlers {
    /* A message can't be delivered, ever; where another client could, the event is CLIENT_FATAL. */
    void (*failed)(void *userdata, const struct outbox_topic *topic, const char *reason);
    void (*event)(void *userdata, enum client_event event, const char *text);
};

/*
 * Takes over conf, also on failure. Slots are the partitions that records come from. 0, or a
 * negative errno with a message.
 */
int outbox_new(struct outbox **outboxp, struct rd_kafka_conf_s *conf, size_t n_slots,
               const struct outbox_handlers *handlers, void *userdata, struct error *error);

/* Adds a topic; one of a name that is there is the same one. 0, or -ENOMEM. */
int outbox_add_topic(struct outbox *outbox, const struct outbox_topic *topic);

/*
 * Looks for the topics that have not been seen. 0: all have been; otherwise a message says what is
 * the matter with one, and *topicp is that one: OUTBOX_E_NO_TOPIC; OUTBOX_E_REFUSED: it can't be made
 * here; or -EIO when the brokers can't say. Waits at most timeout_ms for an answer (a second, where a
 * topic is to be made), and asks no further without one.
 */
enum { OUTBOX_E_NO_TOPIC = 1, OUTBOX_E_FULL = 2, OUTBOX_E_REFUSED = 3 };
int outbox_look(struct outbox *outbox, int timeout_ms, const struct outbox_topic **topicp,
                struct error *error);

/* Readable when there is something to serve. */
int outbox_descriptor(const struct outbox *outbox);
void outbox_serve(struct outbox *outbox);

/*
 * Sends a message to a topic that was added, on account of a record of the slot. topic and number of
 * the message are filled in. 0, its headers having been taken over; OUTBOX_E_NO_TOPIC: the topic has
 * not been seen yet, and the message says what the last look found, if there was one; OUTBOX_E_FULL:
 * try again once some have been acknowledged; -EINVAL with a message when it can never be sent;
 * -ENOMEM.
 */
int outbox_send(struct outbox *outbox, const char *topic, size_t slot, struct sink_message *message,
                struct error *error);

/* How many are not acknowledged, of all slots or of one. */
size_t outbox_pending(const struct outbox *outbox);
size_t outbox_pending_of(const struct outbox *outbox, size_t slot);

/* Whether no more than a batch may still be sent before those on their way are acknowledged. */
bool outbox_is_full(const struct outbox *outbox);

/* Waits until all are acknowledged, at most timeout_ms. */
void outbox_drain(struct outbox *outbox, int timeout_ms);
