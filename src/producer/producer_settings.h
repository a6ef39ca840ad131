/* SPDX-License-Identifier: MIT */
#pragma once

/* The settings of weatherd-producer: one table, and the structs that it fills. */

#include "common/daemon.h"
#include "producer/feed.h"
#include "stream/topics.h"

struct rd_kafka_conf_s;

struct producer_settings {
    uint64_t interval;       /* microseconds a day; 0: as fast as possible */
    uint64_t days;           /* in this run; 0: for ever */
    uint64_t retries;        /* UINT64_MAX: unlimited */
    char *directory;         /* NULL: daemon_state_directory() */
    char *metrics_directory; /* NULL: that of $RUNTIME_DIRECTORY, or none */
    struct feed_settings feed;
    size_t n_topics;
    struct topic_settings *topics;
};

#define TOPICS_MAX             1000
#define PRODUCER_DEFAULT_TOPIC "temperatures" /* without any [topic NAME] */

extern const struct daemon_program producer_program;

/* Fills the struct from settings: 0; -EINVAL with a message; or -ENOMEM. Release with producer_settings_fini(). */
int producer_settings_read(struct producer_settings *producer, const struct settings *settings,
                           struct error *error);
void producer_settings_fini(struct producer_settings *producer);

/* librdkafka's configuration for the producer: as kafka_conf_new(). */
int producer_settings_kafka(struct rd_kafka_conf_s **confp, const struct settings *settings,
                            const struct settings_reporter *reporter, struct error *error);
