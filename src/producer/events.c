/* SPDX-License-Identifier: MIT */

/* An event is a hash of its number, a user of theirs, so that any can be had without those before. */

#include <stdio.h>

#include "common/date.h"
#include "producer/draw.h"
#include "producer/events.h"

#define DAY_SECONDS INT64_C(86400)
#define MINUTE      60

/* What a draw is for, besides the events' own numbers. */
#define DRAW_USER    (UINT64_C(1) << 62)
#define DRAW_VISITOR (UINT64_C(2) << 62)
#define DRAW_DETAILS (UINT64_C(3) << 62)

#define USER_IDS 100000000 /* of eight digits */

static int
events_open(void **sourcep, const void *settings, struct error *error)
{
    *sourcep = (void *)settings;
    return 0;
}

static void
events_close(void *source)
{
}

static void
events_describe(const void *source, FILE *file)
{
    const struct events_settings *settings = source;
    char start[DATE_LENGTH + 1];

    date_format(settings->start, start);
    fprintf(file, "events, seed %llu, %lld of each of %lld users, from %s",
            (unsigned long long)settings->seed, (long long)settings->events,
            (long long)settings->users, start);
}

static uint64_t
events_count(const void *source)
{
    const struct events_settings *settings = source;

    return (uint64_t)settings->users * (uint64_t)settings->events;
}

static char
letter(uint64_t drawn)
{
    return (char)('a' + drawn % 26);
}

/* No two users have one id: the factor has no divisor in common with how many ids there are. */
static void
write_user(const struct events_settings *settings, uint64_t user, struct json_writer *writer)
{
    uint64_t drawn = draw_seeded(settings->seed, DRAW_VISITOR + user);
    uint64_t first = draw_seeded(settings->seed, DRAW_USER);
    char id[32];

    snprintf(id, sizeof(id), "%c%08llu", letter(drawn),
             (unsigned long long)((first + user * 38765433) % USER_IDS));
    json_writer_text(writer, "userId", id);
    drawn = draw_mix(drawn);
    snprintf(id, sizeof(id), "%c%c%c%u%c%05u", letter(drawn), letter(drawn >> 8),
             letter(drawn >> 16), (unsigned)(drawn >> 24) % 10, letter(drawn >> 32),
             (unsigned)(drawn >> 40) % 100000);
    json_writer_text(writer, "visitorId", id);
}

/* A UUID of version 4, which is a random one, in the variant of RFC 4122. */
static void
write_id(const struct events_settings *settings, uint64_t number, char *text, size_t size)
{
    uint64_t high = draw_seeded(settings->seed, number), low = draw_mix(high + number);

    snprintf(text, size, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xfff,
             0x8000 | ((unsigned)(low >> 48) & 0x3fff),
             (unsigned long long)(low & UINT64_C(0xffffffffffff)));
}

static void
write_metadata(const struct record_draft *draft, int64_t timestamp, struct json_writer *writer)
{
    json_writer_begin(writer, "metadata", '{');
    json_writer_text(writer, "messageId", draft->key);
    json_writer_integer(writer, "sentAt", timestamp);
    json_writer_integer(writer, "timestamp", timestamp);
    json_writer_integer(writer, "receivedAt", 0);
    json_writer_text(writer, "apiKey", "apikey1");
    json_writer_text(writer, "spaceId", "space1");
    json_writer_text(writer, "version", "v1");
    json_writer_end(writer, '}');
}

static void
events_write(void *source, uint64_t number, int64_t now, struct record_draft *draft)
{
    const struct events_settings *settings = source;
    uint64_t drawn = draw_seeded(settings->seed, DRAW_DETAILS + number);
    int64_t timestamp = settings->start * DAY_SECONDS + (int64_t)(number * MINUTE + drawn % MINUTE);
    struct json_writer *writer = &draft->writer;
    char movie[32];

    draft->key = draft->room;
    write_id(settings, number, draft->room, sizeof(draft->room));
    snprintf(movie, sizeof(movie), "M%06u", (unsigned)(drawn >> 32) % 1000000);
    write_user(settings, number % (uint64_t)settings->users, writer);
    json_writer_text(writer, "type", "Event");
    write_metadata(draft, timestamp, writer);
    json_writer_text(writer, "event", "Played Movie");
    json_writer_begin(writer, "eventData", '{');
    json_writer_text(writer, "MovieID", movie);
    json_writer_end(writer, '}');
}

const struct record_source events_source = {
    .things = "events",
    .open = events_open,
    .close = events_close,
    .describe = events_describe,
    .count = events_count,
    .write = events_write,
};
