/* SPDX-License-Identifier: MIT */
#pragma once

/* The settings of weatherd-consumer: one table, and the struct that it fills. */

#include "common/daemon.h"
#include "consumer/partition.h"

struct rd_kafka_conf_s;

struct consumer_settings {
    char *topic;
    char *partitions;             /* NULL: none */
    char *directory;              /* NULL: daemon_state_directory() */
    uint64_t checkpoint_interval; /* microseconds */
    struct partition_policy policy;
    bool stop_on_invalid;
};

extern const struct daemon_program consumer_program;

/* Fills the struct from checked settings: 0 or -ENOMEM. Release with consumer_settings_fini(). */
int consumer_settings_read(struct consumer_settings *consumer, const struct settings *settings,
                           struct error *error);
void consumer_settings_fini(struct consumer_settings *consumer);

/* librdkafka's configuration for the consumer: as kafka_conf_new(). */
int consumer_settings_kafka(struct rd_kafka_conf_s **confp, const struct settings *settings,
                            const struct settings_reporter *reporter, struct error *error);
