/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The shape of partition-N.json: how a partition's statistics stand in it, and the checks of every
 * value on the way back.
 *
 * flat: {"offset": 123, "StationD": {"count": …, "sum": …, "avg": …, "start": …, "end": …, "min":
 * …, "min_date": …, "max": …, "max_date": …}, …}
 */

#include "consumer/partition.h"
#include "stream/stream.h"

/* For a stream whose state is a struct partition without stations yet. */
extern const struct stream_state_ops layout_flat;
