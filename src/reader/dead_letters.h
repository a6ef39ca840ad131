/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Invalid records, copied to the topic that invalid_topic names, as Kafka Connect copies its own:
 * key, value, headers and time as they were, and headers that say where the record was and what is
 * wrong with it. A checkpoint passes a record only once its copy has been acknowledged; the caller
 * asks dead_letters_pending() for that. After a crash a copy may be sent again.
 *
 * The topic is never made here: it is waited for.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "stream/sink.h"
#include "stream/source.h"

struct dead_letters;

/* Both are called from within dead_letters_serve(). */
struct dead_letters_handlers {
    /* A copy can't be delivered, ever; where another client could, the event is CLIENT_FATAL. */
    void (*failed)(void *userdata, const char *topic, const char *reason);
    void (*event)(void *userdata, enum client_event event, const char *text);
};

/*
 * Takes over conf, also on failure. Slots are the partitions that records come from. 0, or a
 * negative errno with a message.
 */
int dead_letters_new(struct dead_letters **lettersp, struct rd_kafka_conf_s *conf, size_t n_slots,
                     const struct dead_letters_handlers *handlers, void *userdata,
                     struct error *error);

/* A topic to send to; a second time it is the same one. Names are borrowed. 0, or -ENOMEM. */
int dead_letters_add_topic(struct dead_letters *letters, const char *topic);

/*
 * Looks for the topics that have not been seen. 0: all have been; otherwise a message says what is the
 * matter with one: DEAD_LETTERS_E_NO_TOPIC, or -EIO when the brokers can't say. Waits at most
 * timeout_ms for an answer, and asks no further without one.
 */
int dead_letters_look(struct dead_letters *letters, int timeout_ms, struct error *error);

/* Readable when there is something to serve. */
int dead_letters_descriptor(const struct dead_letters *letters);
void dead_letters_serve(struct dead_letters *letters);

struct dead_letter {
    const char *to;    /* a topic that was added */
    const char *topic; /* where the record was */
    int32_t partition;
    const struct source *source;
    const struct source_record *record; /* taken from it and not released */
    bool undecodable;                   /* rather than decoded, and impossible */
    const char *reason;
};

/*
 * Sends a copy: 0; DEAD_LETTERS_E_NO_TOPIC: the topic has not been seen yet, and the message says what
 * the last look found, if there was one; DEAD_LETTERS_E_FULL: try again once some have been
 * acknowledged; -EINVAL with a message when it can never be sent; -ENOMEM.
 */
enum { DEAD_LETTERS_E_NO_TOPIC = 1, DEAD_LETTERS_E_FULL = 2 };
int dead_letters_send(struct dead_letters *letters, const struct dead_letter *letter,
                      struct error *error);

/* How many copies are not acknowledged, of all slots or of one. */
size_t dead_letters_pending(const struct dead_letters *letters);
size_t dead_letters_pending_of(const struct dead_letters *letters, size_t slot);

/* Whether no more than a batch may still be sent before those on their way are acknowledged. */
bool dead_letters_is_full(const struct dead_letters *letters);

/* Waits until all are acknowledged, at most timeout_ms. */
void dead_letters_drain(struct dead_letters *letters, int timeout_ms);
