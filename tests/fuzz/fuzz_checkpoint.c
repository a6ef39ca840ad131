/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as partition-N.json, in each layout and with each kind of date and window: what is
 * loaded keeps the rules that the manual lists for the file, and is the same file when it is written
 * and loaded again, also after one more report has been counted. What is refused is refused with a
 * reason. weatherctl finds out by itself what it is, and takes what a consumer takes.
 */

#include <math.h>

#include "ctl/snapshot.h"
#include "fuzz.h"

#define COUNT_MAX (INT64_C(1) << 53)

static void
check_stats(const struct stats *stats, const struct stats_shape *shape)
{
    char start[MOMENT_SIZE], end[MOMENT_SIZE];

    moment_format(stats->start, start);
    moment_format(stats->end, end);
    must(stats->count >= 1 && stats->count <= COUNT_MAX && isfinite(stats->sum), "%lld, %g",
         (long long)stats->count, stats->sum);
    must(moment_look(stats->start) ==
                 (shape->dates > MOMENT_RFC3339 ? MOMENT_NUMBER : shape->dates) &&
             moment_look(stats->end) == moment_look(stats->start) &&
             !moment_is_before(stats->end, stats->start),
         "%s to %s", start, end);
    must(stats->is_count == (shape->degrees == STATS_WITHOUT_DEGREES), "%s to %s", start, end);
    must(!stats->has_extremes ||
             (isfinite(stats->min) && isfinite(stats->max) && stats->min <= stats->max &&
              !moment_is_before(stats->min_date, stats->start) &&
              !moment_is_before(stats->end, stats->min_date) &&
              !moment_is_before(stats->max_date, stats->start) &&
              !moment_is_before(stats->end, stats->max_date)),
         "%g, %g, %s to %s", stats->min, stats->max, start, end);
}

/* Each window is found, so none is there twice. */
static void
check_windows(const struct windows *windows, const struct window_rule *rule,
              const struct stats_shape *shape)
{
    for (size_t i = 0; i < windows->n_windows; i++) {
        const struct station_window *window = &windows->windows[i];

        check_stats(&window->stats, shape);
        must(windows_find(windows, window->begin) == window &&
                 window_holds(rule, window->begin, window->stats.start.seconds) &&
                 window_holds(rule, window->begin, window->stats.end.seconds),
             "%lld", (long long)window->begin);
    }
}

/* Each station is found, so none is there twice. */
static void
check_partition(struct partition *partition, int64_t offset)
{
    const struct stations *stations = &partition->stations;

    must(offset >= 0 && offset < INT64_MAX, "%lld", (long long)offset);
    check_windows(&partition->months, &partition_months, &partition->shape);
    for (size_t i = 0; i < stations->n_stations; i++) {
        const struct station *station = &partition_stations(partition)[i];

        check_stats(&station->stats, &partition->shape);
        check_windows(&station->windows, &partition->window, &partition->shape);
        must(station->id.length >= 1 && station->id.length <= REPORT_STATION_MAX &&
                 value_is_text(station->id.text, station->id.length) &&
                 !stations_is_reserved(station->id.text, station->id.length),
             "\"%s\"", station->id.text);
        must(stations_find(stations, station->id.text, station->id.length) == station, "\"%s\"",
             station->id.text);
    }
}

/* One more report of the latest date. */
static void
count_more(struct stats *stats)
{
    const struct report report = {
        .date = moment_date(stats->end), .time = stats->end, .degrees = -0.1};

    if (stats->count < COUNT_MAX)
        stats_add(stats, &report);
}

static bool
check_settings(const struct partition_settings *settings, const char *text, size_t size)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    int64_t offset = -1;
    bool good = fuzz_partition_load(&partition, settings, text, size, &offset, &error) == 0;

    if (good) {
        cleanup(free) char *written = fuzz_partition_write(&partition, offset);
        cleanup(free) char *counted = NULL;

        check_partition(&partition, offset);
        for (size_t i = 0; !memchr(text, '\\', size) && i < partition.stations.n_stations; i++)
            must(memmem(text, size, partition_stations(&partition)[i].id.text,
                        partition_stations(&partition)[i].id.length),
                 "another id was read than stands there");
        fuzz_partition_must_come_back(settings, written);
        for (size_t i = 0; i < partition.stations.n_stations; i++)
            count_more(&partition_stations(&partition)[i].stats);
        for (size_t i = 0; i < partition.months.n_windows; i++)
            count_more(&partition.months.windows[i].stats);
        counted = fuzz_partition_write(&partition, offset);
        fuzz_partition_must_come_back(settings, counted);
    } else {
        must_explain(&error);
    }
    partition_fini(&partition);
    return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snapshot_file file;
    bool good = false;

    for (size_t i = 0; i < N_FUZZ_SETTINGS; i++)
        good |= check_settings(&fuzz_settings[i], (const char *)data, size);
    fuzz_write("partition-7.json", data, size);
    must(snapshot_read_file(&file, fuzz_directory(), "partition-7.json", "t") == 0, "not there");
    must(file.good || !good, "%s", file.error.text);
    snapshot_file_fini(&file);
    return 0;
}
