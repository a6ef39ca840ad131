/* SPDX-License-Identifier: MIT */

/* The table of stations: linear probing at a load of at most one half. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "record/stations.h"

#define SLOTS_MIN 64

void
stations_init(struct stations *stations, size_t size, uint64_t seed)
{
    *stations = (struct stations){.size = size, .seed = seed};
}

static struct station_id *
at(const struct stations *stations, size_t index)
{
    return (void *)((char *)stations->elements + index * stations->size);
}

void
stations_fini(struct stations *stations)
{
    for (size_t i = 0; i < stations->n_stations; i++)
        free(at(stations, i)->text);
    free(stations->elements);
    free(stations->slots);
}

static uint32_t
hash_id(const struct stations *stations, const char *id, size_t length)
{
    return (uint32_t)XXH3_64bits_withSeed(id, length, stations->seed);
}

/* As memcmp() has it, without a call for ids of the usual length. */
static inline bool
is_same(const char *a, const char *b, size_t length)
{
    uint64_t heads[2], tails[2];

    if (length < sizeof(uint64_t) || length > 2 * sizeof(uint64_t))
        return memcmp(a, b, length) == 0;
    memcpy(&heads[0], a, sizeof(uint64_t));
    memcpy(&heads[1], b, sizeof(uint64_t));
    memcpy(&tails[0], a + length - sizeof(uint64_t), sizeof(uint64_t));
    memcpy(&tails[1], b + length - sizeof(uint64_t), sizeof(uint64_t));
    return heads[0] == heads[1] && tails[0] == tails[1];
}

void *
stations_find(const struct stations *stations, const char *id, size_t length)
{
    uint32_t hash;

    if (stations->n_slots == 0)
        return NULL;
    hash = hash_id(stations, id, length);
    for (size_t i = hash;; i++) {
        uint32_t slot = stations->slots[i & (stations->n_slots - 1)];
        struct station_id *station;

        if (slot == 0)
            return NULL;
        station = at(stations, slot - 1);
        if (station->hash == hash && station->length == length &&
            is_same(station->text, id, length))
            return station;
    }
}

static void
occupy_slot(struct stations *stations, size_t index)
{
    size_t i = at(stations, index)->hash;

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
        void *larger = reallocarray(stations->elements, room, stations->size);

        if (!larger)
            return -ENOMEM;
        stations->elements = larger;
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

void *
stations_add(struct stations *stations, const char *id, size_t length)
{
    struct station_id *station;
    char *copy;

    if (grow(stations) < 0)
        return NULL;
    copy = malloc(length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, id, length);
    copy[length] = '\0';
    station = at(stations, stations->n_stations);
    memset(station, 0, stations->size);
    *station = (struct station_id){
        .text = copy,
        .length = (uint32_t)length,
        .hash = hash_id(stations, id, length),
    };
    occupy_slot(stations, stations->n_stations++);
    return station;
}

bool
stations_is_reserved(const char *id, size_t length)
{
    return (length == 6 && memcmp(id, "offset", 6) == 0) ||
           (length == 9 && memcmp(id, "partition", 9) == 0);
}

int
stations_check_id(const struct report *report, struct error *error)
{
    if (report_check(report, error) < 0)
        return -EINVAL;
    if (stations_is_reserved(report->station, report->station_length))
        return error_set(error, -EINVAL,
                         "a station can't be called \"%.*s\", which is a key of the file itself",
                         (int)report->station_length, report->station);
    return 0;
}

int
stations_check_room(const struct stations *stations, int64_t max, const struct report *report,
                    struct error *error)
{
    if ((int64_t)stations->n_stations < max)
        return 0;
    return error_set(error, -EINVAL,
                     "a new station, \"%.*s\", beside %zu others; raise max_stations",
                     (int)report->station_length, report->station, stations->n_stations);
}
