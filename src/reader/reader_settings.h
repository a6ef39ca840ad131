/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The settings that all programs which read partitions have in common, whatever they make of the
 * records: rows for their tables, and the struct that these fill. A program's own settings follow in
 * a struct that begins with struct reader_topic.
 */

#include "common/daemon.h"
#include "common/kafka_conf.h"
#include "record/report_format.h"

struct rd_kafka_conf_s;

/* What is set in the program's section or, for one topic, in [topic NAME]. Strings: NULL where not set. */
struct reader_topic {
    char *name; /* NULL in that for all */

    /* Not in [topic NAME]. */
    char *topic;             /* the one that a list without a name is of */
    uint64_t stall_timeout;  /* microseconds; 0: none */
    char *metrics_directory; /* NULL: see metrics_new() */

    /* Not inherited. */
    char *partitions;
    char *directory;

    enum report_format format;
    enum report_schema schema;
    struct framing_ids schema_ids;
    char *station_field; /* paths in JSON records; NULL: as the producer calls them */
    char *date_field;
    char *degrees_field; /* "": records are only counted */
    char *raining_field; /* "": it is not read */
    enum moment_kind date_format;
    struct report_fields fields;  /* what these four and date_format come to */
    uint64_t checkpoint_interval; /* microseconds */
    enum { READER_SKIP, READER_STOP } on_invalid;
    char *invalid_topic; /* NULL: none */
    enum { READER_LOST_STOP, READER_LOST_EARLIEST } on_lost_offset;
    int64_t max_stations;
    bool commit;
};

/* What a program says of its settings. The functions may be NULL. */
struct reader_kind {
    const struct daemon_program *program;
    const char *section;                     /* "consumer" */
    const struct kafka_property *properties; /* what its client is made of */
    size_t topic_size; /* of the struct that begins with struct reader_topic */
    void (*init)(
        struct reader_topic *topic); /* what depends on other settings where it is not set; */
    void (*derive)(struct reader_topic *topic); /* what it comes to */
    void (*fini)(struct reader_topic *topic);   /* releases its own strings */
    /*
     * Whether the topic of that name can be read with these settings: 0, or -EINVAL with a message and
     * the key at fault.
     */
    int (*check)(const struct reader_topic *topic, const char *name, const char **keyp,
                 struct error *error);
};

struct reader_settings {
    const struct reader_kind *kind;
    struct reader_topic *common;
    size_t n_topics;
    struct reader_topic **topics; /* those that have a section */
};

/* Fills the struct from checked settings: 0 or -ENOMEM. Release with reader_settings_fini(). */
int reader_settings_read(struct reader_settings *reader, const struct reader_kind *kind,
                         const struct settings *settings, struct error *error);
void reader_settings_fini(struct reader_settings *reader);

/* The settings that hold for a topic: its own, or those for all. */
const struct reader_topic *reader_settings_topic(const struct reader_settings *reader,
                                                 const char *name);

/* The fields of JSON records, NULL where they are the producer's own. */
const struct report_fields *reader_settings_fields(const struct reader_topic *topic);

/* Whether a topic can be read with these settings: 0, or -EINVAL with a message and the key at fault. */
int reader_settings_check_topic(const struct reader_settings *reader, const char *name,
                                const char **keyp, struct error *error);

/* The check of a daemon_program. */
int reader_settings_check(const struct reader_kind *kind, const struct settings *settings,
                          bool complete, const struct settings_reporter *reporter);

/* librdkafka's configuration for the source, and for a sink beside it: as kafka_conf_new(). */
int reader_settings_kafka(struct rd_kafka_conf_s **confp, const struct reader_kind *kind,
                          const struct settings *settings, const struct settings_reporter *reporter,
                          struct error *error);
int reader_settings_kafka_sink(struct rd_kafka_conf_s **confp, const struct reader_kind *kind,
                               const struct settings *settings,
                               const struct settings_reporter *reporter, struct error *error);

