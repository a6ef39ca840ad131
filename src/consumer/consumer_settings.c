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

#include "common/values.h"
#include "consumer/consumer_settings.h"
#include "consumer/summary.h"

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

#define TOPIC(member) offsetof(struct consumer_topic, member)

static const struct setting_row rows[] = {
    KAFKA_CONF_SETTING_ROWS,
    SETTING_LOG_LEVEL_ROW,
    READER_SETTING_ROWS("consumer"),
    {"consumer", "date_format", "date", "date|rfc3339|epoch|epoch_ms",
     "what that is: YYYY-MM-DD, a time with its zone, or seconds or milliseconds since 1970",
     setting_parse_choice, READER_FIELD(date_format), READER_FIXED},
    {"consumer", "degrees_field", NULL, "PATH",
     "where JSON records have the number; empty: there is none, and records are only counted; "
     "without it degrees",
     reader_parse_path_or_none, READER_FIELD(degrees_field), READER_FIXED},
    {"consumer", "raining_field", NULL, "PATH",
     "where JSON records say whether it rained; empty: nowhere; without it raining",
     reader_parse_path_or_none, READER_FIELD(raining_field), READER_FIXED},
    READER_CHECKPOINT_ROW("consumer"),
    {"consumer", "layout", "flat", "flat|tagged|monthly",
     "the shape of partition-N.json: stations, the same with the partition's number, or months and "
     "years of one station",
     setting_parse_choice, TOPIC(layout), READER_FIXED},
    {"consumer", "window", "none", "none|day|month|year|SPAN",
     "statistics once more for each stretch of a station's time, in UTC, beside those of all its "
     "time",
     parse_window, TOPIC(window), READER_FIXED},
    {"consumer", "grace", NULL, "SPAN",
     "how far behind a station's latest report the end of a window may lie that still takes "
     "reports; "
     "without it the length of a window",
     setting_parse_span, TOPIC(window.grace), READER_FIXED},
    {"consumer", "window_keep", NULL, "SPAN",
     "how long a window is kept in the file after that; without it 31 times its length",
     setting_parse_span, TOPIC(window.keep), READER_FIXED},
    {"consumer", "duplicates", NULL, "drop|keep",
     "a report of the date of its station's end, such as a producer's retry; without it drop, or "
     "keep where date_format is another than date",
     setting_parse_choice, TOPIC(policy.duplicates), READER_POLICY},
    {"consumer", "late", NULL, "drop|keep",
     "a report of an earlier date than its station's end; without it drop, or keep where "
     "date_format is another than date",
     setting_parse_choice, TOPIC(policy.late), READER_POLICY},
    READER_INVALID_ROWS("consumer"),
    {"consumer", "summary_topic", NULL, "TOPIC",
     "a topic that gets the statistics of each station that has changed, after each checkpoint, "
     "with its id as the key",
     setting_parse_topic, TOPIC(summary_topic), READER_FIXED},
    {"consumer", "summary_fields", NULL, "[NAME=]FIELD...",
     "what such a record says, in this order, each field under its own name or another one",
     parse_fields, TOPIC(summary_fields), READER_FIXED},
    {"consumer", "summary_interval", "1s", "DURATION", "how often a station is sent there at most",
     setting_parse_duration, TOPIC(summary_interval), READER_POLICY},
    READER_LAST_ROWS("consumer"),
};

static const struct kafka_property properties[] = {READER_KAFKA_PROPERTIES("weatherd")};

#define KEPT 31 /* windows, where it is not said how long */

static void
init(struct reader_topic *reader)
{
    struct consumer_topic *topic = (struct consumer_topic *)reader;

    topic->policy.duplicates = topic->policy.late = PARTITION_UNDECIDED;
    topic->window.grace = topic->window.keep = -1;
}

static void
decide(enum partition_keep *keep, enum moment_kind date_format)
{
    if (*keep == PARTITION_UNDECIDED)
        *keep = date_format == MOMENT_DATE ? PARTITION_DROP : PARTITION_KEEP;
}

static void
derive(struct reader_topic *reader)
{
    struct consumer_topic *topic = (struct consumer_topic *)reader;
    int64_t length = window_length(&topic->window);

    topic->policy.max_stations = reader->max_stations;
    decide(&topic->policy.duplicates, reader->date_format);
    decide(&topic->policy.late, reader->date_format);
    if (topic->window.grace < 0)
        topic->window.grace = length;
    if (topic->window.keep < 0)
        topic->window.keep = KEPT * length;
}

static void
fini(struct reader_topic *reader)
{
    struct consumer_topic *topic = (struct consumer_topic *)reader;

    free(topic->summary_topic);
    free(topic->summary_fields);
}

struct stats_shape
consumer_settings_shape(const struct consumer_topic *topic)
{
    return (struct stats_shape){
        .dates = topic->reader.date_format,
        .degrees = topic->reader.fields.has_degrees ? STATS_WITH_DEGREES : STATS_WITHOUT_DEGREES,
        .has_windows = topic->window.kind != WINDOW_NONE,
    };
}

/* Summaries are no reports. */
static int
check_summaries(const struct consumer_topic *topic, const char *name, struct error *error)
{
    const char *invalid_topic = topic->reader.invalid_topic;

    if (!topic->summary_topic)
        return 0;
    if (strcmp(topic->summary_topic, name) == 0)
        return error_set(error, -EINVAL,
                         "summary_topic is %s, the topic that is read; name another one", name);
    if (invalid_topic && strcmp(topic->summary_topic, invalid_topic) == 0)
        return error_set(error, -EINVAL, "summary_topic is %s, the invalid_topic; name another one",
                         topic->summary_topic);
    if (topic->layout == PARTITION_MONTHLY)
        return error_set(error, -EINVAL,
                         "summary_topic = %s goes with layout = flat or tagged, not with monthly",
                         topic->summary_topic);
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

static int
check_topic(const struct reader_topic *reader, const char *name, const char **keyp,
            struct error *error)
{
    const struct consumer_topic *topic = consumer_topic_of(reader);

    *keyp = "summary_topic";
    if (check_summaries(topic, name, error) < 0)
        return -EINVAL;
    *keyp = "window";
    return check_window(topic, error);
}

static int
check(const struct settings *settings, bool complete, const struct settings_reporter *reporter)
{
    return reader_settings_check(&consumer_kind, settings, complete, reporter);
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

const struct reader_kind consumer_kind = {
    .program = &consumer_program,
    .section = "consumer",
    .properties = properties,
    .topic_size = sizeof(struct consumer_topic),
    .init = init,
    .derive = derive,
    .fini = fini,
    .check = check_topic,
};
