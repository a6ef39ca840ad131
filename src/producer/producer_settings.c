/* SPDX-License-Identifier: MIT */

/*
 * What can be set in producer.ini. The sample file and the manual are compared with this table by a
 * test.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/kafka_conf.h"
#include "common/values.h"
#include "producer/producer_settings.h"
#include "producer/rows.h"
#include "record/report_format.h"
#include "stream/sink.h"

static int
parse_unit(const struct setting_row *row, const char *value, void *destination, struct error *error)
{
    int choice, result = setting_parse_choice(row, value, &choice, error);

    if (result == 0)
        *(char *)destination = "FC"[choice];
    return result;
}

static int
parse_retries(const struct setting_row *row, const char *value, void *destination,
              struct error *error)
{
    int64_t number;

    if (strcmp(value, "unlimited") == 0) {
        *(uint64_t *)destination = UINT64_MAX;
        return 0;
    }
    if (value_parse_integer(value, 1, INT32_MAX, &number, error) < 0)
        return error_append(error, -EINVAL, ", or \"unlimited\"");
    *(uint64_t *)destination = (uint64_t)number;
    return 0;
}

/* As the reader's enum, which begins with "auto". */
static int
parse_format(const struct setting_row *row, const char *value, void *destination,
             struct error *error)
{
    static const enum report_format formats[] = {REPORT_FORMAT_PROTOBUF, REPORT_FORMAT_JSON};
    int choice, result = setting_parse_choice(row, value, &choice, error);

    if (result == 0)
        *(enum report_format *)destination = formats[choice];
    return result;
}

static int
parse_date(const struct setting_row *row, const char *value, void *destination, struct error *error)
{
    if (!date_parse(value, strlen(value), destination))
        return error_set(error, -EINVAL, "\"%s\" must be a date that exists, YYYY-MM-DD", value);
    return 0;
}

/* The file takes tabs and long texts, reports don't. */
static int
check_station_text(const char *value, struct error *error)
{
    size_t length = strlen(value);

    if (length > REPORT_STATION_MAX)
        return error_set(error, -EINVAL, "\"%.200s\" has %zu bytes, a station's id at most %d",
                         value, length, REPORT_STATION_MAX);
    if (!value_is_text(value, length))
        return error_set(error, -EINVAL, "a station's id can't have a control character in it");
    return 0;
}

static int
parse_prefix(const struct setting_row *row, const char *value, void *destination,
             struct error *error)
{
    int result = check_station_text(value, error);

    return result == 0 ? setting_parse_text(row, value, destination, error) : result;
}

static int
parse_station(const struct setting_row *row, const char *value, void *destination,
              struct error *error)
{
    int result = check_station_text(value, error);

    return result == 0 ? setting_parse_string(row, value, destination, error) : result;
}

static int
parse_rate(const struct setting_row *row, const char *value, void *destination, struct error *error)
{
    return value_parse_number(value, 0, 1, destination, error);
}

static int
parse_columns(const struct setting_row *row, const char *value, void *destination,
              struct error *error)
{
    if (strcmp(value, row->form) != 0)
        return error_set(error, -EINVAL, "\"%s\" must be *, which is all of them", value);
    *(bool *)destination = true;
    return 0;
}

static int
parse_now_columns(const struct setting_row *row, const char *value, void *destination,
                  struct error *error)
{
    int result = rows_check_now_columns(value, error);

    return result == 0 ? setting_parse_string(row, value, destination, error) : result;
}

#define FIELD(member)       offsetof(struct producer_settings, member)
#define TOPIC_FIELD(member) offsetof(struct topic_settings, member)

#define TOPIC_PROPERTY "config." /* before the name of a property of Kafka's */

