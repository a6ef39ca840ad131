/* SPDX-License-Identifier: MIT */

/* Counting, summing, and the days of the extremes: the first on which each was met. */

#include <math.h>

#include "consumer/stats.h"

/* Negative zero becomes zero, as it would on the way through JSON, where "-0" is an integer. */
static double
normalise(double degrees)
{
    return degrees + 0.0;
}

struct stats
stats_first(const struct report *report)
{
    double degrees = normalise(report->degrees);

    return (struct stats){
        .count = 1,
        .sum = degrees,
        .min = degrees,
        .max = degrees,
        .start = report->date,
        .end = report->date,
        .min_date = report->date,
        .max_date = report->date,
        .has_extremes = true,
    };
}

bool
stats_add(struct stats *stats, const struct report *report)
{
    double degrees = normalise(report->degrees), sum = stats->sum + degrees;

    if (!isfinite(sum))
        return false;
    stats->count++;
    stats->sum = sum;
    if (report->date < stats->start)
        stats->start = report->date;
    if (report->date > stats->end)
        stats->end = report->date;
    /* Without extremes of the earlier reports, those of the later ones would be a lie. */
    if (stats->has_extremes && degrees < stats->min) {
        stats->min = degrees;
        stats->min_date = report->date;
    }
    if (stats->has_extremes && degrees > stats->max) {
        stats->max = degrees;
        stats->max_date = report->date;
    }
    return true;
}
