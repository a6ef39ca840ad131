/* SPDX-License-Identifier: MIT */

/* Which window a time lies in, and the few that a station has, looked through from the newest. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consumer/windows.h"

#define DAY        INT64_C(86400) /* in seconds */
#define NAME_MONTH 7              /* bytes of "2000-01" */
#define NAME_YEAR  4

int64_t
window_length(const struct window_rule *rule)
{
    switch (rule->kind) {
    case WINDOW_DAY:
        return DAY;
    case WINDOW_MONTH:
        return 31 * DAY;
    case WINDOW_YEAR:
        return 366 * DAY;
    default:
        return rule->span;
    }
}

static int64_t
seconds_of(struct date_civil civil)
{
    return date_from_civil(civil) * DAY;
}

struct date_civil
window_civil(int64_t seconds)
{
    return date_to_civil(moment_date((struct moment){.seconds = seconds}));
}

/* To a multiple of the unit, downwards also before 1970, but not beyond the first year. */
static int64_t
round_down(int64_t seconds, int64_t unit)
{
    int64_t rest = seconds % unit;

    seconds -= rest < 0 ? rest + unit : rest;
    return seconds < DATE_MIN * DAY ? DATE_MIN * DAY : seconds;
}

int64_t
window_begin(const struct window_rule *rule, int64_t seconds)
{
    struct date_civil civil;

    if (rule->kind != WINDOW_MONTH && rule->kind != WINDOW_YEAR)
        return window_length(rule) == 0 ? seconds : round_down(seconds, window_length(rule));
    civil = window_civil(seconds);
    civil.day = 1;
    if (rule->kind == WINDOW_YEAR)
        civil.month = 1;
    return seconds_of(civil);
}

int64_t
window_end(const struct window_rule *rule, int64_t begin)
{
    struct date_civil civil;

    if (rule->kind != WINDOW_MONTH && rule->kind != WINDOW_YEAR)
        return begin + window_length(rule);
    civil = window_civil(begin);
    if (rule->kind == WINDOW_YEAR || civil.month == 12) {
        civil.month = 1;
        civil.year++;
    } else {
        civil.month++;
    }
    /* After the last year that there is none begins. */
    return civil.year > 9999 ? (DATE_MAX + 1) * DAY : seconds_of(civil);
}

bool
window_holds(const struct window_rule *rule, int64_t begin, int64_t seconds)
{
    return window_length(rule) == 0 ? seconds >= begin : window_begin(rule, seconds) == begin;
}

void
window_format(const struct window_rule *rule, int64_t begin, char name[WINDOW_NAME_SIZE])
{
    char date[DATE_LENGTH + 1];
    int64_t in_day = begin - round_down(begin, DAY);

    date_format(moment_date((struct moment){.seconds = begin}), date);
    switch (rule->kind) {
    case WINDOW_MONTH:
        snprintf(name, WINDOW_NAME_SIZE, "%.*s", NAME_MONTH, date);
        break;
    case WINDOW_YEAR:
        snprintf(name, WINDOW_NAME_SIZE, "%.*s", NAME_YEAR, date);
        break;
    case WINDOW_SPAN:
        snprintf(name, WINDOW_NAME_SIZE, "%sT%02d:%02d:%02dZ", date, (int)(in_day / 3600),
                 (int)(in_day / 60 % 60), (int)(in_day % 60));
        break;
    default:
        snprintf(name, WINDOW_NAME_SIZE, "%s", date);
        break;
    }
}

/* What is written of it again must be the same, so there is one way to write it. */
int
window_parse(const struct window_rule *rule, const char *name, int64_t *beginp, struct error *error)
{
    static const char first[] = "0000-01-01";
    char text[MOMENT_SIZE], again[WINDOW_NAME_SIZE];
    size_t length = strlen(name);
    struct moment moment;

    if (length < sizeof(text)) {
        strcpy(text, name);
        if (rule->kind == WINDOW_MONTH || rule->kind == WINDOW_YEAR)
            strcpy(text + length, first + (length < DATE_LENGTH ? length : DATE_LENGTH));
        if (moment_parse(MOMENT_ANY, text, strlen(text), &moment)) {
            *beginp = window_begin(rule, moment.seconds);
            window_format(rule, *beginp, again);
            if (strcmp(again, name) == 0)
                return 0;
        }
    }
    return error_set(error, -EINVAL,
                     "\"%.100s\" is no window as it is set; set window as it was when the file was "
                     "written",
                     name);
}

struct window_rule
window_guess(const char *name)
{
    switch (strlen(name)) {
    case NAME_YEAR:
        return (struct window_rule){.kind = WINDOW_YEAR};
    case NAME_MONTH:
        return (struct window_rule){.kind = WINDOW_MONTH};
    case DATE_LENGTH:
        return (struct window_rule){.kind = WINDOW_DAY};
    default:
        return (struct window_rule){.kind = WINDOW_SPAN};
    }
}

struct station_window *
windows_find(const struct windows *windows, int64_t begin)
{
    for (size_t i = windows->n_windows; i > 0; i--)
        if (windows->windows[i - 1].begin == begin)
            return &windows->windows[i - 1];
    return NULL;
}

int
windows_reserve(struct windows *windows)
{
    size_t room = windows->room ? windows->room * 2 : 2;
    struct station_window *larger;

    if (windows->n_windows < windows->room)
        return 0;
    larger = reallocarray(windows->windows, room, sizeof(*larger));
    if (!larger)
        return -ENOMEM;
    windows->windows = larger;
    windows->room = room;
    return 0;
}

void
windows_add(struct windows *windows, int64_t begin, const struct stats *stats)
{
    windows->windows[windows->n_windows++] =
        (struct station_window){.begin = begin, .stats = *stats};
}

void
windows_drop(struct windows *windows, const struct window_rule *rule, int64_t latest)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < windows->n_windows; i++)
        if (!window_is_closed(rule, windows->windows[i].begin, latest - rule->keep))
            windows->windows[n_kept++] = windows->windows[i];
    windows->n_windows = n_kept;
}

void
windows_fini(struct windows *windows)
{
    free(windows->windows);
    *windows = (struct windows){.n_windows = 0};
}
