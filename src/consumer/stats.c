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
    struct moment moment = report_moment(report);

    return (struct stats){
        .count = 1,
        .sum = degrees,
        .min = degrees,
        .max = degrees,
        .start = moment,
        .end = moment,
        .min_date = moment,
        .max_date = moment,
        .has_extremes = true,
    };
}

bool
stats_takes(const struct stats *stats, const struct report *report)
{
    return isfinite(stats->sum + report->degrees);
}

bool
stats_add(struct stats *stats, const struct report *report)
{
    double degrees = normalise(report->degrees), sum = stats->sum + degrees;
    struct moment moment = report_moment(report);

    if (!isfinite(sum))
        return false;
    stats->count++;
    stats->sum = sum;
    if (moment_is_before(moment, stats->start))
        stats->start = moment;
    if (moment_is_before(stats->end, moment))
        stats->end = moment;
    /* Without extremes of the earlier reports, those of the later ones would be a lie. */
    if (stats->has_extremes && degrees < stats->min) {
        stats->min = degrees;
        stats->min_date = moment;
    }
    if (stats->has_extremes && degrees > stats->max) {
        stats->max = degrees;
        stats->max_date = moment;
    }
    return true;
}