static const struct setting_row rows[] = {
    KAFKA_CONF_SETTING_ROWS,
    SETTING_LOG_LEVEL_ROW,
    {"producer", "source", "simulator", "simulator|csv|orders|events",
     "where the reports, or other records, come from", setting_parse_choice, FIELD(feed.source), 0},
    {"producer", "interval", "100ms", "DURATION",
     "time between two days of reports, or two other records; 0: as fast as possible",
     setting_parse_duration, FIELD(interval), SETTING_RELOAD},
    {"producer", "days", "0", "0..",
     "days of reports, or other records, to send in this run; 0: for ever", setting_parse_integer,
     FIELD(days), 0},
    {"producer", "directory", NULL, "DIRECTORY",
     "where producer.json is kept; without it $STATE_DIRECTORY, or the working directory",
     setting_parse_string, FIELD(directory), 0},
    {"producer", "unit", "F", "F|C", "the unit of the degrees that are sent", parse_unit,
     FIELD(feed.unit), 0},
    {"producer", "retries", "unlimited", "1..|unlimited",
     "how often a report is tried again; with a number each day is acknowledged before the next "
     "is sent, and a report that fails ends the run with exit code 69",
     parse_retries, FIELD(retries), 0},
    {"producer", "metrics_directory", NULL, "DIRECTORY",
     "where figures for Prometheus are kept; without it $RUNTIME_DIRECTORY, or nowhere",
     setting_parse_string, FIELD(metrics_directory), 0},
    {"simulator", "model", "seasonal", "seasonal|uniform",
     "the weather: by month with memory, or independent normal draws", setting_parse_choice,
     FIELD(feed.simulator.model), 0},
    {"simulator", "stations", "10", "1..1000000", "how many stations report", setting_parse_integer,
     FIELD(feed.simulator.n_stations), 0},
    {"simulator", "station_prefix", "Station", "TEXT",
     "what the stations' ids begin with: StationA, StationB, …; may be empty", parse_prefix,
     FIELD(feed.simulator.station_prefix), 0},
    {"simulator", "start", "2000-01-01", "DATE", "date of the first day", parse_date,
     FIELD(feed.simulator.start), 0},
    {"simulator", "seed", "1", "0..", "the same seed gives the same reports", setting_parse_integer,
     FIELD(feed.simulator.seed), 0},
    {"simulator", "rain", "yes", "yes|no", "whether reports say if it rains", setting_parse_boolean,
     FIELD(feed.simulator.rain), 0},
    {"simulator", "duplicate_rate", "0", "RATE",
     "how likely a report is sent twice, as a retry would: 0 to 1", parse_rate,
     FIELD(feed.simulator.duplicate_rate), 0},
    {"csv", "file", NULL, "FILE", "the observations, with a line of column names",
     setting_parse_string, FIELD(feed.csv.file), 0},
    {"csv", "date_column", "date", "COLUMN", "column of the date, YYYY-MM-DD", setting_parse_string,
     FIELD(feed.csv.date_column), 0},
    {"csv", "degrees_column", "degrees", "COLUMN", "column of the degrees", setting_parse_string,
     FIELD(feed.csv.degrees_column), 0},
    {"csv", "station_column", NULL, "COLUMN", "column of the station's id", setting_parse_string,
     FIELD(feed.csv.station_column), 0},
    {"csv", "raining_column", NULL, "COLUMN",
     "column that says if it rains: yes or no, or a number above 0", setting_parse_string,
     FIELD(feed.csv.raining_column), 0},
    {"csv", "station", NULL, "TEXT", "the station's id, for a file without a column of it",
     parse_station, FIELD(feed.csv.station), 0},
    {"csv", "unit", "F", "F|C", "the unit of the file's degrees", parse_unit, FIELD(feed.csv.unit),
     0},
    {"csv", "columns", NULL, "*",
     "send each row as it is, with all its columns, instead of reports", parse_columns,
     FIELD(feed.csv.all_columns), 0},
    {"csv", "key_column", NULL, "COLUMN", "column of the key of rows that are sent as they are",
     setting_parse_string, FIELD(feed.csv.key_column), 0},
    {"csv", "now_columns", NULL, "COLUMN,...",
     "columns whose times become now in rows that are sent as they are, or what is added to it: "
     "began -20min, ended",
     parse_now_columns, FIELD(feed.csv.now_columns), 0},
    {"orders", "start", "2017-06-09", "DATE", "date of the first order", parse_date,
     FIELD(feed.orders.start), 0},
    {"orders", "seed", "1", "0..", "the same seed gives the same orders", setting_parse_integer,
     FIELD(feed.orders.seed), 0},
    {"events", "users", "3", "1..1000000", "how many users there are", setting_parse_integer,
     FIELD(feed.events.users), 0},
    {"events", "events", "3", "1..1000000", "how many events each user has", setting_parse_integer,
     FIELD(feed.events.events), 0},
    {"events", "start", "2018-08-16", "DATE", "date of the first event", parse_date,
     FIELD(feed.events.start), 0},
    {"events", "seed", "1", "0..", "the same seed gives the same events", setting_parse_integer,
     FIELD(feed.events.seed), 0},
    {"topic", "format", "protobuf", "protobuf|json", "what a report is written as", parse_format,
     TOPIC_FIELD(format), 0},
    {"topic", "schema", "report", "report|station_report", "which message of protobuf",
     setting_parse_choice, TOPIC_FIELD(schema), 0},
    {"topic", "key", "station", "station|month|partition",
     "the records' key: the station's id, the month's English name, or the number of the partition",
     setting_parse_choice, TOPIC_FIELD(key), 0},
    {"topic", "partitions", "4", "1..10000", "partitions of the topic when it is made",
     setting_parse_integer, TOPIC_FIELD(partitions), 0},
    {"topic", "replication_factor", "1", "1..32767", "replicas of each partition when it is made",
     setting_parse_integer, TOPIC_FIELD(replication_factor), 0},
    {"topic", TOPIC_PROPERTY "*", NULL, "VALUE", "a property of the topic when it is made",
     setting_parse_any, 0, 0},
    {"topic", "if_exists", "keep", "keep|recreate",
     "what becomes of a topic that is there and that no producer.json covers", setting_parse_choice,
     TOPIC_FIELD(if_exists), 0},
};

