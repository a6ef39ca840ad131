/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a partition's reports add up to. Pure: no input or output, no clock, no log, so the same
 * records give the same state, bit for bit.
 */

#include <stdint.h>

#include "common/error.h"
#include "consumer/changes.h"
#include "consumer/windows.h"
#include "record/report_format.h"
#include "record/stations.h"

/* What becomes of a record. */
enum partition_outcome {
    PARTITION_COUNTED,
    PARTITION_DUPLICATE, /* of the date of its station's end: a producer's retry */
    PARTITION_LATE,      /* of an earlier date */
    PARTITION_INVALID,
    PARTITION_N_OUTCOMES,
    /* The record was not dealt with; not counted. */
    PARTITION_NO_MEMORY = PARTITION_N_OUTCOMES,
    PARTITION_FOREIGN_KEY, /* its key is not its station */
};

/* What is wrong with an invalid record. */
enum partition_fault {
    PARTITION_UNDECODABLE, /* it is no report at all */
    PARTITION_IMPOSSIBLE,
    PARTITION_FULL, /* the report of a new station, beside max_stations others */
};

/* UNDECIDED: not set; what it comes to is the caller's to say. */
enum partition_keep { PARTITION_DROP, PARTITION_KEEP, PARTITION_UNDECIDED };

struct partition_policy {
    enum partition_keep duplicates;
    enum partition_keep late;
    int64_t max_stations;
};

enum partition_layout {
    PARTITION_FLAT,
    PARTITION_TAGGED,  /* the same, and the file names its partition */
    PARTITION_MONTHLY, /* one station, by month and year */
    PARTITION_ANY,     /* flat or tagged, as a file that is read without settings turns out to be */
};

/* What the months of PARTITION_MONTHLY are: windows that never close. */
extern const struct window_rule partition_months;

/* What does not change in the life of a partition. */
struct partition_settings {
    int32_t number;
    enum partition_layout layout;
    enum report_format format;
    enum report_schema schema;
    const struct framing_ids *schema_ids; /* NULL: any; borrowed */
    const struct report_fields *fields;   /* of JSON; NULL: as the producer has them; borrowed */
    struct stats_shape shape;             /* what must be in its file */
    struct window_rule window;
};

/* What is known of a station. */
struct station {
    struct station_id id;
    struct stats stats;
    struct windows windows;
};

/* The key of the record at hand. */
struct partition_key {
    const void *data;
    size_t length;
};

struct partition {
    int32_t number;
    enum partition_layout layout;
    struct stats_shape shape;
    struct window_rule window;
    const struct partition_policy *policy; /* borrowed; changes with a reload */
    struct report_reader reader;
    struct stations stations; /* each a struct station; monthly: none, but */
    struct windows months;
    struct changes *changes;                 /* borrowed; NULL: nobody asks for them */
    const struct partition_key *key;         /* borrowed; NULL: it may be any */
    char only[REPORT_STATION_MAX + 1];       /* monthly: the station, once a report has named it */
    uint64_t outcomes[PARTITION_N_OUTCOMES]; /* since the start of the process */
    uint64_t too_late;                       /* reports of windows that were closed, since then */
    enum partition_fault fault;              /* of the last invalid record */
    char station[REPORT_STATION_MAX + 1];    /* its station; "": not known, or no text */
};

/* settings may go, policy is borrowed. The seed should be random; it has no influence on results. */
void partition_init(struct partition *partition, const struct partition_settings *settings,
                    const struct partition_policy *policy, uint64_t seed);
void partition_fini(struct partition *partition);

/* Its stations, in the order of their first appearance. Valid until one is added. */
static inline struct station *
partition_stations(const struct partition *partition)
{
    return partition->stations.elements;
}

/* How many stations, or months, have statistics. */
size_t partition_entries(const struct partition *partition);

/*
 * Takes one record into the statistics, counts its outcome and returns it; the reason of an invalid
 * one is in error.
 */
enum partition_outcome partition_apply(struct partition *partition, const void *payload,
                                       size_t length, struct error *error);
