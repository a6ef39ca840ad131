/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The stations of a partition: an open-addressing hash table from id to statistics, kept in the
 * order of first appearance. It is looked up for every record, so it is ours; the hash is xxHash's
 * XXH3 with a seed, so that nobody who names stations can choose them to collide.
 */

#include <stddef.h>
#include <stdint.h>

#include "consumer/windows.h"

struct station {
    char *id; /* terminated; owned by the table */
    uint32_t id_length;
    uint32_t hash;
    struct stats stats;
    struct windows windows;
};

struct stations {
    uint64_t seed;
    size_t n_stations;
    struct station *stations; /* in the order of their first appearance; moves when one is added */
    size_t room;
    uint32_t *slots; /* index into stations + 1; 0: free */
    size_t n_slots;  /* a power of 2, at least twice n_stations */
};

/* The seed should be random; it has no influence on any result. */
void stations_init(struct stations *stations, uint64_t seed);
void stations_fini(struct stations *stations);

/* The station of that id, or NULL. Valid until the next one is added. */
struct station *stations_find(const struct stations *stations, const char *id, size_t length);

/* Adds a station that is not there: 0, the windows having been taken over, or -ENOMEM. */
int stations_add(struct stations *stations, const char *id, size_t length,
                 const struct stats *stats, const struct windows *windows);
