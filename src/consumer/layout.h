/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The shapes of partition-N.json, and the checks of every value on the way back.
 *
 * flat:    {"offset": 123, "StationD": {statistics}, …}
 * tagged:  {"partition": 2, "offset": 123, "StationD": {statistics}, …}
 * monthly: {"partition": 2, "offset": 123, "January": {"2000": {statistics}, …}, …}
 */

#include "consumer/partition.h"
#include "stream/stream.h"

/* For a stream whose state is a struct partition, which says the layout, without statistics yet. */
extern const struct stream_state_ops layout_ops;