/* Parsers of rows: a list of partitions; a path to a field of JSON records, or "" for none. */
int reader_parse_partitions(const struct setting_row *row, const char *value, void *destination,
                            struct error *error);
int reader_parse_path(const struct setting_row *row, const char *value, void *destination,
                      struct error *error);
int reader_parse_path_or_none(const struct setting_row *row, const char *value, void *destination,
                              struct error *error);
int reader_parse_schema_ids(const struct setting_row *row, const char *value, void *destination,
                            struct error *error);

/* Of a topic, fixed for the life of the process; and of one, followed at a reload. */
#define READER_FIXED  SETTING_PER_TOPIC | SETTING_INHERITED
#define READER_POLICY SETTING_PER_TOPIC | SETTING_INHERITED | SETTING_RELOAD

#define READER_FIELD(member) offsetof(struct reader_topic, member)

/* What is read, and where it is kept. */
#define READER_SETTING_ROWS(section)                                                               \
    {section,                                                                                      \
     "topic",                                                                                      \
     "temperatures",                                                                               \
     "TOPIC",                                                                                      \
     "the topic to read",                                                                          \
     setting_parse_topic,                                                                          \
     READER_FIELD(topic),                                                                          \
     0},                                                                                           \
        {section,                                                                                  \
         "partitions",                                                                             \
         NULL,                                                                                     \
         "LIST",                                                                                   \
         "the partitions to read, such as 0 2 or 0-3, when none are given on the command line",    \
         reader_parse_partitions,                                                                  \
         READER_FIELD(partitions),                                                                 \
         SETTING_PER_TOPIC},                                                                       \
        {section,                                                                                  \
         "directory",                                                                              \
         NULL,                                                                                     \
         "DIRECTORY",                                                                              \
         "where partition-N.json are kept; without it $STATE_DIRECTORY, or the working directory", \
         setting_parse_string,                                                                     \
         READER_FIELD(directory),                                                                  \
         SETTING_PER_TOPIC},                                                                       \
        {section,                                                                                  \
         "format",                                                                                 \
         "auto",                                                                                   \
         "auto|protobuf|json",                                                                     \
         "what the records are; auto looks at each, and reads Confluent's framing as well",        \
         setting_parse_choice,                                                                     \
         READER_FIELD(format),                                                                     \
         READER_FIXED},                                                                            \
        {section,                                                                                  \
         "schema",                                                                                 \
         "report",                                                                                 \
         "report|station_report",                                                                  \
         "the message, where it is protobuf",                                                      \
         setting_parse_choice,                                                                     \
         READER_FIELD(schema),                                                                     \
         READER_FIXED},                                                                            \
        {section,                                                                                  \
         "schema_ids",                                                                             \
         NULL,                                                                                     \
         "IDS",                                                                                    \
         "the schemas of Confluent's framing whose records are reports, such as 17 18; without "   \
         "it "                                                                                     \
         "all",                                                                                    \
         reader_parse_schema_ids,                                                                  \
         READER_FIELD(schema_ids),                                                                 \
         READER_FIXED},                                                                            \
        {section,                                                                                  \
         "station_field",                                                                          \
         NULL,                                                                                     \
         "PATH",                                                                                   \
         "where JSON records say whose they are, a string or an integer, such as "                 \
         "metadata.userId; without it station or station_id",                                      \
         reader_parse_path,                                                                        \
         READER_FIELD(station_field),                                                              \
         READER_FIXED},                                                                            \
    {                                                                                              \
        section, "date_field", NULL, "PATH",                                                       \
            "where JSON records say when it was, such as metadata.timestamp; without it date",     \
            reader_parse_path, READER_FIELD(date_field), READER_FIXED                              \
    }

#define READER_CHECKPOINT_ROW(section)                                                             \
    {                                                                                              \
        section, "checkpoint_interval", "1s", "DURATION",                                          \
            "how often the files are replaced; 0: after each batch, but never more than a tenth "  \
            "of the time",                                                                         \
            setting_parse_duration, READER_FIELD(checkpoint_interval), READER_POLICY               \
    }

