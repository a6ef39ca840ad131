/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What weatherd-forecast says of the stations of a snapshot's files, each once, and how often it was
 * right: as a table for people.
 */

#include "ctl/snapshot.h"

struct predictions_row {
    const char *topic; /* the snapshot's, as is the station */
    int32_t partition;
    const struct outlook_station *station;
};

struct predictions {
    size_t n_files; /* good ones of weatherd-forecast's; 0: there is nothing to say */
    size_t n_rows;
    struct predictions_row *rows; /* by topic in the snapshot's order, and id */
    struct outlook_score score;   /* of all files */
};

/*
 * Of a station that lies in several partitions of a topic, the one with the latest day is taken. 0 or
 * -ENOMEM. The snapshot is borrowed. Release with predictions_fini() in either case.
 */
int predictions_init(struct predictions *predictions, const struct snapshot *snapshot);
void predictions_fini(struct predictions *predictions);

/* "accuracy 73.2 % of 1234 predictions, "never rains" 60.1 %", or that there was none yet. */
#define PREDICTIONS_LINE_SIZE 128
void predictions_format_score(const struct outlook_score *score, char line[PREDICTIONS_LINE_SIZE]);

/* The table, at most rows_max rows of it, and the line of the score. */
void predictions_print(const struct predictions *predictions, FILE *file, int width,
                       size_t rows_max);
