/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How far a producer has come: all reports before the position have been acknowledged by the
 * brokers. Kept in producer.json; a producer that was killed goes on from there, and sends at most
 * what was not yet covered a second time.
 *
 * The file also lists the topics that it covers: those that may hold reports of this producer, and
 * that it must therefore never delete. A topic is listed, durably, before the first report goes to
 * it, and stays listed until the position is forgotten.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct position {
    uint64_t days;    /* complete ones */
    uint64_t reports; /* of the day after them */
};

#define POSITION_FILE       "producer.json"
#define POSITION_TOPICS_MAX 5000

struct position_file {
    int directory;    /* borrowed */
    const char *feed; /* borrowed; a position in another feed is none in this one */
    bool covers_all;  /* it was written by a version that listed no topics */
    size_t n_topics;
    char **topics;
};

/* directory and feed are given; to be loaded, or begun anew. Release with position_file_fini(). */
void position_file_init(struct position_file *file, int directory, const char *feed);
void position_file_fini(struct position_file *file);

/*
 * Loads it: 0; POSITION_E_NONE when there is no file; POSITION_E_CORRUPT with a message, also when
 * it is of another feed; a negative errno with a message.
 */
enum { POSITION_E_NONE = 1, POSITION_E_CORRUPT = 2 };
int position_load(struct position_file *file, struct position *position, struct error *error);

/* Writes it durably: 0; CHECKPOINT_E_GONE or a negative errno, with a message. */
int position_store(const struct position_file *file, const struct position *position,
                   struct error *error);

/*
 * Removes the file, whatever it is, and covers no topic any more. 0 once that is durable, also when
 * there was none, and *removedp; or a negative errno with a message.
 */
int position_forget(struct position_file *file, bool *removedp, struct error *error);

/* Whether it covers a topic. */
bool position_covers(const struct position_file *file, const char *topic);

/*
 * Lists a topic, from the next position_store() on. 0, also when it is listed already; or -ENOMEM
 * or -E2BIG with a message.
 */
int position_cover(struct position_file *file, const char *topic, struct error *error);

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
