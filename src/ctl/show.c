/* SPDX-License-Identifier: MIT */

/*
 * weatherctl show: all stations of all partitions, as a table or as one document. Of a monthly file,
 * its months; of weatherd-forecast's, what was predicted and what is, in a table of their own.
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "common/date.h"
#include "ctl/show.h"
#include "ctl/state.h"
#include "ctl/table.h"
#include "ctl/watch.h"

enum { OPTION_WATCH = 'W', OPTION_JSON = 'J', OPTION_OFFLINE = 'L' };

static const struct option_row options[] = {
    {"watch", OPTION_WATCH, NULL, "show it again when it changes, until Ctrl-C"},
    {"json", OPTION_JSON, NULL, "one JSON document, for programs"},
    {"offline", OPTION_OFFLINE, NULL, "with --json: do not ask Kafka for the lag"},
};

/* Zero has no sign, and a number that makes a column wide has few digits. */
static void
add_degrees(struct table *table, bool known, double degrees)
{
    if (!known)
        table_add(table, "-");
    else if (fabs(degrees) >= 1e7)
        table_add(table, "%.3g", degrees);
    else
        table_add(table, "%.1f", round(degrees * 10) / 10 + 0.0);
}

static void
add_name(struct table *table, const struct merged_station *station)
{
    if (station->month == 0)
        table_add(table, "%s", station->id);
    else
        table_add(table, "%s%s%s-%04d", station->id, station->id[0] ? " " : "",
                  date_month_name(station->month), station->year);
}

static void
add_station(struct table *table, const struct merged_station *station, bool with_topic)
{
    const struct stats *stats = &station->stats;
    char start[MOMENT_SIZE], end[MOMENT_SIZE], partitions[64];

    moment_format(stats->start, start);
    moment_format(stats->end, end);
    partition_list_format(&station->partitions, partitions, sizeof(partitions));
    if (with_topic)
        table_add(table, "%s", station->topic);
    add_name(table, station);
    table_add(table, "%s", partitions);
    table_add(table, "%" PRId64, stats->count);
    table_add(table, "%s", start);
    table_add(table, "%s", end);
    add_degrees(table, !stats->is_count, stats->sum / (double)stats->count);
    add_degrees(table, stats->has_extremes, stats->min);
    add_degrees(table, stats->has_extremes, stats->max);
}

static bool
has_months(const struct merged *merged)
{
    for (size_t i = 0; i < merged->n_stations; i++)
        if (merged->stations[i].month > 0)
            return true;
    return false;
}

static void
print_total(FILE *file, const struct snapshot *snapshot, const struct merged *merged)
{
    const char *things = has_months(merged) ? "month" : "station";
    size_t n_good = 0, n_merged = 0;
    int64_t n_reports = 0;

    for (size_t i = 0; i < snapshot->n_files; i++)
        n_good += snapshot->files[i].good && !snapshot->files[i].is_forecast;
    for (size_t i = 0; i < merged->n_stations; i++) {
        n_reports += merged->stations[i].stats.count;
        n_merged += merged->stations[i].partitions.n_partitions > 1;
    }
    fprintf(file, "%zu %s%s, %" PRId64 " report%s in %zu partition%s", merged->n_stations, things,
            merged->n_stations == 1 ? "" : "s", n_reports, n_reports == 1 ? "" : "s", n_good,
            n_good == 1 ? "" : "s");
    if (n_merged > 0)
        fprintf(file, "; %zu in several of them, merged", n_merged);
    fputc('\n', file);
}

static void
print_table(FILE *file, const struct snapshot *snapshot, const struct merged *merged, int width,
            size_t rows_max)
{
    bool with_topic = snapshot->n_topics > 1;
    bool months = has_months(merged);
    const struct table_column columns[] = {
        {"topic", .width_min = 12},
        {months ? "month" : "station", .width_min = months ? 22 : 16},
        {"part", .right = true, .width_min = 8},
        {"reports", .right = true},
        {"from", .spare = true},
        {"to", .spare = true},
        {"average", .right = true},
        {"lowest", .right = true},
        {"highest", .right = true},
    };
    size_t n_columns = sizeof(columns) / sizeof(columns[0]);
    struct table table;

    table_init(&table, columns + !with_topic, n_columns - !with_topic);
    for (size_t i = 0; i < merged->n_stations; i++)
        add_station(&table, &merged->stations[i], with_topic);
    table_print(&table, file, width, rows_max);
    if (table_rows(&table) > rows_max)
        fprintf(file, "… and %zu more\n", table_rows(&table) - rows_max);
    table_fini(&table);
    print_total(file, snapshot, merged);
}

