/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The topics that a producer writes to: made when they are missing, and checked to have the
 * partitions that the settings say. Never changed, never deleted.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct rd_kafka_s;
struct topics;

struct topic_settings {
    char *name;
    int32_t partitions;
    int16_t replication_factor;
};

/* settings are borrowed. 0, or -ENOMEM. */
int topics_new(struct topics **topicsp, struct rd_kafka_s *client,
               const struct topic_settings *settings, size_t n_topics);
void topics_free(struct topics *topics);

/*
 * Whether all topics are there. 0; TOPICS_E_PENDING: ask again in a while, with a message when the
 * brokers have said why; TOPICS_E_MISMATCH: one has another number of partitions; TOPICS_E_REFUSED:
 * it is not there, and the brokers will not make it; each with a message. May wait for a second,
 * once the brokers are there.
 */
enum { TOPICS_E_PENDING = 1, TOPICS_E_MISMATCH = 2, TOPICS_E_REFUSED = 3 };
int topics_check(struct topics *topics, struct error *message);
