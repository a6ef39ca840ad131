/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/changes.h"

#define ROOM_MIN 64

void
changes_fini(struct changes *changes)
{
    free(changes->changed);
    free(changes->places);
    *changes = (struct changes){.room = 0};
}

static int
resize(uint8_t **bytesp, size_t before, size_t after)
{
    uint8_t *bytes = realloc(*bytesp, after);

    if (!bytes)
        return -ENOMEM;
    memset(bytes + before, 0, after - before);
    *bytesp = bytes;
    return 0;
}

int
changes_reserve(struct changes *changes, size_t n_stations)
{
    size_t room = changes->room ? changes->room : ROOM_MIN;

    if (n_stations <= changes->room)
        return 0;
    while (room < n_stations)
        room *= 2;
    if (resize(&changes->changed, changes->room, room) < 0 ||
        resize(&changes->places, changes->room, room) < 0)
        return -ENOMEM;
    changes->room = room;
    return 0;
}

void
changes_mark_all(struct changes *changes, size_t n_stations)
{
    for (size_t i = 0; i < n_stations; i++)
        changes_mark(changes, i);
}

size_t
changes_next(const struct changes *changes, size_t from)
{
    const uint8_t *found =
        from < changes->room ? memchr(changes->changed + from, 1, changes->room - from) : NULL;

    return found ? (size_t)(found - changes->changed) : CHANGES_NONE;
}