#define PROPERTIES_MAX 32 /* of sink_kafka_properties, with their end */

/* Those of any sink, with a bound on retries where there is one. */
static void
fill_properties(struct kafka_property properties[PROPERTIES_MAX], const char *retries)
{
    for (size_t i = 0; i < PROPERTIES_MAX; i++) {
        properties[i] = sink_kafka_properties[i];
        if (!properties[i].name)
            return;
        if (strcmp(properties[i].name, "message.send.max.retries") == 0 &&
            strcmp(retries, "unlimited") != 0)
            properties[i].value = retries;
    }
    abort(); /* the table has outgrown the room for it */
}

static int
make_kafka_conf(struct rd_kafka_conf_s **confp, const struct settings *settings,
                const struct settings_reporter *reporter, struct error *error)
{
    struct kafka_property properties[PROPERTIES_MAX];
    struct kafka_conf_settings conf_settings = {
        .properties = properties,
        .settings = settings,
        .client_id = producer_program.name,
        .is_producer = true,
    };
    struct setting_value retries;

    settings_get(settings, "producer", "retries", &retries); /* it has a default */
    fill_properties(properties, retries.value);
    return confp ? kafka_conf_new(confp, &conf_settings, reporter, error)
                 : kafka_conf_check(&conf_settings, reporter);
}

int
producer_settings_kafka(struct rd_kafka_conf_s **confp, const struct settings *settings,
                        const struct settings_reporter *reporter, struct error *error)
{
    return make_kafka_conf(confp, settings, reporter, error);
}

static int
add_property(struct topic_settings *topic, const char *name, const char *value)
{
    struct topic_property *properties =
        reallocarray(topic->properties, topic->n_properties + 1, sizeof(*properties));
    struct topic_property property = {NULL, NULL};

    if (!properties)
        return -ENOMEM;
    topic->properties = properties;
    property.name = strdup(name);
    property.value = strdup(value);
    properties[topic->n_properties++] = property;
    return property.name && property.value ? 0 : -ENOMEM;
}

