/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The topics that are written to: made when they are missing, and checked to have the
 * partitions that the settings say. One that exists is never changed. It is deleted and made anew
 * only where the settings say so and no position covers it, that is, where nothing of this
 * producer's is in it that consumers still need.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "record/report_format.h"

struct rd_kafka_s;
struct topics;

enum topic_key { TOPIC_KEY_STATION, TOPIC_KEY_MONTH, TOPIC_KEY_PARTITION };
enum topic_existing { TOPIC_KEEP, TOPIC_RECREATE };

/* A property that the broker gets when the topic is made. */
struct topic_property {
    char *name;
    char *value;
};

#define TOPIC_DEFAULT (-1) /* the brokers' own (2.4 or later) */

struct topic_settings {
    char *name;
    enum report_format format; /* never REPORT_FORMAT_AUTO */
    enum report_schema schema;
    enum topic_key key;
    int64_t partitions;         /* or TOPIC_DEFAULT: then as many as it may have */
    int64_t replication_factor; /* or TOPIC_DEFAULT */
    size_t n_properties;
    struct topic_property *properties;
    enum topic_existing if_exists;
};

/* What is asked of the owner, if a topic may be recreated at all, and told to it. */
struct topics_handlers {
    bool (*is_covered)(void *userdata, const char *topic);
    void (*deleting)(void *userdata, const char *topic); /* in a moment */
    void (*making)(void *userdata, const char *topic);   /* likewise; NULL: it is not to be told */
};

struct topics_plan {
    const struct topic_settings *settings;
    size_t n_topics;
    const struct topics_handlers *handlers;
    void *userdata;
};

/* What the plan points to is borrowed. 0, or -ENOMEM. */
int topics_new(struct topics **topicsp, struct rd_kafka_s *client, const struct topics_plan *plan);
void topics_free(struct topics *topics);

/*
 * Whether all topics are there. 0; TOPICS_E_PENDING: ask again in a while, with a message when the
 * brokers have said why; TOPICS_E_SETTINGS: the settings can't be met, because a topic has another
 * number of partitions, or a property is none; TOPICS_E_REFUSED: the brokers will not make or delete
 * it; each with a message. Nothing has been deleted when a topic that is to be kept can't be, or a
 * property is wrong. May wait for a second, once the brokers are there.
 */
enum { TOPICS_E_PENDING = 1, TOPICS_E_SETTINGS = 2, TOPICS_E_REFUSED = 3 };
int topics_check(struct topics *topics, struct error *message);
