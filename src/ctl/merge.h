/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The stations of all files of a snapshot, each once: a station whose reports came to lie in several
 * partitions of a topic (the topic got more of them, or was written by clients with different
 * partitioners) is one station again. Of monthly files, the months. What weatherd-forecast keeps is
 * no statistics: see predictions.h. A value: no input, no output.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/values.h"
#include "consumer/stats.h"
#include "ctl/snapshot.h"

struct merged_station {
    const char *topic; /* all strings are the snapshot's, or constant */
    const char *id;    /* "" where a monthly file does not know it */
    int year, month;   /* of a month; 0: of a station */
    struct stats stats;
    struct partition_list partitions; /* sorted; more than one: it is merged */
};

struct merged {
    size_t n_stations;
    struct merged_station *stations; /* by topic in the snapshot's order, id, year and month */
};

/* 0 or -ENOMEM. The snapshot is borrowed. Release with merged_fini() in either case. */
int merged_init(struct merged *merged, const struct snapshot *snapshot);
void merged_fini(struct merged *merged);
