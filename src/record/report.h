/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A report as a value: what one station said of one day, whatever the bytes it
 * came in. A view: the station's name lies in the record's own bytes, which
 * must outlive the report.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/date.h"
#include "common/error.h"

#define REPORT_STATION_MAX 255 /* bytes */

enum report_rain {
    REPORT_RAIN_UNKNOWN,
    REPORT_DRY,
    REPORT_RAINING,
};

struct report {
    const char *station; /* not terminated */
    size_t station_length;
    int32_t date; /* see common/date.h */
    double degrees;
    enum report_rain rain;
};

/*
 * Whether station and degrees are what a report may hold (the date cannot be wrong once it is a
 * number): 0, or -EINVAL with the reason.
 */
int report_check(const struct report *report, struct error *error);
