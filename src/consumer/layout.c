/* SPDX-License-Identifier: MIT */

/*
 * What stands around the statistics. Members may come in any order on the way in; a file of one
 * layout is not taken for one of another, because what is counted differs, not only its shape.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/values.h"
#include "consumer/layout.h"
#include "consumer/stats_json.h"

struct loading {
    struct partition *partition;
    int64_t offset; /* -1: not seen */
    bool has_partition;
    int month;       /* whose years are being read */
    unsigned months; /* a bit for each that has been read */
};

static int
load_number(struct loading *loading, struct json_object *value, struct error *error)
{
    int64_t number;
    int result;

    if (loading->partition->layout == PARTITION_FLAT)
        return error_set(
            error, JSON_E_BAD,
            "has \"partition\", so it was written with layout = tagged or monthly; set "
            "that");
    result = json_get_integer(value, 0, INT32_MAX, &number, error);
    if (result == 0 && number != loading->partition->number)
        result = error_set(error, JSON_E_BAD, "is %lld, must be %d", (long long)number,
                           (int)loading->partition->number);
    loading->has_partition = true;
    return result == 0 ? 0 : error_prefix(error, result, "\"partition\" ");
}

static int
load_offset(struct loading *loading, struct json_object *value, struct error *error)
{
    int result = json_get_integer(value, 0, INT64_MAX - 1, &loading->offset, error);

    return result == 0 ? 0 : error_prefix(error, result, "\"offset\" ");
}

/* Whoever reads without settings does not know whether numbers are of seconds or milliseconds. */
static bool
lie_within(const struct window_rule *rule, int64_t begin, const struct stats_shape *shape,
           const struct stats *stats)
{
    return shape->dates == MOMENT_NUMBER || (window_holds(rule, begin, stats->start.seconds) &&
                                             window_holds(rule, begin, stats->end.seconds));
}

struct loading_windows {
    struct partition *partition;
    struct windows *windows;
};

static int
load_window(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading_windows *loading = userdata;
    struct window_rule *rule = &loading->partition->window;
    struct stats_shape shape = loading->partition->shape;
    struct stats stats;
    int64_t begin;

    if (rule->kind == WINDOW_ANY)
        *rule = window_guess(key);
    if (window_parse(rule, key, &begin, error) < 0)
        return JSON_E_BAD;
    shape.has_windows = false;
    if (stats_json_load(value, &shape, &stats, error) != 0)
        return error_prefix(error, JSON_E_BAD, "\"%s\" ", key);
    if (!lie_within(rule, begin, &shape, &stats))
        return error_set(error, JSON_E_BAD, "\"%s\": \"start\" or \"end\" lies outside of it", key);
    if (windows_reserve(loading->windows) < 0)
        return -ENOMEM;
    windows_add(loading->windows, begin, &stats);
    return 0;
}

static int
load_windows(struct partition *partition, struct json_object *value, struct windows *windows,
             struct error *error)
{
    struct loading_windows loading = {.partition = partition, .windows = windows};
    struct json_object *object;
    int result;

    if (!json_find(value, STATS_JSON_WINDOWS, &object))
        return 0;
    result = json_each_member(object, load_window, &loading, error);
    return result == JSON_E_BAD ? error_prefix(error, result, "\"windows\" ") : result;
}

static int
load_station(struct partition *partition, const char *id, struct json_object *value,
             struct error *error)
{
    struct report named = {.station = id, .station_length = strlen(id)};
    struct windows windows = {.n_windows = 0};
    struct station *station = NULL;
    struct stats stats;
    int result;

    if (!json_is_object(value))
        return error_set(error, JSON_E_BAD, "has an unknown key \"%.255s\" that is not a station",
                         id);
    result = report_check(&named, error) < 0 ? JSON_E_BAD : 0;
    if (result == 0)
        result = stats_json_load(value, &partition->shape, &stats, error);
    if (result == 0)
        result = load_windows(partition, value, &windows, error);
    if (result == 0) {
        station = stations_add(&partition->stations, id, named.station_length);
        result = station ? 0 : -ENOMEM;
    }
    if (result == 0) {
        station->stats = stats;
        station->windows = windows;
    } else {
        windows_fini(&windows);
    }
    if (result == JSON_E_BAD && date_month_parse(id))
        error_append(error, result, "; if the file was written with layout = monthly, set that");
    return result == JSON_E_BAD ? error_prefix(error, result, "station \"%.255s\": ", id) : result;
}

/* A year must stand in the one way in which it is written, and its dates must lie in the month. */
static int
load_year(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;
    struct partition *partition = loading->partition;
    const char *month = date_month_name(loading->month);
    struct error ignored;
    struct stats stats;
    char name[32];
    int64_t begin;
    int result;

    snprintf(name, sizeof(name), "%.5s-%02d", key, loading->month);
    if (window_parse(&partition_months, name, &begin, &ignored) < 0)
        return error_set(error, JSON_E_BAD, "\"%s\": has an unknown key \"%.100s\" that is no year",
                         month, key);
    result = stats_json_load(value, &partition->shape, &stats, error);
    if (result != 0)
        return error_prefix(error, result, "\"%s\" of \"%s\": ", month, key);
    if (!lie_within(&partition_months, begin, &partition->shape, &stats))
        return error_set(error, JSON_E_BAD,
                         "\"%s\" of \"%s\": \"start\" or \"end\" lies outside of it", month, key);
    if (windows_reserve(&partition->months) < 0)
        return -ENOMEM;
    windows_add(&partition->months, begin, &stats);
    return 0;
}

