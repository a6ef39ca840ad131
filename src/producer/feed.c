/* SPDX-License-Identifier: MIT */

/*
 * The choice between simulator and file, and the unit of what they give (both think in Fahrenheit).
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "producer/feed.h"

struct feed {
    const struct feed_settings *settings;
    struct simulator *simulator; /* one of the two */
    struct csv *csv;
    struct report *reports; /* of the day */
    char *description;
};

static int
describe(struct feed *feed)
{
    const struct simulator_settings *simulator = &feed->settings->simulator;
    const struct csv_settings *csv = &feed->settings->csv;
    char start[DATE_LENGTH + 1];
    int length;

    if (feed->settings->source == FEED_CSV) {
        length =
            asprintf(&feed->description, "csv %s, %s %s, %s in %c, date %s, rain %s, in %c",
                     csv->file, csv->station_column ? "stations" : "station",
                     csv->station_column ? csv->station_column : csv->station, csv->degrees_column,
                     csv->unit, csv->date_column,
                     csv->raining_column ? csv->raining_column : "unknown", feed->settings->unit);
    } else {
        date_format(simulator->start, start);
        length = asprintf(
            &feed->description,
            "simulator %s, seed %llu, %zu stations called %s, from %s, duplicates %g, rain "
            "%s, in %c",
            simulator->model == SIMULATOR_SEASONAL ? "seasonal" : "uniform",
            (unsigned long long)simulator->seed, simulator->n_stations, simulator->station_prefix,
            start, simulator->duplicate_rate, simulator->rain ? "yes" : "no", feed->settings->unit);
    }
    if (length < 0)
        feed->description = NULL;
    return length < 0 ? -ENOMEM : 0;
}

static int
open_source(struct feed *feed, struct error *error)
{
    int result;

    if (feed->settings->source == FEED_CSV)
        result = csv_load(&feed->csv, &feed->settings->csv, error);
    else
        result = simulator_new(&feed->simulator, &feed->settings->simulator, error);
    return result > 0 ? -EINVAL : result;
}

int
feed_new(struct feed **feedp, const struct feed_settings *settings, struct error *error)
{
    cleanup(feed_free) struct feed *feed = calloc(1, sizeof(*feed));
    size_t widest;
    int result;

    if (!feed)
        return -ENOMEM;
    feed->settings = settings;
    result = open_source(feed, error);
    if (result < 0)
        return result;
    widest = feed->csv ? csv_widest_day(feed->csv) : settings->simulator.n_stations;
    feed->reports = calloc(widest ? widest : 1, sizeof(*feed->reports));
    if (!feed->reports || describe(feed) < 0)
        return -ENOMEM;
    *feedp = feed;
    feed = NULL;
    return 0;
}

void
feed_free(struct feed *feed)
{
    if (!feed)
        return;
    simulator_free(feed->simulator);
    csv_unload(feed->csv);
    free(feed->reports);
    free(feed->description);
    free(feed);
}

const char *
feed_describe(const struct feed *feed)
{
    return feed->description;
}

size_t
feed_day_size(const struct feed *feed, uint64_t day)
{
    size_t n;

    if (feed->csv)
        return csv_day(feed->csv, day, &n) ? n : 0;
    return day <= (uint64_t)(DATE_MAX - feed->settings->simulator.start)
               ? feed->settings->simulator.n_stations
               : 0;
}

/* To four decimals, as far as that leaves the number finite. */
static double
to_celsius(double fahrenheit)
{
    if (fabs(fahrenheit) > 1e300)
        return fahrenheit / 9 * 5;
    return round((fahrenheit - 32) * 5 / 9 * 1e4) / 1e4;
}

const struct report *
feed_day(struct feed *feed, uint64_t day)
{
    size_t n = feed_day_size(feed, day);

    if (n == 0)
        return NULL;
    if (feed->csv)
        memcpy(feed->reports, csv_day(feed->csv, day, &n), n * sizeof(*feed->reports));
    else if (!simulator_day(feed->simulator, day, feed->reports))
        return NULL;
    for (size_t i = 0; i < n && feed->settings->unit == 'C'; i++)
        feed->reports[i].degrees = to_celsius(feed->reports[i].degrees);
    return feed->reports;
}

bool
feed_is_duplicated(const struct feed *feed, uint64_t day, size_t index)
{
    return feed->simulator && simulator_is_duplicated(feed->simulator, day, index);
}
