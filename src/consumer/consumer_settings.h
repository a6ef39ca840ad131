/* SPDX-License-Identifier: MIT */
#pragma once

/* The settings of weatherd-consumer: one table, and the struct that it fills. */

#include "common/daemon.h"
#include "common/kafka_conf.h"
#include "consumer/partition.h"

struct rd_kafka_conf_s;

/* What may be set for all topics and, in [topic NAME], for one. Strings: NULL where not set. */
struct consumer_topic {
    char *name;       /* NULL in that for all */
    char *partitions; /* not inherited, as directory */
    char *directory;
    enum report_format format;
    enum report_schema schema;
    struct framing_ids schema_ids;
    char *station_field; /* paths in JSON records; NULL: as the producer calls them */
    char *date_field;
    char *degrees_field; /* "": records are only counted */
    char *raining_field; /* "": it is not read */
    enum moment_kind date_format;
    struct report_fields fields; /* what these four and date_format come to */
    enum partition_layout layout;
    struct window_rule window;
    uint64_t checkpoint_interval; /* microseconds */
    struct partition_policy policy;
    enum { CONSUMER_SKIP, CONSUMER_STOP } on_invalid;
    char *invalid_topic;       /* NULL: none */
    char *summary_topic;       /* NULL: none */
    char *summary_fields;      /* NULL: SUMMARY_FIELDS */
    uint64_t summary_interval; /* microseconds */
    enum { CONSUMER_LOST_STOP, CONSUMER_LOST_EARLIEST } on_lost_offset;
    bool commit;
};

struct consumer_settings {
    char *topic;
    uint64_t stall_timeout;  /* microseconds; 0: none */
    char *metrics_directory; /* NULL: see metrics_new() */
    struct consumer_topic common;
    size_t n_topics;
    struct consumer_topic *topics; /* those that have a section */
};

extern const struct daemon_program consumer_program;
extern const struct kafka_property consumer_kafka_properties[]; /* what its client is made of */

/* Fills the struct from checked settings: 0 or -ENOMEM. Release with consumer_settings_fini(). */
int consumer_settings_read(struct consumer_settings *consumer, const struct settings *settings,
                           struct error *error);
void consumer_settings_fini(struct consumer_settings *consumer);

/* The settings that hold for a topic: its own, or those for all. */
const struct consumer_topic *consumer_settings_topic(const struct consumer_settings *consumer,
                                                     const char *name);

/* The fields of JSON records, NULL where they are the producer's own. */
const struct report_fields *consumer_settings_fields(const struct consumer_topic *topic);

/* What the statistics of its records have in common. */
struct stats_shape consumer_settings_shape(const struct consumer_topic *topic);

/* librdkafka's configuration for the consumer, and for a producer of its own: as kafka_conf_new(). */
int consumer_settings_kafka(struct rd_kafka_conf_s **confp, const struct settings *settings,
                            const struct settings_reporter *reporter, struct error *error);
int consumer_settings_kafka_sink(struct rd_kafka_conf_s **confp, const struct settings *settings,
                                 const struct settings_reporter *reporter, struct error *error);

/* Whether a topic can be read with these settings: 0, or -EINVAL with a message and the key at fault. */
int consumer_settings_check_topic(const struct consumer_settings *consumer, const char *name,
                                  const char **keyp, struct error *error);