static size_t
count_bad(const struct snapshot *snapshot)
{
    size_t n_bad = 0;

    for (size_t i = 0; i < snapshot->n_files; i++)
        n_bad += !snapshot->files[i].good;
    return n_bad;
}

/* Of a table with a heading and a line below it; one that does not fit has a line more. */
static size_t
rows_that_fit(size_t n_rows, size_t n_others, size_t lines_max)
{
    if (lines_max == 0 || n_rows + n_others + 2 <= lines_max)
        return n_rows;
    return lines_max > n_others + 3 ? lines_max - n_others - 3 : 1;
}

/* Both tables, where there is something for both; lines_max 0: any number of lines. */
static void
print_tables(FILE *file, const struct show *show, int width, size_t lines_max)
{
    size_t n_bad = count_bad(&show->snapshot), n_forecasts = show->predictions.n_files;
    size_t n_others = n_bad, rows;

    if (n_bad + n_forecasts < show->snapshot.n_files || n_forecasts == 0) {
        /* A heading, a row and a score below a blank line are the least of the other table. */
        rows = rows_that_fit(show->merged.n_stations, n_bad + (n_forecasts > 0 ? 5 : 0), lines_max);
        print_table(file, &show->snapshot, &show->merged, width, rows);
        n_others += rows + 2 + (rows < show->merged.n_stations) + 1;
        if (n_forecasts > 0)
            fputc('\n', file);
    }
    if (n_forecasts > 0)
        predictions_print(&show->predictions, file, width,
                          rows_that_fit(show->predictions.n_rows, n_others, lines_max));
}

static int
read_show(struct ctl *ctl, struct show *show)
{
    int exit_code = state_read(ctl, &show->snapshot);
    int merged = merged_init(&show->merged, &show->snapshot);
    int predictions = predictions_init(&show->predictions, &show->snapshot);

    return exit_code != EX_OK ? exit_code : merged < 0 || predictions < 0 ? EX_SOFTWARE : EX_OK;
}

static void
fini_show(struct show *show)
{
    predictions_fini(&show->predictions);
    merged_fini(&show->merged);
    snapshot_fini(&show->snapshot);
}

/* In place there is no room beside the table: what is wrong stands below it. */
static void
draw(void *userdata, FILE *file, int width, size_t lines_max)
{
    struct show show;

    if (read_show(userdata, &show) == EX_OK) {
        print_tables(file, &show, width, lines_max);
        for (size_t i = 0; i < show.snapshot.n_files; i++)
            if (!show.snapshot.files[i].good)
                fprintf(file, "%s\n", show.snapshot.files[i].error.text);
    }
    fini_show(&show);
}

static int
watch(struct ctl *ctl)
{
    struct error error = ERROR_INIT;

    if (watch_run(ctl_directory(ctl), draw, ctl, &error) == 0)
        return EX_OK;
    log_err(&ctl->daemon.log, "%s", error.text);
    return EX_OSERR;
}

static int
print(struct ctl *ctl, struct show *show)
{
    size_t n_bad = snapshot_complain(&show->snapshot, &ctl->daemon.log);
    int width, height;

    if (show->snapshot.n_files == 0)
        log_notice(&ctl->daemon.log, "%s: there is no partition-N.json yet", ctl_directory(ctl));
    if (ctl->options[OPTION_JSON]) {
        if (!ctl->options[OPTION_OFFLINE])
            state_ask_ends(ctl, &show->snapshot);
        show_json(stdout, show);
    } else {
        table_find_size(stdout, &width, &height);
        print_tables(stdout, show, width, 0);
    }
    return n_bad > 0 ? EX_DATAERR : EX_OK;
}

static int
run(struct ctl *ctl)
{
    struct show show;
    int exit_code;

    if (ctl->options[OPTION_WATCH] && ctl->options[OPTION_JSON])
        return ctl_usage_error(ctl, "--watch and --json do not go together");
    exit_code = read_show(ctl, &show);
    if (exit_code == EX_OK && ctl->options[OPTION_WATCH])
        exit_code = watch(ctl);
    else if (exit_code == EX_OK)
        exit_code = print(ctl, &show);
    fini_show(&show);
    return exit_code;
}

const struct ctl_command ctl_show = {
    .name = "show",
    .synopsis = "[DIRECTORY]",
    .purpose = "Show the statistics of all stations, or what is predicted of them",
    .settings = CTL_SETTINGS,
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .n_arguments_max = 1,
    .run = run,
};
