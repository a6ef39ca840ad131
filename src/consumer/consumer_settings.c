/* SPDX-License-Identifier: MIT */

/*
 * What can be set in consumer.ini. The sample file and the manual are compared with this table by a
 * test.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/kafka_conf.h"
#include "common/values.h"
#include "consumer/consumer_settings.h"
#include "consumer/summary.h"
#include "stream/sink.h"

static int
parse_partitions(const struct setting_row *row, const char *value, void *destination,
                 struct error *error)
{
    struct partition_list list;
    int result = partition_list_parse(&list, value, error);

    if (result < 0)
        return result;
    partition_list_fini(&list);
    return setting_parse_string(row, value, destination, error);
}

static int
parse_path(const struct setting_row *row, const char *value, void *destination, struct error *error)
{
    int result = report_path_check(value, error);

    return result < 0 ? result : setting_parse_string(row, value, destination, error);
}

/* An empty one says that there is no such field. */
static int
parse_path_or_none(const struct setting_row *row, const char *value, void *destination,
                   struct error *error)
{
    int result = report_path_check(value, error);

    return result < 0 ? result : setting_parse_text(row, value, destination, error);
}

/* A word, or how long they are. */
static int
parse_window(const struct setting_row *row, const char *value, void *destination,
             struct error *error)
{
    static const char *const words[] = {"none", "day", "month", "year"};
    struct window_rule *rule = destination;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(value, words[i]) == 0) {
            rule->kind = (enum window_kind)i;
            return 0;
        }
    rule->kind = WINDOW_SPAN;
    if (value_parse_span(value, &rule->span, error) < 0 || rule->span == 0)
        return error_set(error, -EINVAL,
                         "\"%.200s\" is no window: none, day, month, year, or a span of time from "
                         "1s to 36525d, such as 15min",
                         value);
    return 0;
}

static int
parse_schema_ids(const struct setting_row *row, const char *value, void *destination,
                 struct error *error)
{
    return framing_ids_parse(destination, value, error);
}

static int
parse_fields(const struct setting_row *row, const char *value, void *destination,
             struct error *error)
{
    struct summary_fields fields;
    int result = summary_fields_parse(&fields, value, error);

    if (result < 0)
        return result;
    summary_fields_fini(&fields);
    return setting_parse_string(row, value, destination, error);
}

#define FIELD(member) offsetof(struct consumer_settings, member)
#define TOPIC(member) offsetof(struct consumer_settings, common.member)
#define POLICY        SETTING_PER_TOPIC | SETTING_INHERITED | SETTING_RELOAD