static int
read_properties(struct topic_settings *topic, const struct settings *settings, const char *section,
                struct error *error)
{
    const size_t prefix = strlen(TOPIC_PROPERTY);
    struct setting_value value;
    int result = 0;

    for (size_t i = 0; result == 0 && settings_each(settings, section, i, &value); i++) {
        if (strncmp(value.key, TOPIC_PROPERTY, prefix) != 0)
            continue;
        if (!value.key[prefix])
            return error_set(error, -EINVAL,
                             "%s: \"%s\" in [%s]: a property's name must follow the dot",
                             value.origin, value.key, section);
        result = add_property(topic, value.key + prefix, value.value);
    }
    return result;
}

static int
add_topic(struct producer_settings *producer, const struct settings *settings, const char *name,
          struct error *error)
{
    struct topic_settings *topics =
        reallocarray(producer->topics, producer->n_topics + 1, sizeof(*topics));
    struct topic_settings *topic;
    char section[300];
    int result;

    if (!topics)
        return -ENOMEM;
    producer->topics = topics;
    topic = &topics[producer->n_topics];
    *topic = (struct topic_settings){.name = strdup(name)};
    if (!topic->name)
        return -ENOMEM;
    producer->n_topics++;
    snprintf(section, sizeof(section), "topic %s", name);
    result = settings_read(settings, section, topic, error);
    if (topic->format == REPORT_FORMAT_JSON)
        topic->schema = REPORT_SCHEMA_REPORT; /* JSON has one shape */
    return result < 0 ? result : read_properties(topic, settings, section, error);
}

int
producer_settings_read(struct producer_settings *producer, const struct settings *settings,
                       struct error *error)
{
    static const char *const sections[] = {"producer", "simulator", "csv", "orders", "events"};
    const char *section;
    int result = 0;

    *producer = (struct producer_settings){.interval = 0};
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]) && result == 0; i++)
        result = settings_read(settings, sections[i], producer, error);
    for (size_t i = 0; result == 0 && (section = settings_each_section(settings, i)); i++)
        if (strncmp(section, "topic ", 6) == 0)
            result = add_topic(producer, settings, section + 6, error);
    if (result == 0 && producer->n_topics == 0)
        result = add_topic(producer, settings, PRODUCER_DEFAULT_TOPIC, error);
    if (result < 0)
        producer_settings_fini(producer);
    return result;
}

static void
topic_fini(struct topic_settings *topic)
{
    for (size_t i = 0; i < topic->n_properties; i++) {
        free(topic->properties[i].name);
        free(topic->properties[i].value);
    }
    free(topic->properties);
    free(topic->name);
}

void
producer_settings_fini(struct producer_settings *producer)
{
    for (size_t i = 0; i < producer->n_topics; i++)
        topic_fini(&producer->topics[i]);
    free(producer->topics);
    free(producer->directory);
    free(producer->metrics_directory);
    free((char *)producer->feed.simulator.station_prefix);
    free((char *)producer->feed.csv.file);
    free((char *)producer->feed.csv.date_column);
    free((char *)producer->feed.csv.degrees_column);
    free((char *)producer->feed.csv.station_column);
    free((char *)producer->feed.csv.raining_column);
    free((char *)producer->feed.csv.station);
    free((char *)producer->feed.csv.key_column);
    free((char *)producer->feed.csv.now_columns);
    *producer = (struct producer_settings){.interval = 0};
}

