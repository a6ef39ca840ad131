/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Invalid records, copied to the topic that invalid_topic names, as Kafka Connect copies its own:
 * key, value, headers and time as they were, and headers that say where the record was and what is
 * wrong with it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "stream/sink.h"
#include "stream/source.h"

struct dead_letter {
    const char *topic; /* where the record was */
    int32_t partition;
    const struct source *source;
    const struct source_record *record; /* taken from it and not released */
    bool undecodable;                   /* rather than decoded, and impossible */
    const char *reason;
};

/* Its copy, to be sent while the record lives. 0 or -ENOMEM; the headers are to be freed in either case. */
int dead_letter_fill(const struct dead_letter *letter, struct sink_message *message);
