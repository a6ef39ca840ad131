/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How far a producer has come: all reports before the position have been acknowledged by the
 * brokers. Kept in producer.json; a producer that was killed goes on from there, and sends at most
 * what was not yet covered a second time.
 */

#include <stdint.h>

#include "common/error.h"

struct position {
    uint64_t days;    /* complete ones */
    uint64_t reports; /* of the day after them */
};

/*
 * Loads it from the directory: 0; POSITION_E_NONE when there is no file; POSITION_E_CORRUPT with a
 * message, also when it is of another feed than the one described; a negative errno with a message.
 */
enum { POSITION_E_NONE = 1, POSITION_E_CORRUPT = 2 };
int position_load(struct position *position, int directory, const char *feed, struct error *error);

/* Writes it durably: 0, or a negative errno with a message. */
int position_store(const struct position *position, int directory, const char *feed,
                   struct error *error);

#define POSITION_FILE "producer.json"

/*
 * The reports that have been sent and not all been acknowledged, in the order of the feed.
 * Acknowledgements come in any order; the position moves only over the unbroken row of them.
 */
#define WINDOW_SIZE 65536 /* reports; a power of 2 */

struct window {
    uint64_t first;                /* number of the first report that is not acknowledged */
    uint64_t next;                 /* number of the next report to be sent */
    uint16_t pending[WINDOW_SIZE]; /* messages on their way, by report */
};

/*
 * A report takes its place, to be acknowledged n_messages times. The window must not be full.
 * Returns its number.
 */
uint64_t window_open(struct window *window, unsigned n_messages);

/* One message of a report was acknowledged. Returns how many reports the position can move on. */
uint64_t window_acknowledge(struct window *window, uint64_t number);

static inline uint64_t
window_used(const struct window *window)
{
    return window->next - window->first;
}