/* A file is one of observations or one of rows: a key of the other kind would do nothing. */
static int
check_csv_keys(const struct csv_settings *csv, const struct settings *settings, struct error *error)
{
    static const struct {
        const char *key;
        bool of_rows;
    } keys[] = {
        {"date_column", false},    {"degrees_column", false}, {"station_column", false},
        {"raining_column", false}, {"station", false},        {"unit", false},
        {"key_column", true},      {"now_columns", true},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].of_rows == csv->all_columns || !settings_is_given(settings, "csv", keys[i].key))
            continue;
        error_set(error, 0,
                  csv->all_columns ? "[csv] %s is for reports, but columns = * sends whole rows; "
                                     "remove the one or the other"
                                   : "[csv] %s is for whole rows; remove it, or set columns = *",
                  keys[i].key);
        return settings_blame(settings, "csv", keys[i].key, error);
    }
    return 0;
}

static int
check_csv(const struct csv_settings *csv, const struct settings *settings, struct error *error)
{
    int result = check_csv_keys(csv, settings, error);

    if (result < 0 || (csv->file && csv->all_columns))
        return result;
    if (csv->file && csv->station_column && csv->station) {
        error_set(error, 0, "[csv] has both station_column and station; remove one");
        return settings_blame(settings, "csv", "station", error);
    }
    if (csv->file && (csv->station_column || csv->station))
        return 0;
    error_set(error, 0, "[producer] source = csv needs [csv] %s",
              csv->file ? "station_column, or station for a file of one station" : "file");
    return settings_blame(settings, "producer", "source", error);
}

/* Records that are no reports are what they are: JSON, with a key of their own. */
static int
check_topic(const struct topic_settings *topic, const char *records,
            const struct settings *settings, struct error *error)
{
    char section[300];

    snprintf(section, sizeof(section), "topic %s", topic->name);
    if (topic->format != REPORT_FORMAT_JSON) {
        error_set(error, 0, "%s are sent as JSON: set format = json in [%s]", records, section);
        return settings_blame(settings, section, "format", error);
    }
    if (topic->key != TOPIC_KEY_STATION) {
        error_set(error, 0, "%s have a key of their own: remove key from [%s]", records, section);
        return settings_blame(settings, section, "key", error);
    }
    return 0;
}

/* What no single key can say. */
static int
check_together(const struct producer_settings *producer, const struct settings *settings,
               struct error *error)
{
    const char *records = feed_records(&producer->feed);
    int result = 0;

    if (producer->n_topics > TOPICS_MAX)
        return error_set(error, -EINVAL,
                         "there are more than 1,000 [topic NAME] sections; start a second "
                         "producer");
    if (producer->feed.source == FEED_CSV)
        result = check_csv(&producer->feed.csv, settings, error);
    for (size_t i = 0; i < producer->n_topics && records && result == 0; i++)
        result = check_topic(&producer->topics[i], records, settings, error);
    return result;
}

static int
check(const struct settings *settings, bool complete, const struct settings_reporter *reporter)
{
    struct producer_settings producer;
    struct error error = ERROR_INIT;
    int exit_code = EX_OK;

    if (make_kafka_conf(NULL, settings, reporter, &error) != 0)
        exit_code = EX_CONFIG;
    if (!complete)
        return exit_code;
    if (producer_settings_read(&producer, settings, &error) < 0) {
        reporter->mistake(reporter->userdata, error.text);
        return EX_CONFIG;
    }
    if (check_together(&producer, settings, &error) < 0) {
        reporter->mistake(reporter->userdata, error.text);
        exit_code = EX_CONFIG;
    }
    producer_settings_fini(&producer);
    return exit_code;
}

const struct daemon_program producer_program = {
    .name = "weatherd-producer",
    .synopsis = "",
    .purpose = "Send weather reports, simulated or observed, or other records, to Kafka topics.",
    .config_file = WEATHERD_CONFIG_DIRECTORY "/producer.ini",
    .rows = rows,
    .n_rows = sizeof(rows) / sizeof(rows[0]),
    .option = {"fresh", 0, NULL, "forget earlier runs, begin with the first day"},
    .option_once = true,
    .check = check,
    .protobuf_version = report_protobuf_library_version,
};
