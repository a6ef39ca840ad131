/* SPDX-License-Identifier: MIT */

/*
 * Prometheus' text format, version 0.0.4: a content is built in memory, then takes the file's place.
 *
 * Several daemons may write to one directory, and a collector refuses a value that two files have
 * with equal labels. So what is said of a process carries its name.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/atomic_file.h"
#include "common/values.h"
#include "stream/identity.h"
#include "stream/metrics.h"

#define SUFFIX      ".prom"
#define NAME_LENGTH 200 /* bytes of the name before it */

struct metrics {
    int directory_fd;
    char *directory;
    char *program;
    char *process; /* "PROGRAM-NAME" */
    char *librdkafka;
    char file_name[NAME_LENGTH + sizeof(SUFFIX)];
    const struct metric *family; /* the last one */
    FILE *stream;                /* between begin and end, into text */
    char *text;
    size_t length;
};

/* Names come from topics and lists of partitions: no slash can be in them. */
static void
name_file(struct metrics *metrics)
{
    size_t length = strlen(metrics->process);

    if (length <= NAME_LENGTH)
        snprintf(metrics->file_name, sizeof(metrics->file_name), "%s" SUFFIX, metrics->process);
    else
        snprintf(metrics->file_name, sizeof(metrics->file_name), "%.*s-%08x" SUFFIX,
                 NAME_LENGTH - 9, metrics->process,
                 (unsigned)identity_crc(NULL, 0, metrics->process, length));
}

static int
open_directory(struct metrics *metrics, struct error *error)
{
    metrics->directory_fd = open(metrics->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (metrics->directory_fd < 0 ||
        faccessat(metrics->directory_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return error_set(error, -errno,
                         "directory %s of the metrics: %s; weatherd must be able to write there; "
                         "create it, or set metrics_directory",
                         metrics->directory, strerror(errno));
    return 0;
}

int
metrics_new(struct metrics **metricsp, const struct metrics_settings *settings, struct error *error)
{
    cleanup(metrics_free) struct metrics *metrics = NULL;
    const char *directory = settings->directory;
    int result;

    *metricsp = NULL;
    if (!directory)
        directory = getenv("RUNTIME_DIRECTORY");
    if (!directory || !directory[0])
        return 0;
    metrics = calloc(1, sizeof(*metrics));
    if (!metrics)
        return -ENOMEM;
    metrics->directory_fd = -1;
    metrics->directory =
        settings->directory ? strdup(directory) : strndup(directory, strcspn(directory, ":"));
    metrics->program = strdup(settings->program);
    metrics->librdkafka = strdup(settings->librdkafka);
    if (asprintf(&metrics->process, "%s-%s", settings->program, settings->name) < 0)
        metrics->process = NULL;
    if (!metrics->directory || !metrics->program || !metrics->librdkafka || !metrics->process)
        return -ENOMEM;
    name_file(metrics);
    result = open_directory(metrics, error);
    if (result < 0)
        return result;
    *metricsp = metrics;
    metrics = NULL;
    return 0;
}

void
metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    if (metrics->directory_fd >= 0)
        close(metrics->directory_fd);
    if (metrics->stream)
        fclose(metrics->stream);
    free(metrics->text);
    free(metrics->directory);
    free(metrics->program);
    free(metrics->process);
    free(metrics->librdkafka);
    free(metrics);
}

void
metrics_begin(struct metrics *metrics, const struct metrics_process *process)
{
    static const struct metric build = {"weatherd_build_info", "gauge",
                                        "The versions in use; the value is always 1."};
    static const struct metric throttled = {
        "weatherd_kafka_throttle_seconds_total", "counter",
        "Time for which brokers have held answers back because of quotas."};
    static const struct metric reloaded = {
        "weatherd_config_last_reload_successful", "gauge",
        "1 when the settings read last are in effect, 0 when they had mistakes."};
    const struct metric_label who[] = {{"process", metrics->process}, {NULL, NULL}};
    const struct metric_label versions[] = {{"process", metrics->process},
                                            {"program", metrics->program},
                                            {"version", PACKAGE_VERSION},
                                            {"librdkafka", metrics->librdkafka},
                                            {NULL, NULL}};

    metrics->stream = open_memstream(&metrics->text, &metrics->length);
    metrics_family(metrics, &build);
    metrics_value(metrics, versions, 1);
    metrics_family(metrics, &throttled);
    metrics_value(metrics, who, process->throttled);
    metrics_family(metrics, &reloaded);
    metrics_value(metrics, who, !process->reload_failed);
}

void
metrics_family(struct metrics *metrics, const struct metric *metric)
{
    metrics->family = metric;
    if (metrics->stream)
        fprintf(metrics->stream, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
                metric->name, metric->type);
}

static void
write_label_value(FILE *stream, const char *value)
{
    for (; *value; value++) {
        if (*value == '\\' || *value == '"')
            fputc('\\', stream);
        fputs(*value == '\n' ? "\\n" : (const char[]){*value, '\0'}, stream);
    }
}

void
metrics_value(struct metrics *metrics, const struct metric_label *labels, double value)
{
    char text[VALUE_NUMBER_SIZE];

    if (!metrics->stream)
        return;
    fputs(metrics->family->name, metrics->stream);
    for (size_t i = 0; labels[i].name; i++) {
        fprintf(metrics->stream, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
        write_label_value(metrics->stream, labels[i].value);
        fputc('"', metrics->stream);
    }
    value_format_number(value, text);
    fprintf(metrics->stream, "%s %s\n", labels[0].name ? "}" : "", text);
}

static int
replace(const struct metrics *metrics)
{
    struct atomic_file file;
    int result = atomic_file_begin(&file, metrics->directory_fd, metrics->file_name);

    if (result < 0)
        return result;
    result = atomic_file_write(&file, metrics->text, metrics->length);
    if (result == 0)
        return atomic_file_publish(&file);
    atomic_file_abort(&file);
    return result;
}

int
metrics_end(struct metrics *metrics, struct error *error)
{
    bool whole = metrics->stream && !ferror(metrics->stream);
    int result = -ENOMEM;

    if (metrics->stream && fclose(metrics->stream) == 0 && whole)
        result = replace(metrics);
    metrics->stream = NULL;
    free(metrics->text);
    metrics->text = NULL;
    if (result < 0)
        return error_set(error, result, "%s/%s: can't be replaced: %s", metrics->directory,
                         metrics->file_name, strerror(-result));
    return 0;
}

void
metrics_remove(struct metrics *metrics)
{
    unlinkat(metrics->directory_fd, metrics->file_name, 0);
}