#define READER_INVALID_ROWS(section)                                                               \
    {section,                                                                                      \
     "on_invalid",                                                                                 \
     "skip",                                                                                       \
     "skip|stop",                                                                                  \
     "a record that is no valid report: count it, log it and go on, or stop with exit code 65",    \
     setting_parse_choice,                                                                         \
     READER_FIELD(on_invalid),                                                                     \
     READER_POLICY},                                                                               \
    {                                                                                              \
        section, "invalid_topic", NULL, "TOPIC",                                                   \
            "a topic that gets a copy of each invalid record before a checkpoint passes it",       \
            setting_parse_topic, READER_FIELD(invalid_topic), READER_FIXED                         \
    }

#define READER_LAST_ROWS(section)                                                                  \
    {section,                                                                                      \
     "on_lost_offset",                                                                             \
     "stop",                                                                                       \
     "stop|earliest",                                                                              \
     "the broker no longer has the next record: stop with exit code 65, or go on with the first "  \
     "one it has",                                                                                 \
     setting_parse_choice,                                                                         \
     READER_FIELD(on_lost_offset),                                                                 \
     READER_POLICY},                                                                               \
        {section,                                                                                  \
         "max_stations",                                                                           \
         "100000",                                                                                 \
         "1..10000000",                                                                            \
         "stations of one partition; reports of further ones are invalid records",                 \
         setting_parse_integer,                                                                    \
         READER_FIELD(max_stations),                                                               \
         READER_POLICY},                                                                           \
        {section,                                                                                  \
         "commit",                                                                                 \
         "yes",                                                                                    \
         "yes|no",                                                                                 \
         "whether the group is told the offset after each checkpoint, for tools that show the "    \
         "lag",                                                                                    \
         setting_parse_boolean,                                                                    \
         READER_FIELD(commit),                                                                     \
         READER_POLICY},                                                                           \
        {section,                                                                                  \
         "stall_timeout",                                                                          \
         "5min",                                                                                   \
         "DURATION",                                                                               \
         "how long a partition that has records may give none until the program executes itself "  \
         "again, with a new client; 0: for ever",                                                  \
         setting_parse_duration,                                                                   \
         READER_FIELD(stall_timeout),                                                              \
         SETTING_RELOAD},                                                                          \
    {                                                                                              \
        section, "metrics_directory", NULL, "DIRECTORY",                                           \
            "where figures for Prometheus are kept; without it $RUNTIME_DIRECTORY, or nowhere",    \
            setting_parse_string, READER_FIELD(metrics_directory), 0                               \
    }

/*
 * librdkafka stops fetching for a whole second when its queue holds more than queued.min.messages,
 * so that bound is put out of reach and the one in bytes does the work. It counts payloads only; an
 * entry of the queue takes several times that.
 */
#define READER_KAFKA_PROPERTIES(group)                                                             \
    {"bootstrap.servers", "localhost:9092", false}, {"group.id", group, false},                    \
        {"enable.auto.commit", "false", false}, {"enable.auto.offset.store", "false", false},      \
        {"auto.offset.reset", "error", false}, {"enable.partition.eof", "true", false},            \
        {"check.crcs", "true", false}, {"log.queue", "true", false},                               \
        {"queued.min.messages", "1000000", false}, {"queued.max.messages.kbytes", "2048", false},  \
        {"fetch.message.max.bytes", "524288", false}, {"fetch.error.backoff.ms", "100", false},    \
        {"fetch.queue.backoff.ms", "10", true}, /* since 2.2 */                                    \
        {"reconnect.backoff.max.ms", "2000", false},                                               \
        {"topic.metadata.propagation.max.ms", "1000", false},                                      \
    {                                                                                              \
        NULL, NULL, false                                                                          \
    }
