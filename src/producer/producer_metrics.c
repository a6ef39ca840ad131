/* SPDX-License-Identifier: MIT */

/* The producer's figures for Prometheus. */

#include <stdio.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "common/kafka_conf.h"
#include "producer/producer_private.h"

static const struct metric reports = {
    "weatherd_producer_reports_total", "counter",
    "Reports that the brokers have acknowledged, or that could not be delivered, since the start."};
static const struct metric queue = {"weatherd_producer_queue", "gauge",
                                    "Messages that wait to be sent or acknowledged."};

static void
write_reports(struct producer *producer, size_t number)
{
    struct metric_label labels[] = {
        {"topic", producer->config.topics[number].name}, {"result", NULL}, {NULL, NULL}};
    struct sink_counts counts = sink_counts(producer->sink, number);

    labels[1].value = "acknowledged";
    metrics_value(producer->metrics, labels, (double)counts.acknowledged);
    labels[1].value = "failed";
    metrics_value(producer->metrics, labels, (double)counts.failed);
}

void
producer_show_metrics(struct producer *producer)
{
    const struct metrics_process process = {
        .throttled = sink_throttled(producer->sink),
        .reload_failed = producer->reload_failed,
    };
    const struct metric_label who[] = {{"process", producer->process}, {NULL, NULL}};
    struct error error = ERROR_INIT;

    if (!producer->metrics)
        return;
    metrics_begin(producer->metrics, &process);
    metrics_family(producer->metrics, &reports);
    for (size_t i = 0; i < producer->config.n_topics; i++)
        write_reports(producer, i);
    metrics_family(producer->metrics, &queue);
    metrics_value(producer->metrics, who, (double)sink_queue_length(producer->sink));
    if (metrics_end(producer->metrics, &error) < 0)
        log_repeated(producer->log, producer->samplers, MESSAGE_METRICS_FAILED, LOG_NO_FIELDS, "%s",
                     error.text);
}

/* "temperatures+observations": where it sends to, as it can stand in a file's name. */
static char *
name_topics(const struct producer_settings *config)
{
    char *name = NULL;
    size_t length;
    FILE *stream = open_memstream(&name, &length);

    if (!stream)
        return NULL;
    for (size_t i = 0; i < config->n_topics; i++)
        fprintf(stream, "%s%s", i > 0 ? "+" : "", config->topics[i].name);
    fclose(stream);
    return name;
}

int
producer_open_metrics(struct producer *producer)
{
    cleanup(free) char *name = name_topics(&producer->config);
    const struct metrics_settings settings = {
        .directory = producer->config.metrics_directory,
        .program = producer_program.name,
        .name = name,
        .librdkafka = kafka_conf_library_version(),
    };
    struct error error = ERROR_INIT;

    if (!name)
        return EX_SOFTWARE;
    if (metrics_new(&producer->metrics, &settings, &error) < 0) {
        log_event(producer->log, MESSAGE_DIRECTORY_UNUSABLE, "%s", error.text);
        return EX_CANTCREAT;
    }
    /* As the families of the process have it, which this one must be told apart like. */
    if (asprintf(&producer->process, "%s-%s", producer_program.name, name) < 0)
        return EX_SOFTWARE;
    return EX_OK;
}
