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
#include "record/report_protobuf.h"

static int
parse_source(const char *value, void *destination, struct error *error)
{
    enum feed_source *source = destination;

    if (strcmp(value, "simulator") == 0)
        *source = FEED_SIMULATOR;
    else if (strcmp(value, "csv") == 0)
        *source = FEED_CSV;
    else
        return error_set(error, -EINVAL, "\"%s\" must be simulator or csv", value);
    return 0;
}

static int
parse_model(const char *value, void *destination, struct error *error)
{
    enum simulator_model *model = destination;

    if (strcmp(value, "seasonal") == 0)
        *model = SIMULATOR_SEASONAL;
    else if (strcmp(value, "uniform") == 0)
        *model = SIMULATOR_UNIFORM;
    else
        return error_set(error, -EINVAL, "\"%s\" must be seasonal or uniform", value);
    return 0;
}

static int
parse_unit(const char *value, void *destination, struct error *error)
{
    if (strcmp(value, "F") != 0 && strcmp(value, "C") != 0)
        return error_set(error, -EINVAL, "\"%s\" must be F or C", value);
    *(char *)destination = value[0];
    return 0;
}

static int
parse_number(const char *value, int64_t max, uint64_t *destination, struct error *error)
{
    int64_t number;
    int result = value_parse_integer(value, 0, max, &number, error);

    if (result == 0)
        *destination = (uint64_t)number;
    return result;
}

static int
parse_count(const char *value, void *destination, struct error *error)
{
    return parse_number(value, INT64_MAX, destination, error);
}

static int
parse_retries(const char *value, void *destination, struct error *error)
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

static int
parse_stations(const char *value, void *destination, struct error *error)
{
    int64_t stations;
    int result = value_parse_integer(value, 1, 1000000, &stations, error);

    if (result == 0)
        *(size_t *)destination = (size_t)stations;
    return result;
}

static int
parse_date(const char *value, void *destination, struct error *error)
{
    if (!date_parse(value, strlen(value), destination))
        return error_set(error, -EINVAL, "\"%s\" must be a date that exists, YYYY-MM-DD", value);
    return 0;
}

static int
parse_rate(const char *value, void *destination, struct error *error)
{
    return value_parse_number(value, 0, 1, destination, error);
}

static int
parse_partitions(const char *value, void *destination, struct error *error)
{
    int64_t partitions;
    int result = value_parse_integer(value, 1, 10000, &partitions, error);

    if (result == 0)
        *(int32_t *)destination = (int32_t)partitions;
    return result;
}

static int
parse_replication(const char *value, void *destination, struct error *error)
{
    int64_t factor;
    int result = value_parse_integer(value, 1, INT16_MAX, &factor, error);

    if (result == 0)
        *(int16_t *)destination = (int16_t)factor;
    return result;
}

#define FIELD(member) offsetof(struct producer_settings, member)

static const struct setting_row rows[] = {
    KAFKA_CONF_SETTING_ROWS,
    SETTING_LOG_LEVEL_ROW,
    {"producer", "source", "simulator", "simulator|csv", "where the reports come from",
     parse_source, FIELD(feed.source), 0},
    {"producer", "interval", "100ms", "DURATION",
     "time between two days of reports; 0: as fast as possible", setting_parse_duration,
     FIELD(interval), SETTING_RELOAD},
    {"producer", "days", "0", "NUMBER", "days to send in this run; 0: for ever", parse_count,
     FIELD(days), 0},
    {"producer", "directory", NULL, "DIRECTORY",
     "where producer.json is kept; without it $STATE_DIRECTORY, or the working directory",
     setting_parse_string, FIELD(directory), 0},
    {"producer", "unit", "F", "F|C", "the unit of the degrees that are sent", parse_unit,
     FIELD(feed.unit), 0},
    {"producer", "retries", "unlimited", "NUMBER|unlimited",
     "how often a report is tried again; with a number each day is acknowledged before the next "
     "is sent, and a report that fails ends the run with exit code 69",
     parse_retries, FIELD(retries), 0},
    {"simulator", "model", "seasonal", "seasonal|uniform",
     "the weather: by month with memory, or independent normal draws", parse_model,
     FIELD(feed.simulator.model), 0},
    {"simulator", "stations", "10", "NUMBER", "how many stations report", parse_stations,
     FIELD(feed.simulator.n_stations), 0},
    {"simulator", "station_prefix", "Station", "TEXT",
     "what the stations' ids begin with: StationA, StationB, …; may be empty", setting_parse_text,
     FIELD(feed.simulator.station_prefix), 0},
    {"simulator", "start", "2000-01-01", "DATE", "date of the first day", parse_date,
     FIELD(feed.simulator.start), 0},
    {"simulator", "seed", "1", "NUMBER", "the same seed gives the same reports", parse_count,
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
     setting_parse_string, FIELD(feed.csv.station), 0},
    {"csv", "unit", "F", "F|C", "the unit of the file's degrees", parse_unit, FIELD(feed.csv.unit),
     0},
    {"topic", "partitions", "4", "NUMBER", "partitions of the topic when it is made",
     parse_partitions, offsetof(struct topic_settings, partitions), 0},
    {"topic", "replication_factor", "1", "NUMBER", "replicas of each partition when it is made",
     parse_replication, offsetof(struct topic_settings, replication_factor), 0},
};

