/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What is known to be on a summary_topic: all summaries of a partition's checkpoint at an offset have
 * been acknowledged. Kept in ".partition-N.summary" beside the checkpoint. It may be lost or spoilt:
 * then all summaries are sent again, which changes nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct summary_mark {
    int32_t partition;
    const char *topic;  /* they went to */
    const char *fields; /* as they were asked for */
    int64_t offset;     /* of the checkpoint */
};

/* Whether the file in this directory says just that. */
bool summary_mark_is_there(const struct summary_mark *mark, int directory);

/* Has it say nothing, durably as far as possible. */
void summary_mark_remove(int32_t partition, int directory);

/* Replaces the file: 0, or a negative errno with a message. */
int summary_mark_store(const struct summary_mark *mark, int directory, struct error *error);
