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

static int
parse_choice(const char *value, const char *const choices[2], bool *is_second, struct error *error)
{
    for (int i = 0; i < 2; i++) {
        if (strcmp(value, choices[i]) == 0) {
            *is_second = i == 1;
            return 0;
        }
    }
    return error_set(error, -EINVAL, "\"%s\" must be %s or %s", value, choices[0], choices[1]);
}

static int
parse_keep(const char *value, void *destination, struct error *error)
{
    return parse_choice(value, (const char *const[]){"drop", "keep"}, destination, error);
}

static int
parse_on_invalid(const char *value, void *destination, struct error *error)
{
    return parse_choice(value, (const char *const[]){"skip", "stop"}, destination, error);
}

static int
parse_partitions(const char *value, void *destination, struct error *error)
{
    struct partition_list list;
    int result = partition_list_parse(&list, value, error);

    if (result < 0)
        return result;
    partition_list_fini(&list);
    return setting_parse_string(value, destination, error);
}

static int
parse_max_stations(const char *value, void *destination, struct error *error)
{
    int64_t max;
    int result = value_parse_integer(value, 1, 10000000, &max, error);

    if (result == 0)
        *(size_t *)destination = (size_t)max;
    return result;
}

#define FIELD(member) offsetof(struct consumer_settings, member)

static const struct setting_row rows[] = {
    KAFKA_CONF_SETTING_ROWS,
    SETTING_LOG_LEVEL_ROW,
    {"consumer", "topic", "temperatures", "TOPIC", "the topic to read", setting_parse_topic,
     FIELD(topic), 0},
    {"consumer", "partitions", NULL, "LIST",
     "the partitions to read, such as 0 2 or 0-3, when none are given on the command line",
     parse_partitions, FIELD(partitions), 0},
    {"consumer", "directory", NULL, "DIRECTORY",
     "where partition-N.json are kept; without it $STATE_DIRECTORY, or the working directory",
     setting_parse_string, FIELD(directory), 0},
    {"consumer", "checkpoint_interval", "1s", "DURATION",
     "how often the files are replaced; 0: after each batch, but never more than a tenth of the "
     "time",
     setting_parse_duration, FIELD(checkpoint_interval), SETTING_RELOAD},
    {"consumer", "duplicates", "drop", "drop|keep",
     "a report of the date of its station's end, such as a producer's retry", parse_keep,
     FIELD(policy.keep_duplicates), SETTING_RELOAD},
    {"consumer", "late", "drop", "drop|keep", "a report of an earlier date than its station's end",
     parse_keep, FIELD(policy.keep_late), SETTING_RELOAD},
    {"consumer", "on_invalid", "skip", "skip|stop",
     "a record that is no valid report: count it, log it and go on, or stop with exit code 65",
     parse_on_invalid, FIELD(stop_on_invalid), SETTING_RELOAD},
    {"consumer", "max_stations", "100000", "NUMBER",
     "stations of one partition; reports of further ones are invalid records", parse_max_stations,
     FIELD(policy.max_stations), SETTING_RELOAD},
};

/*
 * librdkafka stops fetching for a whole second when its queue holds more than queued.min.messages,
 * so that bound is put out of reach and the one in bytes does the work. It counts payloads only; an
 * entry of the queue takes several times that.
 */
static const struct kafka_property kafka_properties[] = {
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
kafka_conf_settings(const struct settings *settings)
{
    return (struct kafka_conf_settings){
        .properties = kafka_properties,
        .settings = settings,
        .client_id = consumer_program.name,
    };
}

int
consumer_settings_kafka(struct rd_kafka_conf_s **confp, const struct settings *settings,
                        const struct settings_reporter *reporter, struct error *error)
{
    const struct kafka_conf_settings conf_settings = kafka_conf_settings(settings);

    return kafka_conf_new(confp, &conf_settings, reporter, error);
}

int
consumer_settings_read(struct consumer_settings *consumer, const struct settings *settings,
                       struct error *error)
{
    *consumer = (struct consumer_settings){.topic = NULL};
    return settings_read(settings, "consumer", consumer, error);
}

void
consumer_settings_fini(struct consumer_settings *consumer)
{
    free(consumer->topic);
    free(consumer->partitions);
    free(consumer->directory);
    *consumer = (struct consumer_settings){.topic = NULL};
}

static int
check(const struct settings *settings, const struct settings_reporter *reporter)
{
    const struct kafka_conf_settings conf_settings = kafka_conf_settings(settings);

    return kafka_conf_check(&conf_settings, reporter) == 0 ? 0 : EX_CONFIG;
}

const struct daemon_program consumer_program = {
    .name = "weatherd-consumer",
    .synopsis = "[[TOPIC:]PARTITIONS]...",
    .purpose =
        "Turn the reports of a topic's partitions into partition-N.json, each report counted "
        "exactly once.",
    .config_file = WEATHERD_CONFIG_DIRECTORY "/consumer.ini",
    .rows = rows,
    .n_rows = sizeof(rows) / sizeof(rows[0]),
    .option = {"until-end", 0, NULL,
               "stop when every partition has reached the end it had at the start"},
    .check = check,
    .protobuf_version = report_protobuf_library_version,
};
