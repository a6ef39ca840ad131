/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Windows: the same statistics once more for each stretch of a station's time, by the time that its
 * reports tell (tumbling: each report lies in exactly one). How far a station's time has come is its
 * own latest report, so that what becomes of a report depends on the order of the records alone.
 *
 * A window is open until the station is grace beyond its end, takes no more after that, and is
 * dropped another keep later. So a station never has more than WINDOWS_MAX and two of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "consumer/stats.h"

#define WINDOWS_MAX 10000

/* In UTC. ANY: it is not known, see window_guess(). */
enum window_kind { WINDOW_NONE, WINDOW_DAY, WINDOW_MONTH, WINDOW_YEAR, WINDOW_SPAN, WINDOW_ANY };

struct window_rule {
    enum window_kind kind;
    int64_t span; /* of WINDOW_SPAN, counted from 1970, 0: not known; all in seconds */
    int64_t grace;
    int64_t keep;
};

struct station_window {
    int64_t begin; /* seconds since 1970 */
    struct stats stats;
};

/* In the order of their first reports; zero-initialised it has none. */
struct windows {
    size_t n_windows;
    size_t room;
    struct station_window *windows;
};

/* The longest that a window of the rule is. */
int64_t window_length(const struct window_rule *rule);

/* The day, in UTC, of a time: of that at which a month's or year's window begins it says which. */
struct date_civil window_civil(int64_t seconds);

/* Where the window of a time begins, and where the one that begins there ends. */
int64_t window_begin(const struct window_rule *rule, int64_t seconds);
int64_t window_end(const struct window_rule *rule, int64_t begin);

/* Whether a time lies in the window that begins there; with a span that is not known, not before it. */
bool window_holds(const struct window_rule *rule, int64_t begin, int64_t seconds);

/* Whether a station that has come as far as latest takes no more reports into it. */
static inline bool
window_is_closed(const struct window_rule *rule, int64_t begin, int64_t latest)
{
    return window_end(rule, begin) + rule->grace <= latest;
}

/*
 * Its name in the file: "2000-01-01", "2000-01", "2000" or, of a span, its beginning,
 * "2000-01-01T12:00:00Z". Back: 0, or -EINVAL with a message when no window of the rule is called
 * so.
 */
#define WINDOW_NAME_SIZE MOMENT_SIZE
void window_format(const struct window_rule *rule, int64_t begin, char name[WINDOW_NAME_SIZE]);
int window_parse(const struct window_rule *rule, const char *name, int64_t *beginp,
                 struct error *error);

/* What the rule must have been that gave a window its name, as far as that can be known. */
struct window_rule window_guess(const char *name);

/* The window that begins there, or NULL. Valid until one is added or dropped. */
struct station_window *windows_find(const struct windows *windows, int64_t begin);

/* Makes room for one more: 0 or -ENOMEM. Then one can be added, of a beginning that none has. */
int windows_reserve(struct windows *windows);
void windows_add(struct windows *windows, int64_t begin, const struct stats *stats);

/* Drops those whose time is over for a station that has come as far as latest. */
void windows_drop(struct windows *windows, const struct window_rule *rule, int64_t latest);

void windows_fini(struct windows *windows);