static const struct setting_row rows[] = {
    KAFKA_CONF_SETTING_ROWS,
    SETTING_LOG_LEVEL_ROW,
    {"consumer", "topic", "temperatures", "TOPIC", "the topic to read", setting_parse_topic,
     FIELD(topic), 0},
    {"consumer", "partitions", NULL, "LIST",
     "the partitions to read, such as 0 2 or 0-3, when none are given on the command line",
     parse_partitions, TOPIC(partitions), SETTING_PER_TOPIC},
    {"consumer", "directory", NULL, "DIRECTORY",
     "where partition-N.json are kept; without it $STATE_DIRECTORY, or the working directory",
     setting_parse_string, TOPIC(directory), SETTING_PER_TOPIC},
    {"consumer", "format", "auto", "auto|protobuf|json",
     "what the records are; auto looks at each, and reads Confluent's framing as well",
     setting_parse_choice, TOPIC(format), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "schema", "report", "report|station_report", "the message, where it is protobuf",
     setting_parse_choice, TOPIC(schema), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "schema_ids", NULL, "IDS",
     "the schemas of Confluent's framing whose records are reports, such as 17 18; without it all",
     parse_schema_ids, TOPIC(schema_ids), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "station_field", NULL, "PATH",
     "where JSON records say whose they are, a string or an integer, such as metadata.userId; "
     "without it station or station_id",
     parse_path, TOPIC(station_field), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "date_field", NULL, "PATH",
     "where JSON records say when it was, such as metadata.timestamp; without it date", parse_path,
     TOPIC(date_field), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "date_format", "date", "date|rfc3339|epoch|epoch_ms",
     "what that is: YYYY-MM-DD, a time with its zone, or seconds or milliseconds since 1970",
     setting_parse_choice, TOPIC(date_format), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "degrees_field", NULL, "PATH",
     "where JSON records have the number; empty: there is none, and records are only counted; "
     "without it degrees",
     parse_path_or_none, TOPIC(degrees_field), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "raining_field", NULL, "PATH",
     "where JSON records say whether it rained; empty: nowhere; without it raining",
     parse_path_or_none, TOPIC(raining_field), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "checkpoint_interval", "1s", "DURATION",
     "how often the files are replaced; 0: after each batch, but never more than a tenth of the "
     "time",
     setting_parse_duration, TOPIC(checkpoint_interval), POLICY},
    {"consumer", "layout", "flat", "flat|tagged|monthly",
     "the shape of partition-N.json: stations, the same with the partition's number, or months and "
     "years of one station",
     setting_parse_choice, TOPIC(layout), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "window", "none", "none|day|month|year|SPAN",
     "statistics once more for each stretch of a station's time, in UTC, beside those of all its "
     "time",
     parse_window, TOPIC(window), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "grace", NULL, "SPAN",
     "how far behind a station's latest report the end of a window may lie that still takes "
     "reports; "
     "without it the length of a window",
     setting_parse_span, TOPIC(window.grace), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "window_keep", NULL, "SPAN",
     "how long a window is kept in the file after that; without it 31 times its length",
     setting_parse_span, TOPIC(window.keep), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "duplicates", NULL, "drop|keep",
     "a report of the date of its station's end, such as a producer's retry; without it drop, or "
     "keep where date_format is another than date",
     setting_parse_choice, TOPIC(policy.duplicates), POLICY},
    {"consumer", "late", NULL, "drop|keep",
     "a report of an earlier date than its station's end; without it drop, or keep where "
     "date_format is another than date",
     setting_parse_choice, TOPIC(policy.late), POLICY},
    {"consumer", "on_invalid", "skip", "skip|stop",
     "a record that is no valid report: count it, log it and go on, or stop with exit code 65",
     setting_parse_choice, TOPIC(on_invalid), POLICY},
    {"consumer", "invalid_topic", NULL, "TOPIC",
     "a topic that gets a copy of each invalid record before a checkpoint passes it",
     setting_parse_topic, TOPIC(invalid_topic), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "summary_topic", NULL, "TOPIC",
     "a topic that gets the statistics of each station that has changed, after each checkpoint, "
     "with its id as the key",
     setting_parse_topic, TOPIC(summary_topic), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "summary_fields", NULL, "[NAME=]FIELD...",
     "what such a record says, in this order, each field under its own name or another one",
     parse_fields, TOPIC(summary_fields), SETTING_PER_TOPIC | SETTING_INHERITED},
    {"consumer", "summary_interval", "1s", "DURATION", "how often a station is sent there at most",
     setting_parse_duration, TOPIC(summary_interval), POLICY},
    {"consumer", "on_lost_offset", "stop", "stop|earliest",
     "the broker no longer has the next record: stop with exit code 65, or go on with the first "
     "one it has",
     setting_parse_choice, TOPIC(on_lost_offset), POLICY},
    {"consumer", "max_stations", "100000", "1..10000000",
     "stations of one partition; reports of further ones are invalid records",
     setting_parse_integer, TOPIC(policy.max_stations), POLICY},
    {"consumer", "commit", "yes", "yes|no",
     "whether the group is told the offset after each checkpoint, for tools that show the lag",
     setting_parse_boolean, TOPIC(commit), POLICY},
    {"consumer", "stall_timeout", "5min", "DURATION",
     "how long a partition that has records may give none until the program executes itself again, "
     "with a new client; 0: for ever",
     setting_parse_duration, FIELD(stall_timeout), SETTING_RELOAD},
    {"consumer", "metrics_directory", NULL, "DIRECTORY",
     "where figures for Prometheus are kept; without it $RUNTIME_DIRECTORY, or nowhere",
     setting_parse_string, FIELD(metrics_directory), 0},
};

