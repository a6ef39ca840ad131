/* SPDX-License-Identifier: MIT */

/*
 * Beside the instant a moment keeps what RFC 3339 leaves to the writer: the separator, how many
 * digits a second's fraction has, and the zone, in whose time the text stands.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/moment.h"

#define DAY          INT64_C(86400) /* in seconds */
#define SECONDS_MIN  (DATE_MIN * DAY)
#define SECONDS_MAX  ((DATE_MAX + INT64_C(1)) * DAY - 1)
#define NANOSECOND   UINT32_C(1000000000)
#define DIGITS_MAX   9 /* of a fraction */
#define ZONE_MINUTES (24 * 60)

/* The parts of form. */
enum zone { ZONE_Z, ZONE_LOWER_Z, ZONE_PLUS, ZONE_MINUS };
#define FORM(kind, separator, zone, digits, minutes)                                               \
    ((uint32_t)(kind) | (uint32_t)(separator) << 2 | (uint32_t)(zone) << 4 |                       \
     (uint32_t)(digits) << 6 | (uint32_t)(minutes) << 10)
#define FORM_KIND(form)      ((enum moment_kind)((form)&3))
#define FORM_SEPARATOR(form) ((form) >> 2 & 3)
#define FORM_ZONE(form)      ((enum zone)((form) >> 4 & 3))
#define FORM_DIGITS(form)    ((form) >> 6 & 15)
#define FORM_MINUTES(form)   ((int)((form) >> 10))

static const char separators[] = "Tt ", zones[] = "Zz+-";

/* Days before 1970 are counted down, not towards zero. */
static int64_t
day_of(int64_t seconds)
{
    return seconds >= 0 ? seconds / DAY : -((-seconds + DAY - 1) / DAY);
}

int32_t
moment_date(struct moment moment)
{
    int64_t day = day_of(moment.seconds);

    /* With a zone the instant may lie a day beyond the years that a date has. */
    return (int32_t)(day < DATE_MIN ? DATE_MIN : day > DATE_MAX ? DATE_MAX : day);
}

/* ---- RFC 3339 ---- */

struct cursor {
    const char *at, *end;
};

/* Two digits, at most max, before the byte behind them, which is taken as well where it is not NUL. */
static bool
take_pair(struct cursor *cursor, int max, char behind, int *valuep)
{
    if (cursor->end - cursor->at < 2 + (behind != '\0') || cursor->at[0] < '0' ||
        cursor->at[0] > '9' || cursor->at[1] < '0' || cursor->at[1] > '9' ||
        (behind && cursor->at[2] != behind))
        return false;
    *valuep = (cursor->at[0] - '0') * 10 + cursor->at[1] - '0';
    cursor->at += 2 + (behind != '\0');
    return *valuep <= max;
}

/* Which byte of a set stands there, -1 for none of them. */
static int
take_one_of(struct cursor *cursor, const char *set)
{
    const char *found = cursor->at < cursor->end && *cursor->at ? strchr(set, *cursor->at) : NULL;

    cursor->at += found != NULL;
    return found ? (int)(found - set) : -1;
}

static bool
take_fraction(struct cursor *cursor, unsigned *digitsp, uint32_t *nanosecondsp)
{
    uint32_t unit = NANOSECOND;

    *digitsp = 0;
    *nanosecondsp = 0;
    if (take_one_of(cursor, ".") < 0)
        return true;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++) {
        if (++*digitsp > DIGITS_MAX)
            return false;
        unit /= 10;
        *nanosecondsp += (uint32_t)(*cursor->at - '0') * unit;
    }
    return *digitsp > 0;
}

static bool
parse_rfc3339(const char *text, size_t length, struct moment *momentp)
{
    struct cursor cursor = {text + DATE_LENGTH, text + length};
    int separator, hour, minute, second, zone, zone_hours = 0, zone_minutes = 0;
    unsigned digits;
    uint32_t nanoseconds;
    int32_t date;

    if (length < DATE_LENGTH || !date_parse(text, DATE_LENGTH, &date))
        return false;
    separator = take_one_of(&cursor, separators);
    if (separator < 0 || !take_pair(&cursor, 23, ':', &hour) ||
        !take_pair(&cursor, 59, ':', &minute) || !take_pair(&cursor, 59, '\0', &second) ||
        !take_fraction(&cursor, &digits, &nanoseconds))
        return false;
    zone = take_one_of(&cursor, zones);
    if (zone < 0 || (zone >= ZONE_PLUS && (!take_pair(&cursor, 23, ':', &zone_hours) ||
                                           !take_pair(&cursor, 59, '\0', &zone_minutes))))
        return false;
    zone_minutes += zone_hours * 60;
    *momentp = (struct moment){
        .seconds = date * DAY + hour * 3600 + minute * 60 + second -
                   (zone == ZONE_MINUS ? -zone_minutes : zone_minutes) * 60,
        .nanoseconds = nanoseconds,
        .form = FORM(MOMENT_RFC3339, separator, zone, digits, zone_minutes),
    };
    return cursor.at == cursor.end;
}

