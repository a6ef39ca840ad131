/* SPDX-License-Identifier: MIT */

/* The table of stations: linear probing at a load of at most one half. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "consumer/stations.h"

#define SLOTS_MIN 64

void
stations_init(struct stations *stations, uint64_t seed)
{
    *stations = (struct stations){.seed = seed};
}

void
stations_fini(struct stations *stations)
{
    for (size_t i = 0; i < stations->n_stations; i++) {
        free(stations->stations[i].id);
        windows_fini(&stations->stations[i].windows);
    }
    free(stations->stations);
    free(stations->slots);
}

static uint32_t
hash_id(const struct stations *stations, const char *id, size_t length)
{
    return (uint32_t)XXH3_64bits_withSeed(id, length, stations->seed);
}

struct station *
stations_find(const struct stations *stations, const char *id, size_t length)
{
    uint32_t hash;

    if (stations->n_slots == 0)
        return NULL;
    hash = hash_id(stations, id, length);
    for (size_t i = hash;; i++) {
        uint32_t slot = stations->slots[i & (stations->n_slots - 1)];
        struct station *station;

        if (slot == 0)
            return NULL;
        station = &stations->stations[slot - 1];
        if (station->hash == hash && station->id_length == length &&
            memcmp(station->id, id, length) == 0)
            return station;
    }
}

static void
occupy_slot(struct stations *stations, size_t index)
{
    size_t i = stations->stations[index].hash;

    while (stations->slots[i & (stations->n_slots - 1)] != 0)
        i++;
    stations->slots[i & (stations->n_slots - 1)] = (uint32_t)index + 1;
}

/* Makes room for one more station. */
static int
grow(struct stations *stations)
{
    size_t n_slots = stations->n_slots ? stations->n_slots * 2 : SLOTS_MIN;
    uint32_t *slots;

    if (stations->n_stations == stations->room) {
        size_t room = stations->room ? stations->room * 2 : SLOTS_MIN / 2;
        struct station *larger = reallocarray(stations->stations, room, sizeof(*larger));

        if (!larger)
            return -ENOMEM;
        stations->stations = larger;
        stations->room = room;
    }
    if ((stations->n_stations + 1) * 2 <= stations->n_slots)
        return 0;
    slots = calloc(n_slots, sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    free(stations->slots);
    stations->slots = slots;
    stations->n_slots = n_slots;
    for (size_t i = 0; i < stations->n_stations; i++)
        occupy_slot(stations, i);
    return 0;
}

int
stations_add(struct stations *stations, const char *id, size_t length, const struct stats *stats,
             const struct windows *windows)
{
    struct station *station;
    char *copy;
    int result = grow(stations);

    if (result < 0)
        return result;
    copy = malloc(length + 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, id, length);
    copy[length] = '\0';
    station = &stations->stations[stations->n_stations];
    *station = (struct station){
        .id = copy,
        .id_length = (uint32_t)length,
        .hash = hash_id(stations, id, length),
        .stats = *stats,
        .windows = *windows,
    };
    occupy_slot(stations, stations->n_stations++);
    return 0;
}
