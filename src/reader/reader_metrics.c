/* SPDX-License-Identifier: MIT */

/*
 * Figures for Prometheus: a row a family, one value a partition. What is not known yet is left out: a
 * lag of 0 without any contact to a broker would be a lie.
 */

#include <math.h>
#include <stdio.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "common/kafka_conf.h"
#include "reader/reader_private.h"

/*
 * Behind the last record there may be markers of transactions, which are never delivered: the end
 * that was met tells that nothing more is there.
 */
static double
get_lag(const struct reader *reader, const struct reader_partition *partition)
{
    int64_t end = source_end(reader->source, (size_t)(partition - reader->partitions));
    int64_t position = partition->stream.offset;

    if (end < 0)
        return NAN;
    if (partition->end_met > position)
        position = partition->end_met;
    return end > position ? (double)(end - position) : 0;
}

static double
get_offset(const struct reader *reader, const struct reader_partition *partition)
{
    return partition->stream.offset < 0 ? 0 : (double)partition->stream.offset;
}

static double
get_lost(const struct reader *reader, const struct reader_partition *partition)
{
    return (double)partition->lost;
}

static double
get_last_record(const struct reader *reader, const struct reader_partition *partition)
{
    return partition->last_timestamp < 0 ? NAN : (double)partition->last_timestamp / 1000;
}

static double
get_last_success(const struct reader *reader, const struct reader_partition *partition)
{
    return partition->saved_at == 0 ? NAN : (double)partition->saved_at;
}

static double
get_duration(const struct reader *reader, const struct reader_partition *partition)
{
    return partition->saved_at == 0 ? NAN : (double)partition->save_duration / SECOND;
}

static double
get_failures(const struct reader *reader, const struct reader_partition *partition)
{
    return (double)partition->save_failures;
}

static double
get_stations(const struct reader *reader, const struct reader_partition *partition)
{
    return (double)reader->ops->count_stations(partition);
}

/* Their names begin with the program's. */
static const struct reader_metric own[] = {
    {{"offset", "gauge", "Offset of the next record to read."}, get_offset},
    {{"lag", "gauge", "Records between it and the end of the partition."}, get_lag},
    {{"lost_records_total", "counter",
      "Records that the broker no longer had when they should have been read."},
     get_lost},
    {{"last_record_timestamp_seconds", "gauge",
      "Time of the last record, as it stands in the record."},
     get_last_record},
};

static const struct reader_metric common[] = {
    {{"weatherd_checkpoint_last_success_timestamp_seconds", "gauge",
      "When the file was replaced last."},
     get_last_success},
    {{"weatherd_checkpoint_duration_seconds", "gauge", "How long that took."}, get_duration},
    {{"weatherd_checkpoint_failures_total", "counter", "How often it failed."}, get_failures},
    {{"weatherd_stations", "gauge", "Stations in the file."}, get_stations},
};

static const struct metric records = {"records_total", "counter",
                                      "Records, by what became of them, since the start."};

/* A family under its whole name; it is to live until the next one begins. */
struct named_metric {
    struct metric metric;
    char name[64];
};

static void
begin_own_family(struct reader *reader, const struct metric *metric, struct named_metric *named)
{
    named->metric = *metric;
    named->metric.name = named->name;
    snprintf(named->name, sizeof(named->name), "weatherd_%s_%s", reader->ops->kind->section,
             metric->name);
    metrics_family(reader->metrics, &named->metric);
}

void
reader_show_value(struct reader *reader, const struct reader_partition *partition,
                  const char *label, const char *word, double value)
{
    char number[16];
    const struct metric_label labels[] = {
        {"topic", partition->topic}, {"partition", number}, {label, word}, {NULL, NULL}};

    snprintf(number, sizeof(number), "%d", (int)partition->number);
    if (!isnan(value))
        metrics_value(reader->metrics, labels, value);
}

static void
show_values(struct reader *reader, const struct reader_metric *family, const char *program)
{
    const char *label = program ? "program" : NULL;

    for (size_t i = 0; i < reader->n_partitions; i++)
        reader_show_value(reader, &reader->partitions[i], label, program,
                          family->get(reader, &reader->partitions[i]));
}

void
reader_show_family(struct reader *reader, const struct reader_metric *family)
{
    metrics_family(reader->metrics, &family->metric);
    show_values(reader, family, NULL);
}

/* One that another program may have of the same partition, in a file beside this one. */
static void
show_shared(struct reader *reader, const struct reader_metric *family)
{
    metrics_family(reader->metrics, &family->metric);
    show_values(reader, family, reader->ops->program);
}

static void
show_outcomes(struct reader *reader)
{
    const struct reader_ops *ops = reader->ops;
    struct named_metric named;

    begin_own_family(reader, &records, &named);
    for (size_t i = 0; i < reader->n_partitions; i++)
        for (size_t outcome = 0; outcome < ops->n_outcomes; outcome++)
            reader_show_value(reader, &reader->partitions[i], "result", ops->outcomes[outcome],
                              (double)reader->partitions[i].outcomes[outcome]);
}

void
reader_show_metrics(struct reader *reader)
{
    const struct metrics_process process = {
        .throttled = (double)source_throttled(reader->source) / 1000,
        .reload_failed = reader->reload_failed,
    };
    struct error error = ERROR_INIT;

    if (!reader->metrics || !reader->metrics_due)
        return;
    reader->metrics_due = false;
    metrics_begin(reader->metrics, &process);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        struct named_metric named;

        begin_own_family(reader, &own[i].metric, &named);
        show_values(reader, &own[i], NULL);
    }
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        show_shared(reader, &common[i]);
    show_outcomes(reader);
    if (reader->ops->show)
        reader->ops->show(reader);
    if (metrics_end(reader->metrics, &error) < 0)
        log_repeated(reader->log, reader->samplers, MESSAGE_METRICS_FAILED, LOG_NO_FIELDS, "%s",
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
reader_open_metrics(struct reader *reader)
{
    cleanup(free) char *name = name_assignment(&reader->assignment);
    const struct metrics_settings settings = {
        .directory = reader->config.common->metrics_directory,
        .program = reader->ops->kind->program->name,
        .name = name,
        .librdkafka = kafka_conf_library_version(),
    };
    struct error error = ERROR_INIT;

    if (!name)
        return EX_SOFTWARE;
    if (metrics_new(&reader->metrics, &settings, &error) < 0) {
        log_event(reader->log, MESSAGE_DIRECTORY_UNUSABLE, "%s", error.text);
        return EX_CANTCREAT;
    }
    reader->metrics_due = true;
    return EX_OK;
}