/*
 * librdkafka stops fetching for a whole second when its queue holds more than queued.min.messages,
 * so that bound is put out of reach and the one in bytes does the work. It counts payloads only; an
 * entry of the queue takes several times that.
 */
const struct kafka_property consumer_kafka_properties[] = {
    {"bootstrap.servers", "localhost:9092", false},
    {"group.id", "weatherd", false},
    {"enable.auto.commit", "false", false},
    {"enable.auto.offset.store", "false", false},
    {"auto.offset.reset", "error", false},
    {"enable.partition.eof", "true", false},
    {"check.crcs", "true", false},
    {"log.queue", "true", false},
    {"queued.min.messages", "1000000", false},
    {"queued.max.messages.kbytes", "4096", false},
    {"fetch.message.max.bytes", "524288", false},
    {"fetch.error.backoff.ms", "100", false},
    {"fetch.queue.backoff.ms", "10", true}, /* since 2.2 */
    {"reconnect.backoff.max.ms", "2000", false},
    {"topic.metadata.propagation.max.ms", "1000", false},
    {NULL, NULL, false},
};

static struct kafka_conf_settings
kafka_conf_settings(const struct settings *settings, const struct kafka_property *properties)
{
    return (struct kafka_conf_settings){
        .properties = properties,
        .settings = settings,
        .client_id = consumer_program.name,
    };
}

int
consumer_settings_kafka(struct rd_kafka_conf_s **confp, const struct settings *settings,
                        const struct settings_reporter *reporter, struct error *error)
{
    const struct kafka_conf_settings conf_settings =
        kafka_conf_settings(settings, consumer_kafka_properties);

    return kafka_conf_new(confp, &conf_settings, reporter, error);
}

int
consumer_settings_kafka_sink(struct rd_kafka_conf_s **confp, const struct settings *settings,
                             const struct settings_reporter *reporter, struct error *error)
{
    const struct kafka_conf_settings conf_settings =
        kafka_conf_settings(settings, sink_kafka_properties);

    return kafka_conf_new(confp, &conf_settings, reporter, error);
}

#define KEPT 31 /* windows, where it is not said how long */

/* What depends on other settings where it is not set. */
static const struct consumer_topic undecided = {
    .policy = {.duplicates = PARTITION_UNDECIDED, .late = PARTITION_UNDECIDED},
    .window = {.grace = -1, .keep = -1},
};

static void
decide(enum partition_keep *keep, enum moment_kind date_format)
{
    if (*keep == PARTITION_UNDECIDED)
        *keep = date_format == MOMENT_DATE ? PARTITION_DROP : PARTITION_KEEP;
}

/* What follows from other settings. */
static void
derive(struct consumer_topic *topic)
{
    int64_t length = window_length(&topic->window);
    const struct report_paths paths = {
        .station = topic->station_field,
        .date = topic->date_field,
        .degrees = topic->degrees_field,
        .raining = topic->raining_field,
    };

    decide(&topic->policy.duplicates, topic->date_format);
    decide(&topic->policy.late, topic->date_format);
    report_fields_init(&topic->fields, &paths, topic->date_format);
    if (topic->window.grace < 0)
        topic->window.grace = length;
    if (topic->window.keep < 0)
        topic->window.keep = KEPT * length;
}

const struct report_fields *
consumer_settings_fields(const struct consumer_topic *topic)
{
    bool is_own = !topic->station_field && !topic->date_field && !topic->degrees_field &&
                  !topic->raining_field && topic->date_format == MOMENT_DATE;

    return is_own ? NULL : &topic->fields;
}

struct stats_shape
consumer_settings_shape(const struct consumer_topic *topic)
{
    return (struct stats_shape){
        .dates = topic->date_format,
        .degrees = topic->fields.has_degrees ? STATS_WITH_DEGREES : STATS_WITHOUT_DEGREES,
        .has_windows = topic->window.kind != WINDOW_NONE,
    };
}

static int
add_topic(struct consumer_settings *consumer, const struct settings *settings, const char *section,
          struct error *error)
{
    struct consumer_topic *topics =
        reallocarray(consumer->topics, consumer->n_topics + 1, sizeof(*topics));
    struct consumer_settings one = {.common = undecided};
    int result;