static void
format_rfc3339(struct moment moment, char text[MOMENT_SIZE])
{
    int minutes = FORM_MINUTES(moment.form);
    enum zone zone = FORM_ZONE(moment.form);
    int64_t local = moment.seconds + (zone == ZONE_MINUS ? -minutes : minutes) * 60;
    int64_t day = day_of(local), in_day = local - day * DAY;
    char fraction[DIGITS_MAX + 2] = "", *at = text;

    date_format((int32_t)day, at);
    at += DATE_LENGTH;
    at += sprintf(at, "%c%02d:%02d:%02d", separators[FORM_SEPARATOR(moment.form)],
                  (int)(in_day / 3600), (int)(in_day / 60 % 60), (int)(in_day % 60));
    if (FORM_DIGITS(moment.form) > 0) {
        snprintf(fraction, sizeof(fraction), ".%09" PRIu32, moment.nanoseconds % NANOSECOND);
        at += sprintf(at, "%.*s", 1 + (int)FORM_DIGITS(moment.form), fraction);
    }
    at += sprintf(at, "%c", zones[zone]);
    if (zone >= ZONE_PLUS)
        sprintf(at, "%02d:%02d", minutes / 60 % 24, minutes % 60);
}

/* ---- all kinds ---- */

bool
moment_parse(enum moment_kind kind, const char *text, size_t length, struct moment *momentp)
{
    struct moment moment;
    int32_t date;

    if (kind == MOMENT_ANY)
        kind = length == DATE_LENGTH ? MOMENT_DATE : MOMENT_RFC3339;
    if (kind == MOMENT_DATE && date_parse(text, length, &date)) {
        *momentp = moment_of_date(date);
        return true;
    }
    if (kind != MOMENT_RFC3339 || !parse_rfc3339(text, length, &moment))
        return false;
    *momentp = moment;
    return true;
}

bool
moment_from_number(enum moment_kind kind, int64_t number, struct moment *momentp)
{
    int64_t unit = kind == MOMENT_EPOCH_MS ? 1000 : 1;
    /* What is not known to be seconds may be milliseconds; it is kept as it is. */
    int64_t scale = kind == MOMENT_EPOCH ? 1 : 1000;
    int64_t seconds;

    if (kind == MOMENT_DATE || kind == MOMENT_RFC3339 || number < SECONDS_MIN * scale ||
        number > SECONDS_MAX * scale + scale - 1)
        return false;
    seconds = number / unit - (number % unit < 0);
    *momentp = (struct moment){
        .seconds = seconds,
        .nanoseconds = (uint32_t)(number - seconds * unit) * (NANOSECOND / 1000),
        .form = FORM(kind == MOMENT_EPOCH_MS ? kind : MOMENT_EPOCH, 0, 0, 0, 0),
    };
    return true;
}

bool
moment_is_number(struct moment moment, int64_t *numberp)
{
    enum moment_kind kind = FORM_KIND(moment.form);

    *numberp = moment.seconds;
    if (kind == MOMENT_EPOCH_MS)
        *numberp = moment.seconds * 1000 + moment.nanoseconds / (NANOSECOND / 1000);
    return kind == MOMENT_EPOCH || kind == MOMENT_EPOCH_MS;
}

void
moment_format(struct moment moment, char text[MOMENT_SIZE])
{
    int64_t number;

    if (moment_is_number(moment, &number))
        snprintf(text, MOMENT_SIZE, "%" PRId64, number);
    else if (FORM_KIND(moment.form) == MOMENT_RFC3339)
        format_rfc3339(moment, text);
    else
        date_format(moment_date(moment), text);
}

enum moment_kind
moment_look(struct moment moment)
{
    enum moment_kind kind = FORM_KIND(moment.form);

    return kind == MOMENT_DATE || kind == MOMENT_RFC3339 ? kind : MOMENT_NUMBER;
}

const char *
moment_kind_name(enum moment_kind kind)
{
    static const char *const names[] = {"date", "rfc3339", "epoch", "epoch_ms"};

    return names[kind];
}

const char *
moment_describe(enum moment_kind kind)
{
    static const char *const descriptions[] = {
        [MOMENT_DATE] = "a date that exists, as YYYY-MM-DD",
        [MOMENT_RFC3339] = "a time with its zone, as 2000-01-01T12:00:00Z",
        [MOMENT_EPOCH] = "an integer, the seconds since 1970 up to the year 9999",
        [MOMENT_EPOCH_MS] = "an integer, the milliseconds since 1970 up to the year 9999",
        [MOMENT_NUMBER] = "an integer, the seconds or milliseconds since 1970",
        [MOMENT_ANY] = "a date or time",
    };

    return descriptions[kind];
}
