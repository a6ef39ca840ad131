/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The stations of a partition: an open-addressing hash table from id to whatever is known of a
 * station, kept in the order of first appearance. It is looked up for every record, so it is ours;
 * the hash is xxHash's XXH3 with a seed, so that nobody who names stations can choose them to
 * collide.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/report.h"

/* What each element of the table begins with; what follows is its user's. */
struct station_id {
    char *text; /* terminated; owned by the table */
    uint32_t length;
    uint32_t hash;
};

struct stations {
    uint64_t seed;
    size_t size; /* bytes of an element */
    size_t n_stations;
    void *elements; /* in the order of their first appearance; move when one is added */
    size_t room;
    uint32_t *slots; /* index of an element + 1; 0: free */
    size_t n_slots;  /* a power of 2, at least twice n_stations */
};

/* The seed should be random; it has no influence on any result. */
void stations_init(struct stations *stations, size_t size, uint64_t seed);
void stations_fini(struct stations *stations);

/* The station of that id, or NULL. Valid until the next one is added. */
void *stations_find(const struct stations *stations, const char *id, size_t length);

/* Adds a station that is not there, all zero but for its id; NULL when there is no memory. */
void *stations_add(struct stations *stations, const char *id, size_t length);

/* Whether this is a key of partition-N.json itself, which no station can be called. */
bool stations_is_reserved(const char *id, size_t length);

/* Whether a station can be called so, and has room among at most max: 0, or -EINVAL with a message. */
int stations_check_id(const struct report *report, struct error *error);
int stations_check_room(const struct stations *stations, int64_t max, const struct report *report,
                        struct error *error);
