/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Where partitions end at this moment, asked once and in one go, by whoever reads nothing: the lag of
 * a consumer that is another process.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct rd_kafka_conf_s;

struct ends_partition {
    const char *topic;
    int32_t partition;
    int64_t end; /* the offset of the next record, of committed ones; -1: not known */
};

/*
 * Fills the ends, with -1 where there is no such topic, partition or leader. Takes over conf and
 * waits at most timeout_ms. 0, or -EIO with a message when nothing is known. The client it makes is
 * left to the end of the process, see source.c: for programs that ask and end.
 */
int ends_ask(struct rd_kafka_conf_s *conf, struct ends_partition *partitions, size_t n,
             int timeout_ms, struct error *error);
