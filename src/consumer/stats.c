/* SPDX-License-Identifier: MIT */

/* Counting, summing, and the days of the extremes: the first on which each was met. */

#include <float.h>
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

void
stats_merge(struct stats *stats, const struct stats *further)
{
    stats->count += further->count;
    /* Two finite sums may not have one. */
    stats->sum = fmax(-DBL_MAX, fmin(DBL_MAX, stats->sum + further->sum));
    if (moment_is_before(further->start, stats->start))
        stats->start = further->start;
    if (moment_is_before(stats->end, further->end))
        stats->end = further->end;
    stats->is_count = stats->is_count || further->is_count;
    stats->has_extremes = stats->has_extremes && further->has_extremes;
    if (further->min < stats->min ||
        (further->min == stats->min && moment_is_before(further->min_date, stats->min_date))) {
        stats->min = further->min;
        stats->min_date = further->min_date;
    }
    if (further->max > stats->max ||
        (further->max == stats->max && moment_is_before(further->max_date, stats->max_date))) {
        stats->max = further->max;
        stats->max_date = further->max_date;
    }
}