static const struct kafka_property kafka_properties[] = {
    {"bootstrap.servers", "localhost:9092", false},
    {"acks", "all", false},
    {"enable.idempotence", "true", false},
    {"message.timeout.ms", "0", false}, /* never given up */
    {"message.send.max.retries", "2147483647", false},
    {"partitioner", "murmur2_random", false},
    {"log.queue", "true", false},
    {"linger.ms", "5", false},
    {"reconnect.backoff.max.ms", "2000", false},
    {NULL, NULL, false},
};

static int
make_kafka_conf(struct rd_kafka_conf_s **confp, const struct settings *settings,
                const struct settings_reporter *reporter, struct error *error)
{
    struct kafka_property properties[sizeof(kafka_properties) / sizeof(kafka_properties[0])];
    struct kafka_conf_settings conf_settings = {
        .properties = properties,
        .settings = settings,
        .client_id = producer_program.name,
    };
    struct setting_value retries;

    memcpy(properties, kafka_properties, sizeof(properties));
    if (settings_get(settings, "producer", "retries", &retries) &&
        strcmp(retries.value, "unlimited") != 0)
        for (struct kafka_property *property = properties; property->name; property++)
            if (strcmp(property->name, "message.send.max.retries") == 0)
                property->value = retries.value;
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
add_topic(struct producer_settings *producer, const struct settings *settings, const char *name,
          struct error *error)
{
    struct topic_settings *topics =
        reallocarray(producer->topics, producer->n_topics + 1, sizeof(*topics));
    struct topic_settings *topic;
    char section[300];

    if (!topics)
        return -ENOMEM;
    producer->topics = topics;
    topic = &topics[producer->n_topics];
    *topic = (struct topic_settings){.name = strdup(name)};
    if (!topic->name)
        return -ENOMEM;
    producer->n_topics++;
    snprintf(section, sizeof(section), "topic %s", name);
    return settings_read(settings, section, topic, error);
}

int
producer_settings_read(struct producer_settings *producer, const struct settings *settings,
                       struct error *error)
{
    static const char *const sections[] = {"producer", "simulator", "csv"};
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

void
producer_settings_fini(struct producer_settings *producer)
{
    for (size_t i = 0; i < producer->n_topics; i++)
        free(producer->topics[i].name);
    free(producer->topics);
    free(producer->directory);
    free((char *)producer->feed.simulator.station_prefix);
    free((char *)producer->feed.csv.file);
    free((char *)producer->feed.csv.date_column);
    free((char *)producer->feed.csv.degrees_column);
    free((char *)producer->feed.csv.station_column);
    free((char *)producer->feed.csv.raining_column);
    free((char *)producer->feed.csv.station);
    *producer = (struct producer_settings){.interval = 0};
}

/* What no single key can say. */
static const char *
find_contradiction(const struct producer_settings *producer)
{
    const struct csv_settings *csv = &producer->feed.csv;

    if (producer->n_topics > TOPICS_MAX)
        return "there are more than 1,000 [topic NAME] sections; start a second producer";
    if (producer->feed.source != FEED_CSV)
        return NULL;
    if (!csv->file)
        return "[producer] source = csv needs [csv] file";
    if (!csv->station_column && !csv->station)
        return "[producer] source = csv needs [csv] station_column, or station for a file of one "
               "station";
    if (csv->station_column && csv->station)
        return "[csv] has both station_column and station; remove one";
    return NULL;
}

static int
check(const struct settings *settings, const struct settings_reporter *reporter)
{
    struct producer_settings producer;
    struct error error = ERROR_INIT;
    const char *contradiction;
    int exit_code = EX_OK;

    if (make_kafka_conf(NULL, settings, reporter, &error) != 0)
        exit_code = EX_CONFIG;
    if (producer_settings_read(&producer, settings, &error) < 0) {
        reporter->mistake(reporter->userdata, error.text);
        return EX_CONFIG;
    }
    contradiction = find_contradiction(&producer);
    if (contradiction) {
        reporter->mistake(reporter->userdata, contradiction);
        exit_code = EX_CONFIG;
    }
    producer_settings_fini(&producer);
    return exit_code;
}

const struct daemon_program producer_program = {
    .name = "weatherd-producer",
    .synopsis = "",
    .purpose = "Send reports of weather stations, simulated or observed, to Kafka topics.",
    .config_file = WEATHERD_CONFIG_DIRECTORY "/producer.ini",
    .rows = rows,
    .n_rows = sizeof(rows) / sizeof(rows[0]),
    .option = {"fresh", 0, NULL,
               "forget the position of an earlier run and begin with the first day"},
    .check = check,
    .protobuf_version = report_protobuf_library_version,
};