static int
load_month(struct loading *loading, const char *key, struct json_object *value, struct error *error)
{
    loading->month = date_month_parse(key);
    loading->months |= 1u << loading->month;
    if (!loading->month || !json_is_object(value))
        return error_set(error, JSON_E_BAD,
                         "has an unknown key \"%.255s\" that is not a month; if the file was "
                         "written with layout = flat or tagged, set that",
                         key);
    return json_each_member(value, load_year, loading, error);
}

static bool
has_been_read(const struct loading *loading, const char *key)
{
    if (strcmp(key, "offset") == 0)
        return loading->offset >= 0;
    if (strcmp(key, "partition") == 0)
        return loading->has_partition;
    if (loading->partition->layout == PARTITION_MONTHLY)
        return loading->months & 1u << date_month_parse(key);
    return stations_find(&loading->partition->stations, key, strlen(key));
}

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;

    if (has_been_read(loading, key))
        return error_set(error, JSON_E_BAD, "has a key that stands twice, \"%.255s\"", key);
    if (strcmp(key, "offset") == 0)
        return load_offset(loading, value, error);
    if (strcmp(key, "partition") == 0)
        return load_number(loading, value, error);
    if (loading->partition->layout == PARTITION_MONTHLY)
        return load_month(loading, key, value, error);
    return load_station(loading->partition, key, value, error);
}

static int
load_document(void *state, const char *text, size_t length, int64_t *offsetp, struct error *error)
{
    struct loading loading = {.partition = state, .offset = -1};
    int result = json_read_members(text, length, load_member, &loading, error);

    if (result != 0)
        return result;
    if (loading.offset < 0)
        return error_set(error, JSON_E_BAD, "lacks \"offset\"");
    if (loading.partition->layout == PARTITION_ANY)
        loading.partition->layout = loading.has_partition ? PARTITION_TAGGED : PARTITION_FLAT;
    if (!loading.has_partition && loading.partition->layout != PARTITION_FLAT)
        return error_set(error, JSON_E_BAD,
                         "lacks \"partition\", so it was written with layout = flat; set that");
    *offsetp = loading.offset;
    return 0;
}

static void
write_windows(struct json_writer *writer, const struct window_rule *rule,
              const struct windows *windows)
{
    char name[WINDOW_NAME_SIZE];

    json_writer_begin(writer, STATS_JSON_WINDOWS, '{');
    for (size_t i = 0; i < windows->n_windows; i++) {
        window_format(rule, windows->windows[i].begin, name);
        stats_json_write(writer, name, &windows->windows[i].stats);
    }
    json_writer_end(writer, '}');
}

static void
write_stations(struct json_writer *writer, const struct partition *partition)
{
    for (size_t i = 0; i < partition->stations.n_stations; i++) {
        const struct station *station = &partition_stations(partition)[i];

        json_writer_begin(writer, station->id.text, '{');
        stats_json_write_members(writer, &station->stats);
        if (partition->shape.has_windows)
            write_windows(writer, &partition->window, &station->windows);
        json_writer_end(writer, '}');
    }
}

static void
write_years(struct json_writer *writer, const struct windows *months, int month)
{
    char year[8];

    json_writer_begin(writer, date_month_name(month), '{');
    for (size_t i = 0; i < months->n_windows; i++) {
        struct date_civil civil = window_civil(months->windows[i].begin);

        if (civil.month != month)
            continue;
        snprintf(year, sizeof(year), "%04d", civil.year);
        stats_json_write(writer, year, &months->windows[i].stats);
    }
    json_writer_end(writer, '}');
}

/* Names in the order of their first appearance, and so are the years of each. */
static void
write_months(struct json_writer *writer, const struct windows *months)
{
    unsigned written = 0; /* a bit a month */

    for (size_t i = 0; i < months->n_windows; i++) {
        int month = window_civil(months->windows[i].begin).month;

        if (!(written & 1u << month))
            write_years(writer, months, month);
        written |= 1u << month;
    }
}

static void
write_document(void *state, int64_t offset, struct json_writer *writer)
{
    const struct partition *partition = state;

    json_writer_begin(writer, NULL, '{');
    if (partition->layout != PARTITION_FLAT)
        json_writer_integer(writer, "partition", partition->number);
    json_writer_integer(writer, "offset", offset);
    if (partition->layout == PARTITION_MONTHLY)
        write_months(writer, &partition->months);
    else
        write_stations(writer, partition);
    json_writer_end(writer, '}');
}

const struct stream_state_ops layout_ops = {
    .load = load_document,
    .write = write_document,
};
