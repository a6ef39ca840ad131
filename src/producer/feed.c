/* SPDX-License-Identifier: MIT */

/*
 * The choice between simulator, file and records, and the unit of reports (simulator and file think in
 * Fahrenheit).
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "producer/feed.h"
#include "producer/rows.h"

struct feed {
    const struct feed_settings *settings;
    struct simulator *simulator; /* one of the three */
    struct csv *csv;
    const struct record_source *records;
    void *source;           /* of records */
    struct report *reports; /* of the day */
    struct record_draft draft;
    char *payload;
    size_t payload_length, payload_size;
    char *description;
};

/* The source of records that the settings ask for, and its own settings. */
static const struct record_source *
find_records(const struct feed_settings *settings, const void **ownp)
{
    switch (settings->source) {
    case FEED_CSV:
        *ownp = &settings->csv;
        return settings->csv.all_columns ? &rows_source : NULL;
    case FEED_ORDERS:
        *ownp = &settings->orders;
        return &orders_source;
    case FEED_EVENTS:
        *ownp = &settings->events;
        return &events_source;
    default:
        return NULL;
    }
}

const char *
feed_records(const struct feed_settings *settings)
{
    const void *own;
    const struct record_source *records = find_records(settings, &own);

    return records ? records->things : NULL;
}

static int
describe_records(struct feed *feed)
{
    size_t length;
    FILE *file = open_memstream(&feed->description, &length);

    if (!file)
        return -ENOMEM;
    feed->records->describe(feed->source, file);
    return fclose(file) == 0 ? 0 : -ENOMEM;
}

static int
describe(struct feed *feed)
{
    const struct simulator_settings *simulator = &feed->settings->simulator;
    const struct csv_settings *csv = &feed->settings->csv;
    char start[DATE_LENGTH + 1];
    int length;

    if (feed->records)
        return describe_records(feed);
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
    const void *own;
    int result;

    feed->records = find_records(feed->settings, &own);
    if (feed->records)
        result = feed->records->open(&feed->source, own, error);
    else if (feed->settings->source == FEED_CSV)
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
    if (feed->source)
        feed->records->close(feed->source);
    free(feed->payload);
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

    if (feed->records)
        return day < feed->records->count(feed->source) ? 1 : 0;
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

static int
take_payload(void *userdata, const void *data, size_t length)
{
    struct feed *feed = userdata;

    if (feed->payload_size - feed->payload_length < length) {
        size_t size = 2 * (feed->payload_length + length);
        char *payload = realloc(feed->payload, size);

        if (!payload)
            return -ENOMEM;
        feed->payload = payload;
        feed->payload_size = size;
    }
    memcpy(feed->payload + feed->payload_length, data, length);
    feed->payload_length += length;
    return 0;
}

int
feed_record(struct feed *feed, uint64_t day, int64_t now, struct feed_record *record)
{
    struct record_draft *draft = &feed->draft;
    int result;

    feed->payload_length = 0;
    draft->key = NULL;
    json_writer_init(&draft->writer, take_payload, feed);
    draft->writer.one_line = draft->writer.compact = true;
    json_writer_begin(&draft->writer, NULL, '{');
    feed->records->write(feed->source, day, now, draft);
    json_writer_end(&draft->writer, '}');
    result = json_writer_finish(&draft->writer);
    if (result == 0)
        *record = (struct feed_record){draft->key, feed->payload, feed->payload_length};
    return result;
}

bool
feed_is_duplicated(const struct feed *feed, uint64_t day, size_t index)
{
    return feed->simulator && simulator_is_duplicated(feed->simulator, day, index);
}
