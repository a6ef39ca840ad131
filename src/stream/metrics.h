/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A program's figures as a file in Prometheus' text format, for node_exporter's textfile collector
 * or whatever else reads it: replaced as a whole, so that a reader never sees half of it, and not
 * forced to disk, because after a crash it is worthless. It is taken away when the program stops
 * cleanly: figures that nobody renews would look like those of a daemon that stands still.
 */

#include <stdbool.h>

#include "common/cleanup.h"
#include "common/error.h"

struct metrics;

/* What a family of values is called, "counter" or "gauge", and what it says, in a sentence. */
struct metric {
    const char *name;
    const char *type;
    const char *help;
};

struct metric_label {
    const char *name; /* NULL ends an array of them */
    const char *value;
};

/* Which file. Strings are copied. */
struct metrics_settings {
    const char *directory; /* NULL: the first of $RUNTIME_DIRECTORY */
    const char *program;
    const char *name;       /* PROGRAM-NAME.prom; a long one is cut, with a checksum for the rest */
    const char *librdkafka; /* its version */
};

/*
 * Opens the directory; nothing is written yet. 0, *metricsp being NULL when there is no directory to
 * write to; or a negative errno with a message.
 */
int metrics_new(struct metrics **metricsp, const struct metrics_settings *settings,
                struct error *error);
void metrics_free(struct metrics *metrics);
CLEANUP_DEFINE(struct metrics *, metrics_free);

/* What every daemon tells of itself. */
struct metrics_process {
    double throttled; /* seconds that brokers have held answers back, in all */
    bool reload_failed;
};

/*
 * A new content: begin, which writes the families of the process, then families, each followed by
 * its values (until which it lives), then end. Failures are kept until the end: 0, or a negative errno with a message, the
 * old file being what it was.
 */
void metrics_begin(struct metrics *metrics, const struct metrics_process *process);
void metrics_family(struct metrics *metrics, const struct metric *metric);
void metrics_value(struct metrics *metrics, const struct metric_label *labels, double value);
int metrics_end(struct metrics *metrics, struct error *error);

/* Takes the file away. */
void metrics_remove(struct metrics *metrics);
