/* SPDX-License-Identifier: MIT */

/*
 * Dates by arithmetic. libc has strptime() and timegm(), but they know locales
 * and time zones, take "2000-1-1" and normalise 30 February; and every record
 * has a date, so that reading one must cost a few nanoseconds.
 *
 * Reading adds up all doubts and branches on them once: in a stream of good
 * records that branch is always predicted. Writing counts from 1 March, which
 * puts the leap day at the end of the year, where it disturbs no other month.
 */

#include <string.h>

#include "common/date.h"

#define MONTHS          12
#define DAYS_PER_YEAR   365
#define DAYS_PER_4      1461
#define DAYS_PER_100    36524
#define DAYS_PER_400    146097
#define MARCH_TO_EPOCH  719468 /* days from 0000-03-01 to 1970-01-01 */
#define DAYS_PER_5      153    /* the days of five months in a row, from March or from August on */
#define JANUARY_IN_YEAR 10     /* January's place in a year that begins in March */

struct month {
    uint16_t days_before; /* in a year without a leap day */
    uint16_t days;
};

static const struct month months[MONTHS] = {
    {0, 31},   {31, 28},  {59, 31},  {90, 30},  {120, 31}, {151, 30},
    {181, 31}, {212, 31}, {243, 30}, {273, 31}, {304, 30}, {334, 31},
};

static inline unsigned
is_leap(unsigned year)
{
    /* A multiple of 100 is one of 400 exactly when it is one of 16: two masks and one division. */
    return (year & (year % 100 == 0 ? 15 : 3)) == 0;
}

/* Days from 0001-01-01 to the first of January of the year. */
static inline unsigned
days_before_year(unsigned year)
{
    unsigned past = year - 1;

    return past * DAYS_PER_YEAR + past / 4 - past / 100 + past / 400;
}

/*
 * Whether eight bytes are not of the form "YYYY-MM-", all at once: the exclusive or leaves 0 to 9
 * of a digit and 0 of a dash. Adding 0x76 (0x7f) then carries into the top bit what is more than 9
 * (0), and a top bit that was set stays seen. No byte carries into the next before one is in doubt
 * already, so the byte order does not matter.
 */
static inline uint64_t
doubt_year_month(const char *text)
{
    static const char zero[] = "0000-00-", limit[] = "\x76\x76\x76\x76\x7f\x76\x76\x7f";
    uint64_t bytes, zeros, limits;

    memcpy(&bytes, text, sizeof(bytes));
    memcpy(&zeros, zero, sizeof(zeros));
    memcpy(&limits, limit, sizeof(limits));
    bytes ^= zeros;
    return ((bytes + limits) | bytes) & UINT64_C(0x8080808080808080);
}

static inline unsigned
two_digits(const char *text)
{
    return (unsigned)(unsigned char)text[0] * 10 + (unsigned char)text[1] - '0' * 11;
}

bool
date_parse(const char *text, size_t length, int32_t *datep)
{
    unsigned year, month, day, leap;
    uint64_t doubt;

    if (length != DATE_LENGTH)
        return false;
    year = two_digits(text) * 100 + two_digits(text + 2);
    month = two_digits(text + 5) - 1;
    day = two_digits(text + 8) - 1;
    doubt = doubt_year_month(text);
    doubt |=
        ((unsigned)(unsigned char)text[8] - '0' > 9) | ((unsigned)(unsigned char)text[9] - '0' > 9);
    doubt |= (year == 0) | (month >= MONTHS);
    if (doubt)
        return false;

    leap = is_leap(year);
    if (day >= months[month].days + (leap & (month == 1)))
        return false;
    *datep = DATE_MIN + (int32_t)(days_before_year(year) + months[month].days_before +
                                  (leap & (month > 1)) + day);
    return true;
}

/* Writes the last n_digits decimal digits of value. */
static inline void
put_digits(char *text, int n_digits, int value)
{
    while (n_digits-- > 0) {
        text[n_digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void
date_format(int32_t date, char text[DATE_LENGTH + 1])
{
    struct date_civil civil = date_to_civil(date);

    put_digits(text, 4, civil.year);
    text[4] = '-';
    put_digits(text + 5, 2, civil.month);
    text[7] = '-';
    put_digits(text + 8, 2, civil.day);
    text[DATE_LENGTH] = '\0';
}

struct date_civil
date_to_civil(int32_t date)
{
    /* Never negative: 0000-03-01 lies before DATE_MIN. */
    unsigned days = (unsigned)(date + MARCH_TO_EPOCH);
    unsigned era = days / DAYS_PER_400, in_era = days % DAYS_PER_400;
    /*
     * Without the leap days that passed (one ends each 4 years, none each 100, one the era) it is a
     * plain division.
     */
    unsigned year =
        (in_era - in_era / (DAYS_PER_4 - 1) + in_era / DAYS_PER_100 - in_era / (DAYS_PER_400 - 1)) /
        DAYS_PER_YEAR;
    unsigned in_year = in_era - (year * DAYS_PER_YEAR + year / 4 - year / 100);
    unsigned month = (in_year * 5 + 2) / DAYS_PER_5; /* 0 is March */
    unsigned in_month = in_year - (month * DAYS_PER_5 + 2) / 5;
    bool next = month >= JANUARY_IN_YEAR;

    return (struct date_civil){
        .year = (int)(era * 400 + year + next),
        .month = (int)(next ? month - JANUARY_IN_YEAR + 1 : month + 3),
        .day = (int)(in_month + 1),
    };
}

int32_t
date_from_civil(struct date_civil civil)
{
    unsigned year = (unsigned)civil.year;
    const struct month *month = &months[civil.month - 1];
    unsigned leap = is_leap(year) & (civil.month > 2);

    return DATE_MIN +
           (int32_t)(days_before_year(year) + month->days_before + leap + (unsigned)civil.day - 1);
}

static const char *const month_names[] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December",
};

const char *
date_month_name(int month)
{
    return month_names[month - 1];
}

int
date_month_parse(const char *name)
{
    for (int month = 1; month <= 12; month++)
        if (strcmp(name, month_names[month - 1]) == 0)
            return month;
    return 0;
}
