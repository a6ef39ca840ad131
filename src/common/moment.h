/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * When something happened, as records of any kind say it: a date, a date and time of RFC 3339, or
 * seconds or milliseconds since 1970. Moments compare as instants, whatever they look like, and are
 * written again exactly as they were read.
 *
 * Years 0001 to 9999. A leap second (:60) is no moment, nor are fractions of a second finer than a
 * nanosecond.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/date.h"

/* In the order of date_format's words. */
enum moment_kind {
    MOMENT_DATE,     /* 2000-01-01; its instant is its beginning, in UTC */
    MOMENT_RFC3339,  /* 2000-01-01T12:00:00.5+01:00; a blank or "t" for the "T", "z" for "Z" too */
    MOMENT_EPOCH,    /* a number: 946684800 */
    MOMENT_EPOCH_MS, /* a number: 946684800000 */
    MOMENT_NUMBER,   /* of moment_from_number(): seconds or milliseconds, it is not known which */
    MOMENT_ANY,      /* of both functions: what it is follows from how it looks */
};

struct moment {
    int64_t seconds; /* since 1970-01-01T00:00:00Z */
    uint32_t nanoseconds;
    uint32_t form; /* moment.c's own: how it is written; 0 for a date */
};

#define MOMENT_SIZE 40 /* bytes of any moment as text, with a terminating zero */

static inline struct moment
moment_of_date(int32_t date)
{
    return (struct moment){.seconds = date * INT64_C(86400)};
}

static inline bool
moment_is_before(struct moment a, struct moment b)
{
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.nanoseconds < b.nanoseconds;
}

static inline bool
moment_is_same(struct moment a, struct moment b)
{
    return a.seconds == b.seconds && a.nanoseconds == b.nanoseconds;
}

/* The date on which it is in UTC. */
int32_t moment_date(struct moment moment);

/* Reads exactly the length bytes of a date or of RFC 3339. False, and nothing set, when they are no such moment. */
bool moment_parse(enum moment_kind kind, const char *text, size_t length, struct moment *momentp);

/* Takes a number of seconds or milliseconds. False, and nothing set, when it is in no year from 0001 to 9999. */
bool moment_from_number(enum moment_kind kind, int64_t number, struct moment *momentp);

/* Whether it is written as a number, and that number. */
bool moment_is_number(struct moment moment, int64_t *numberp);

/* Writes it as it was read. */
void moment_format(struct moment moment, char text[MOMENT_SIZE]);

/* What it looks like: DATE, RFC3339 or NUMBER. */
enum moment_kind moment_look(struct moment moment);

/* Its word in date_format; of the first four. */
const char *moment_kind_name(enum moment_kind kind);

/* What a text or number of that kind must be, for messages: "a date that exists, as YYYY-MM-DD". */
const char *moment_describe(enum moment_kind kind);
