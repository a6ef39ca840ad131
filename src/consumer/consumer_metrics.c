/* SPDX-License-Identifier: MIT */

/*
 * The consumer's figures for Prometheus: a row a family, one value a partition. What is not known yet
 * is left out: a lag of 0 without any contact to a broker would be a lie.
 */

#include <math.h>
#include <stdio.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "common/kafka_conf.h"
#include "consumer/consumer_private.h"

/*
 * Behind the last record there may be markers of transactions, which are never delivered: the end
 * that was met tells that nothing more is there.
 */
static double
get_lag(const struct consumer *consumer, const struct consumer_partition *partition)
{
    int64_t end = source_end(consumer->source, (size_t)(partition - consumer->partitions));
    int64_t position = partition->stream.offset;

    if (end < 0)
        return NAN;
    if (partition->end_met > position)
        position = partition->end_met;
    return end > position ? (double)(end - position) : 0;
}

static double
get_offset(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return partition->stream.offset < 0 ? 0 : (double)partition->stream.offset;
}

static double
get_window_late(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return (double)partition->partition.too_late;
}

static double
get_lost(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return (double)partition->lost;
}

static double
get_last_record(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return partition->last_timestamp < 0 ? NAN : (double)partition->last_timestamp / 1000;
}

static double
get_last_success(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return partition->saved_at == 0 ? NAN : (double)partition->saved_at;
}

static double
get_duration(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return partition->saved_at == 0 ? NAN : (double)partition->save_duration / SECOND;
}

static double
get_failures(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return (double)partition->save_failures;
}

static double
get_stations(const struct consumer *consumer, const struct consumer_partition *partition)
{
    return partition->partition.layout == PARTITION_MONTHLY
               ? partition->partition.months.n_windows > 0
               : (double)partition->partition.stations.n_stations;
}

static const struct {
    struct metric metric;
    double (*get)(const struct consumer *consumer, const struct consumer_partition *partition);
} families[] = {
    {{"weatherd_consumer_offset", "gauge", "Offset of the next record to read."}, get_offset},
    {{"weatherd_consumer_lag", "gauge", "Records between it and the end of the partition."},
     get_lag},
    {{"weatherd_consumer_window_late_total", "counter",
      "Reports that came when their window was closed."},
     get_window_late},
    {{"weatherd_consumer_lost_records_total", "counter",
      "Records that the broker no longer had when they should have been read."},
     get_lost},
    {{"weatherd_consumer_last_record_timestamp_seconds", "gauge",
      "Time of the last record, as it stands in the record."},
     get_last_record},
    {{"weatherd_checkpoint_last_success_timestamp_seconds", "gauge",
      "When the file was replaced last."},
     get_last_success},
    {{"weatherd_checkpoint_duration_seconds", "gauge", "How long that took."}, get_duration},
    {{"weatherd_checkpoint_failures_total", "counter", "How often it failed."}, get_failures},
    {{"weatherd_stations", "gauge", "Stations in the file."}, get_stations},
};

static const struct metric records = {"weatherd_consumer_records_total", "counter",
                                      "Records, by what became of them, since the start."};
static const char *const results[PARTITION_N_OUTCOMES] = {
    [PARTITION_COUNTED] = "counted",
    [PARTITION_DUPLICATE] = "duplicate",
    [PARTITION_LATE] = "late",
    [PARTITION_INVALID] = "invalid",
};

static void
write_values(struct consumer *consumer, const struct consumer_partition *partition, size_t family)
{
    char number[16];
    struct metric_label labels[] = {
        {"topic", partition->topic}, {"partition", number}, {NULL, NULL}, {NULL, NULL}};

    snprintf(number, sizeof(number), "%d", (int)partition->number);
    if (family < sizeof(families) / sizeof(families[0])) {
        double value = families[family].get(consumer, partition);

        if (!isnan(value))
            metrics_value(consumer->metrics, labels, value);
        return;
    }
    for (int outcome = 0; outcome < PARTITION_N_OUTCOMES; outcome++) {
        labels[2] = (struct metric_label){"result", results[outcome]};
        metrics_value(consumer->metrics, labels, (double)partition->partition.outcomes[outcome]);
    }
}

void
consumer_show_metrics(struct consumer *consumer)
{
    const size_t n_families = sizeof(families) / sizeof(families[0]);
    const struct metrics_process process = {
        .throttled = (double)source_throttled(consumer->source) / 1000,
        .reload_failed = consumer->reload_failed,
    };
    struct error error = ERROR_INIT;

    if (!consumer->metrics || !consumer->metrics_due)
        return;
    consumer->metrics_due = false;
    metrics_begin(consumer->metrics, &process);
    for (size_t family = 0; family <= n_families; family++) {
        metrics_family(consumer->metrics,
                       family < n_families ? &families[family].metric : &records);
        for (size_t i = 0; i < consumer->n_partitions; i++)
            write_values(consumer, &consumer->partitions[i], family);
    }
    consumer_show_summaries(consumer);
    if (metrics_end(consumer->metrics, &error) < 0)
        log_repeated(consumer->log, consumer->samplers, MESSAGE_METRICS_FAILED, LOG_NO_FIELDS, "%s",
                     error.text);
}

/* "temperatures-0-2+stations-0": what is read, as it can stand in a file's name. */
static char *
name_assignment(const struct assignment *assignment)
{
    char *name = NULL;
    size_t length;
    FILE *stream = open_memstream(&name, &length);

    if (!stream)
        return NULL;
    for (size_t i = 0; i < assignment->n_topics; i++) {
        char list[1024];

        partition_list_format(&assignment->topics[i].list, list, sizeof(list));
        fprintf(stream, "%s%s-%s", i > 0 ? "+" : "", assignment->topics[i].name, list);
    }
    fclose(stream);
    return name;
}

int
consumer_open_metrics(struct consumer *consumer)
{
    cleanup(free) char *name = name_assignment(&consumer->assignment);
    const struct metrics_settings settings = {
        .directory = consumer->config.metrics_directory,
        .program = consumer_program.name,
        .name = name,
        .librdkafka = kafka_conf_library_version(),
    };
    struct error error = ERROR_INIT;

    if (!name)
        return EX_SOFTWARE;
    if (metrics_new(&consumer->metrics, &settings, &error) < 0) {
        log_event(consumer->log, MESSAGE_DIRECTORY_UNUSABLE, "%s", error.text);
        return EX_CANTCREAT;
    }
    consumer->metrics_due = true;
    return EX_OK;
}