    if (!topics)
        return -ENOMEM;
    consumer->topics = topics;
    result = settings_read(settings, section, &one, error);
    derive(&one.common);
    one.common.name = strdup(section + strlen("topic "));
    topics[consumer->n_topics++] = one.common;
    return result == 0 && !one.common.name ? -ENOMEM : result;
}

int
consumer_settings_read(struct consumer_settings *consumer, const struct settings *settings,
                       struct error *error)
{
    const char *section;
    int result;

    *consumer = (struct consumer_settings){.common = undecided};
    result = settings_read(settings, "consumer", consumer, error);
    derive(&consumer->common);
    for (size_t i = 0; result == 0 && (section = settings_each_section(settings, i)); i++)
        if (strncmp(section, "topic ", strlen("topic ")) == 0)
            result = add_topic(consumer, settings, section, error);
    if (result < 0)
        consumer_settings_fini(consumer);
    return result;
}

static void
fini_topic(struct consumer_topic *topic)
{
    free(topic->name);
    free(topic->partitions);
    free(topic->directory);
    free(topic->station_field);
    free(topic->date_field);
    free(topic->degrees_field);
    free(topic->raining_field);
    free(topic->invalid_topic);
    free(topic->summary_topic);
    free(topic->summary_fields);
}

void
consumer_settings_fini(struct consumer_settings *consumer)
{
    for (size_t i = 0; i < consumer->n_topics; i++)
        fini_topic(&consumer->topics[i]);
    free(consumer->topics);
    fini_topic(&consumer->common);
    free(consumer->topic);
    free(consumer->metrics_directory);
    *consumer = (struct consumer_settings){.topic = NULL};
}

const struct consumer_topic *
consumer_settings_topic(const struct consumer_settings *consumer, const char *name)
{
    for (size_t i = 0; i < consumer->n_topics; i++)
        if (strcmp(consumer->topics[i].name, name) == 0)
            return &consumer->topics[i];
    return &consumer->common;
}

/*
 * Each invalid record of the invalid_topic would be sent to it again, for ever; and summaries are no
 * reports.
 */
int
consumer_settings_check_topic(const struct consumer_settings *consumer, const char *name,
                              const char **keyp, struct error *error)
{
    const struct consumer_topic *topic = consumer_settings_topic(consumer, name);

    *keyp = "invalid_topic";
    if (topic->invalid_topic && strcmp(topic->invalid_topic, name) == 0)
        return error_set(error, -EINVAL,
                         "invalid_topic is %s, the topic that is read; name another one", name);
    *keyp = "summary_topic";
    if (!topic->summary_topic)
        return 0;
    if (strcmp(topic->summary_topic, name) == 0)
        return error_set(error, -EINVAL,
                         "summary_topic is %s, the topic that is read; name another one", name);
    if (topic->invalid_topic && strcmp(topic->summary_topic, topic->invalid_topic) == 0)
        return error_set(error, -EINVAL, "summary_topic is %s, the invalid_topic; name another one",
                         topic->summary_topic);
    if (topic->layout == PARTITION_MONTHLY)
        return error_set(error, -EINVAL,
                         "summary_topic = %s goes with layout = flat or tagged, not with monthly",
                         topic->summary_topic);
    return 0;
}

static int
check_directory(const struct consumer_settings *consumer, const struct consumer_topic *topic,
                struct error *error)
{
    const struct consumer_topic *other = &consumer->common;

    if (!topic->name || !topic->directory)
        return 0;
    if (strcmp(topic->name, consumer->topic) != 0 && other->directory &&
        strcmp(topic->directory, other->directory) == 0)
        return error_set(error, -EINVAL,
                         "[topic %s] directory is that of [consumer], %s; each topic "
                         "needs one of its own",
                         topic->name, topic->directory);
    for (other = consumer->topics; other < topic; other++)
        if (other->directory && strcmp(topic->directory, other->directory) == 0)
            return error_set(
                error, -EINVAL,
                "[topic %s] directory is that of [topic %s], %s; each topic needs one of "
                "its own",
                topic->name, other->name, topic->directory);
    return 0;
}

