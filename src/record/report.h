/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A report as a value: what one station said of one day, whatever the bytes it
 * came in. A view: the station's name lies in the record's own bytes, which
 * must outlive the report.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/moment.h"

#define REPORT_STATION_MAX 255 /* bytes */

/* The messages of proto/, which hold the same under other numbers. */
enum report_schema {
    REPORT_SCHEMA_REPORT,
    REPORT_SCHEMA_STATION_REPORT,
};

enum report_rain {
    REPORT_RAIN_UNKNOWN,
    REPORT_DRY,
    REPORT_RAINING,
};

struct report {
    const char *station; /* not terminated; never NULL */
    size_t station_length;
    int32_t date; /* see common/date.h */
    double degrees;
    enum report_rain rain;
    struct moment
        time; /* in place of the date, where its form is not 0: of records that have times */
};

/* When it was. */
static inline struct moment
report_moment(const struct report *report)
{
    return __builtin_expect(report->time.form == 0, 1) ? moment_of_date(report->date)
                                                       : report->time;
}

/*
 * Whether station and degrees are what a report may hold (the date cannot be wrong once it is a
 * number): 0, or -EINVAL with the reason.
 */
int report_check(const struct report *report, struct error *error);

/* The station's id as text, terminated; "": report is NULL, or the id is no text. */
void report_copy_station(const struct report *report, char station[REPORT_STATION_MAX + 1]);

/*
 * What a message shows of bytes that may not be text: at most the first 48, terminated. Everything
 * but printable ASCII becomes \xNN, and a backslash is doubled so that the two can be told apart.
 */
#define REPORT_SHOWN_SIZE (4 * 48 + 4)
void report_show(const char *text, size_t length, char shown[REPORT_SHOWN_SIZE]);
