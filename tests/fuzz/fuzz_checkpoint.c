/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as partition-N.json, in each of the three layouts: what is loaded keeps the rules that
 * the manual lists for the file, and is the same file when it is written and loaded again, also
 * after one more report has been counted. What is refused is refused with a reason. weatherctl
 * finds out by itself which layout it is, and says of the file what the consumer does.
 */

#include <math.h>

#include "ctl/snapshot.h"
#include "fuzz.h"

#define COUNT_MAX (INT64_C(1) << 53)

static void
check_station(const struct station *station, bool monthly)
{
    const struct stats *stats = &station->stats;
    char start[DATE_LENGTH + 1], end[DATE_LENGTH + 1];

    must(stats->count >= 1 && stats->count <= COUNT_MAX && isfinite(stats->sum), "%lld, %g",
         (long long)stats->count, stats->sum);
    date_format(moment_date(stats->start), start);
    date_format(moment_date(stats->end), end);
    must(stats->start.form == 0 && stats->end.form == 0 &&
             !moment_is_before(stats->end, stats->start),
         "%s to %s", start, end);
    must(!monthly || (strncmp(start, station->id, PARTITION_MONTH_LENGTH) == 0 &&
                      strncmp(end, station->id, PARTITION_MONTH_LENGTH) == 0),
         "%s: %s to %s", station->id, start, end);
    must(station->id_length >= 1 && station->id_length <= REPORT_STATION_MAX &&
             value_is_text(station->id, station->id_length) &&
             !partition_is_reserved(station->id, station->id_length),
         "\"%s\"", station->id);
    must(!stats->has_extremes ||
             (isfinite(stats->min) && isfinite(stats->max) && stats->min <= stats->max &&
              !moment_is_before(stats->min_date, stats->start) &&
              !moment_is_before(stats->end, stats->min_date) &&
              !moment_is_before(stats->max_date, stats->start) &&
              !moment_is_before(stats->end, stats->max_date)),
         "%g of %d, %g of %d", stats->min, moment_date(stats->min_date), stats->max,
         moment_date(stats->max_date));
}

/* Each station is found, so none is there twice. */
static void
check_partition(struct partition *partition, int64_t offset)
{
    const struct stations *stations = &partition->stations;

    must(offset >= 0 && offset < INT64_MAX, "%lld", (long long)offset);
    for (size_t i = 0; i < stations->n_stations; i++) {
        const struct station *station = &stations->stations[i];

        check_station(station, partition->layout == PARTITION_MONTHLY);
        must(stations_find(stations, station->id, station->id_length) == station, "\"%s\"",
             station->id);
    }
}

static bool
check_layout(enum partition_layout layout, const char *text, size_t size)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    int64_t offset = -1;
    bool good = fuzz_partition_load(&partition, layout, text, size, &offset, &error) == 0;

    if (good) {
        cleanup(free) char *written = fuzz_partition_write(&partition, offset);
        cleanup(free) char *counted = NULL;

        check_partition(&partition, offset);
        for (size_t i = 0; !memchr(text, '\\', size) && layout != PARTITION_MONTHLY &&
                           i < partition.stations.n_stations;
             i++)
            must(memmem(text, size, partition.stations.stations[i].id,
                        partition.stations.stations[i].id_length),
                 "another id was read than stands there");
        fuzz_partition_must_come_back(layout, written);
        for (size_t i = 0; i < partition.stations.n_stations; i++) {
            struct stats *stats = &partition.stations.stations[i].stats;

            if (stats->count < COUNT_MAX)
                stats_add(stats,
                          &(struct report){.date = moment_date(stats->end), .degrees = -0.1});
        }
        counted = fuzz_partition_write(&partition, offset);
        fuzz_partition_must_come_back(layout, counted);
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

    for (enum partition_layout layout = PARTITION_FLAT; layout <= PARTITION_MONTHLY; layout++)
        good |= check_layout(layout, (const char *)data, size);
    fuzz_write("partition-7.json", data, size);
    must(snapshot_read_file(&file, fuzz_directory(), "partition-7.json", "t") == 0, "not there");
    must(file.good == good, "%s", file.error.text);
    snapshot_file_fini(&file);
    return 0;
}