static int
check_fields(const struct consumer_topic *topic, struct error *error)
{
    if (topic->schema_ids.n_ids > 0 && topic->format != REPORT_FORMAT_AUTO)
        return error_set(error, -EINVAL,
                         "format = %s reads no framing, which schema_ids is for; set format = auto",
                         topic->format == REPORT_FORMAT_JSON ? "json" : "protobuf");
    if (topic->format == REPORT_FORMAT_PROTOBUF && consumer_settings_fields(topic))
        return error_set(error, -EINVAL,
                         "format = protobuf leaves nothing for the fields of JSON records "
                         "(station_field, date_field, degrees_field, raining_field, date_format); "
                         "set format = json");
    return 0;
}

static int
check_window(const struct consumer_topic *topic, struct error *error)
{
    const struct window_rule *rule = &topic->window;

    if (rule->kind == WINDOW_NONE)
        return 0;
    if (topic->layout == PARTITION_MONTHLY)
        return error_set(
            error, -EINVAL,
            "layout = monthly has windows of its own, its months; leave window out, or "
            "set layout = flat or tagged with window = month");
    if ((rule->grace + rule->keep) / window_length(rule) > WINDOWS_MAX)
        return error_set(
            error, -EINVAL,
            "window, grace and window_keep come to %lld windows of each station in the "
            "file, at most %d; set window_keep lower, or longer windows",
            (long long)((rule->grace + rule->keep) / window_length(rule)), WINDOWS_MAX);
    return 0;
}

/* What no single key can say, of one topic. */
static int
check_topic(const struct consumer_settings *consumer, const struct consumer_topic *topic,
            const struct settings *settings, struct error *error)
{
    const char *name = topic->name ? topic->name : consumer->topic;
    cleanup(free) char *section = NULL;
    const char *key;

    if (asprintf(&section, "topic %s", name) < 0) {
        section = NULL;
        return error_set(error, -ENOMEM, "out of memory");
    }
    if (consumer_settings_check_topic(consumer, name, &key, error) < 0)
        return settings_blame(settings, section, key, error);
    if (check_directory(consumer, topic, error) < 0)
        return settings_blame(settings, section, "directory", error);
    if (check_fields(topic, error) < 0)
        return settings_blame(settings, section, "format", error);
    if (check_window(topic, error) < 0)
        return settings_blame(settings, section, "window", error);
    return 0;
}

static int
check_topics(const struct consumer_settings *consumer, const struct settings *settings,
             struct error *error)
{
    int result = check_topic(consumer, &consumer->common, settings, error);

    for (size_t i = 0; i < consumer->n_topics && result == 0; i++)
        result = check_topic(consumer, &consumer->topics[i], settings, error);
    return result;
}

static int
check(const struct settings *settings, bool complete, const struct settings_reporter *reporter)
{
    const struct kafka_conf_settings conf_settings =
        kafka_conf_settings(settings, consumer_kafka_properties);
    struct consumer_settings consumer;
    struct error error = ERROR_INIT;
    int exit_code = kafka_conf_check(&conf_settings, reporter) == 0 ? EX_OK : EX_CONFIG;
    int result;

    if (!complete)
        return exit_code;
    result = consumer_settings_read(&consumer, settings, &error);
    if (result == 0) {
        result = check_topics(&consumer, settings, &error);
        consumer_settings_fini(&consumer);
    }
    if (result < 0)
        reporter->mistake(reporter->userdata, error.text);
    return result < 0 ? EX_CONFIG : exit_code;
}

const struct daemon_program consumer_program = {
    .name = "weatherd-consumer",
    .synopsis = "[[TOPIC:]PARTITIONS]...",
    .purpose = "Count the reports of partitions into partition-N.json, each exactly once.",
    .config_file = WEATHERD_CONFIG_DIRECTORY "/consumer.ini",
    .rows = rows,
    .n_rows = sizeof(rows) / sizeof(rows[0]),
    .option = {"until-end", 0, NULL, "stop at the end that there is at the start"},
    .check = check,
    .protobuf_version = report_protobuf_library_version,
};
