/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a partition's reports add up to. Pure: no input or output, no clock, no log, so the same
 * records give the same state, bit for bit.
 */

#include <stdint.h>

#include "common/error.h"
#include "consumer/stations.h"
#include "record/report_protobuf.h"

/* What becomes of a record. */
enum partition_outcome {
    PARTITION_COUNTED,
    PARTITION_DUPLICATE, /* of the date of its station's end: a producer's retry */
    PARTITION_LATE,      /* of an earlier date */
    PARTITION_INVALID,
    PARTITION_N_OUTCOMES,
    PARTITION_NO_MEMORY = PARTITION_N_OUTCOMES, /* the record was not dealt with; not counted */
};

struct partition_policy {
    bool keep_duplicates;
    bool keep_late;
    size_t max_stations;
};

struct partition {
    const struct partition_policy *policy; /* borrowed */
    struct report_protobuf reader;
    struct stations stations;
    uint64_t outcomes[PARTITION_N_OUTCOMES]; /* since the start of the process */
};

void partition_init(struct partition *partition, const struct partition_policy *policy,
                    uint64_t seed);
void partition_fini(struct partition *partition);

/* Whether this is a key of partition-N.json itself, which no station can be called. */
bool partition_is_reserved(const char *id, size_t length);

/*
 * Takes one record into the statistics, counts its outcome and returns it; the reason of an invalid
 * one is in error.
 */
enum partition_outcome partition_apply(struct partition *partition, const void *payload,
                                       size_t length, struct error *error);
