/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which stations of a partition have changed since they were last asked for, by their place in its
 * table of stations. To mark one is on the path of every record; a byte a station, so that the next
 * one is found by memchr().
 */

#include <stddef.h>
#include <stdint.h>

#define CHANGES_NONE SIZE_MAX

/* Whether other partitions of the topic have the station, too. */
enum changes_place { CHANGES_UNKNOWN, CHANGES_ALONE, CHANGES_SHARED };

struct changes {
    size_t n_changed;
    uint8_t *changed; /* 0 or 1 */
    uint8_t *places;  /* enum changes_place: for the owner to know */
    size_t room;
};

/* Starts from zeroed memory, too. */
void changes_fini(struct changes *changes);

/* Makes room for so many stations: 0 or -ENOMEM. New ones are not changed. */
int changes_reserve(struct changes *changes, size_t n_stations);

/* There must be room for it. On the path of every record. */
static inline void
changes_mark(struct changes *changes, size_t index)
{
    changes->n_changed += !changes->changed[index];
    changes->changed[index] = 1;
}

static inline void
changes_clear(struct changes *changes, size_t index)
{
    changes->n_changed -= changes->changed[index];
    changes->changed[index] = 0;
}

/* Marks the first n_stations. */
void changes_mark_all(struct changes *changes, size_t n_stations);

/* The first changed one from this index on, or CHANGES_NONE. */
size_t changes_next(const struct changes *changes, size_t from);
