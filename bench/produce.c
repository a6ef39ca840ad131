/* SPDX-License-Identifier: MIT */

/*
 * The producer's ceiling: sends as many reports as weatherd-producer would with the same command
 * line, with the same librdkafka properties and the same allocator, idempotent and acknowledged by
 * all, but reports that were made before, the same ones again and again. What weatherd-producer
 * takes longer than this, it spends on weather, encoding and its position. With days = 0 it sends
 * nothing for ever, as idle as librdkafka can be.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <librdkafka/rdkafka.h>

#include "producer/producer_settings.h"
#include "record/report_format.h"

#define DAYS 2 /* of reports that are made before */

struct record {
    char station[REPORT_STATION_MAX];
    uint8_t payload[REPORT_SIZE_MAX];
    size_t station_length;
    size_t payload_length;
};

struct counts {
    uint64_t acknowledged;
    uint64_t failed;
};

static void
on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct counts *counts = opaque;

    if (message->err)
        counts->failed++;
    else
        counts->acknowledged++;
}

static void
make_record(struct record *record, const struct report *report, const struct topic_settings *topic)
{
    memcpy(record->station, report->station, report->station_length);
    record->station_length = report->station_length;
    record->payload_length = report_write(topic->format, topic->schema, report, record->payload);
}

/* Returns how many. */
static size_t
make_records(const struct producer_settings *config, struct record **recordsp, struct error *error)
{
    size_t n_stations = config->feed.simulator.n_stations;
    struct record *records = calloc(DAYS * n_stations, sizeof(*records));
    cleanup(feed_free) struct feed *feed = NULL;

    if (!records || feed_new(&feed, &config->feed, error) < 0)
        return 0;
    for (size_t day = 0; day < DAYS; day++) {
        const struct report *reports = feed_day(feed, day);

        for (size_t i = 0; i < n_stations; i++)
            make_record(&records[day * n_stations + i], &reports[i], &config->topics[0]);
    }
    *recordsp = records;
    return DAYS * n_stations;
}

static void
send_record(rd_kafka_t *client, rd_kafka_topic_t *topic, const struct record *record)
{
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                            (void *)(uintptr_t)record->payload, record->payload_length,
                            record->station, record->station_length, NULL) < 0)
        rd_kafka_poll(client, 1); /* the queue is full */
}

static int
produce(struct daemon *daemon, struct settings *settings)
{
    struct settings_reporter reporter = daemon_reporter(daemon);
    struct producer_settings config;
    struct error error = ERROR_INIT;
    struct counts counts = {.failed = 0};
    struct record *records;
    size_t n_records;
    uint64_t total;
    rd_kafka_conf_t *conf;
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;

    if (producer_settings_read(&config, settings, &error) < 0 ||
        producer_settings_kafka(&conf, settings, &reporter, &error) != 0 ||
        (n_records = make_records(&config, &records, &error)) == 0) {
        fprintf(stderr, "%s\n", error.text);
        return EX_USAGE;
    }
    total = config.days * config.feed.simulator.n_stations;
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_opaque(conf, &counts);
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.text, sizeof(error.text));
    topic = rd_kafka_topic_new(client, config.topics[0].name, NULL);
    for (uint64_t i = 0; i < total; i++) {
        send_record(client, topic, &records[i % n_records]);
        if (i % 1000 == 0)
            rd_kafka_poll(client, 0);
    }
    while (counts.acknowledged + counts.failed < total || total == 0)
        rd_kafka_poll(client, -1);
    printf("%llu reports acknowledged\n", (unsigned long long)counts.acknowledged);
    return counts.failed == 0 ? EX_OK : EX_UNAVAILABLE;
}

int
main(int argc, char **argv)
{
    daemon_main(&producer_program, argc, argv, produce);
}
