/* SPDX-License-Identifier: MIT */

/*
 * weatherctl plot: the averages as a picture. Stations have a bar each; of monthly files each month
 * has one, of the latest year that has it. Of weatherd-forecast's files, plot_predictions.c.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/atomic_file.h"
#include "common/cleanup.h"
#include "common/date.h"
#include "ctl/chart.h"
#include "ctl/merge.h"
#include "ctl/plot.h"
#include "ctl/state.h"

enum { OPTION_OUTPUT = 'o', OPTION_UNIT = 'U' };

static const struct option_row options[] = {
    {"output", OPTION_OUTPUT, "FILE", "the SVG file to replace; -: standard output"},
    {"unit", OPTION_UNIT, "F|C", "the name of the degrees; none are converted"},
};

/* What is drawn, with the strings that the bars borrow. */
struct plot {
    const struct merged *merged;
    bool with_topic, with_id, monthly, counts;
    size_t n_bars;
    struct chart_bar *bars;
    char **strings; /* two a bar */
    struct stats total;
};

static const char *
name_unit(struct ctl *ctl, int *exit_code)
{
    static const char *const units[][2] = {{"F", "°F"}, {"C", "°C"}};
    const char *unit = ctl->options[OPTION_UNIT];

    *exit_code = EX_OK;
    if (!unit)
        return "degrees";
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(unit, units[i][0]) == 0)
            return units[i][1];
    *exit_code = ctl_usage_error(ctl, "--unit: \"%s\" must be F or C", unit);
    return NULL;
}

static bool
same_station(const struct merged_station *a, const struct merged_station *b)
{
    return strcmp(a->topic, b->topic) == 0 && strcmp(a->id, b->id) == 0;
}

/* A month that a later year has again is not shown. */
static bool
is_shown(const struct merged *merged, size_t index)
{
    const struct merged_station *station = &merged->stations[index];

    for (size_t i = index + 1; station->month > 0 && i < merged->n_stations; i++)
        if (merged->stations[i].month == station->month &&
            same_station(&merged->stations[i], station))
            return false;
    return true;
}

/* Months in the order of the calendar, which is not that of years. */
static int
by_month(const void *left, const void *right)
{
    const struct merged_station *a = *(const struct merged_station *const *)left;
    const struct merged_station *b = *(const struct merged_station *const *)right;

    if (a->month == 0 || b->month == 0 || !same_station(a, b))
        return a < b ? -1 : a > b; /* as they were */
    return a->month - b->month;
}

static void
format_label(const struct plot *plot, const struct merged_station *station, FILE *file)
{
    if (plot->with_topic)
        fprintf(file, "%s: ", station->topic);
    if (station->month == 0)
        fputs(station->id, file);
    else
        fprintf(file, "%s%s%s-%d", plot->with_id ? station->id : "", plot->with_id ? " " : "",
                date_month_name(station->month), station->year);
}

static int
add_bar(struct plot *plot, const struct merged_station *station)
{
    char **strings = &plot->strings[2 * plot->n_bars];
    char start[MOMENT_SIZE], end[MOMENT_SIZE];
    size_t length;
    FILE *file = open_memstream(&strings[0], &length);

    if (!file)
        return -ENOMEM;
    format_label(plot, station, file);
    fclose(file);
    moment_format(station->stats.start, start);
    moment_format(station->stats.end, end);
    if (!strings[0] || asprintf(&strings[1], "%" PRId64 " reports, %s to %s", station->stats.count,
                                start, end) < 0)
        return -ENOMEM;
    plot->bars[plot->n_bars++] = (struct chart_bar){
        .label = strings[0],
        .note = strings[1],
        .value = plot->counts ? (double)station->stats.count
                              : station->stats.sum / (double)station->stats.count,
    };
    if (plot->n_bars == 1)
        plot->total = station->stats;
    else
        stats_merge(&plot->total, &station->stats);
    return 0;
}

static int
fill_bars(struct plot *plot)
{
    const struct merged *merged = plot->merged;
    cleanup(free) const struct merged_station **shown =
        calloc(merged->n_stations + 1, sizeof(*shown));
    size_t n_shown = 0;
    int result = 0;

    plot->bars = calloc(merged->n_stations + 1, sizeof(*plot->bars));
    plot->strings = calloc(2 * merged->n_stations + 1, sizeof(*plot->strings));
    if (!shown || !plot->bars || !plot->strings)
        return -ENOMEM;
    for (size_t i = 0; i < merged->n_stations; i++) {
        const struct merged_station *station = &merged->stations[i];

        plot->with_topic |= strcmp(station->topic, merged->stations[0].topic) != 0;
        plot->with_id |= strcmp(station->id, merged->stations[0].id) != 0;
        plot->monthly |= station->month > 0;
        plot->counts |= station->stats.is_count;
        if (is_shown(merged, i))
            shown[n_shown++] = station;
    }
    qsort(shown, n_shown, sizeof(*shown), by_month);
    for (size_t i = 0; i < n_shown && result == 0; i++)
        result = add_bar(plot, shown[i]);
    return result;
}

static void
fini_plot(struct plot *plot)
{
    for (size_t i = 0; plot->strings && i < 2 * plot->merged->n_stations; i++)
        free(plot->strings[i]);
    free(plot->strings);
    free(plot->bars);
}

static const char *const titles[2][2] = {
    {"Average by station", "Average by month"},
    {"Reports by station", "Reports by month"},
};

static char *
draw(const struct plot *plot, const char *unit, size_t *lengthp)
{
    const struct merged_station *first = &plot->merged->stations[0];
    char start[MOMENT_SIZE], end[MOMENT_SIZE], subtitle[1024], *text = NULL;
    FILE *file = open_memstream(&text, lengthp);

    if (!file)
        return NULL;
    moment_format(plot->total.start, start);
    moment_format(plot->total.end, end);
    snprintf(subtitle, sizeof(subtitle), "%s%s%s, %" PRId64 " reports from %s to %s",
             plot->with_topic ? "several topics" : first->topic,
             plot->monthly && !plot->with_id && first->id[0] ? ", " : "",
             plot->monthly && !plot->with_id ? first->id : "", plot->total.count, start, end);
    chart_write(file, &(struct chart){
                          .title = titles[plot->counts][plot->monthly],
                          .subtitle = subtitle,
                          .unit = plot->counts ? "reports" : unit,
                          .n_bars = plot->n_bars,
                          .bars = plot->bars,
                      });
    fclose(file);
    return text;
}

/* 0 or a negative errno. */
static int
replace(const char *path, const char *text, size_t length)
{
    cleanup(free) char *copy = strdup(path);
    char *slash = copy ? strrchr(copy, '/') : NULL;
    const char *name = slash ? path + (slash + 1 - copy) : path;
    cleanup(close) int directory = -1;
    struct atomic_file file;
    int result;

    if (slash)
        slash[slash == copy] = '\0';
    directory = open(slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return -errno;
    result = atomic_file_begin(&file, directory, name);
    if (result < 0)
        return result;
    result = atomic_file_write(&file, text, length);
    if (result == 0)
        return atomic_file_publish(&file);
    atomic_file_abort(&file);
    return result;
}

/* Releases the picture, which is NULL when memory ran out. */
static int
write_picture(struct ctl *ctl, char *picture, size_t length)
{
    const char *path = ctl->options[OPTION_OUTPUT];
    cleanup(free) char *text = picture;
    int result = text ? 0 : -ENOMEM;

    if (result == 0 && strcmp(path, "-") == 0)
        fwrite(text, 1, length, stdout);
    else if (result == 0)
        result = replace(path, text, length);
    if (result == 0)
        return EX_OK;
    log_err(&ctl->daemon.log, "%s: %s", path, strerror(-result));
    return EX_IOERR;
}

static int
plot_scores(struct ctl *ctl, const struct snapshot *snapshot)
{
    struct predictions predictions;
    int exit_code = EX_SOFTWARE, result = predictions_init(&predictions, snapshot);
    size_t length = 0;
    char *text;

    if (result == 0 && outlook_scored(&predictions.score) == 0) {
        log_err(&ctl->daemon.log, "%s: %s", ctl_directory(ctl),
                predictions.n_files > 0
                    ? "no prediction's day has come yet, so there is nothing to draw"
                    : "there are no statistics to draw");
        exit_code = EX_DATAERR;
    } else if (result == 0) {
        text = plot_predictions(snapshot, &predictions, &length);
        exit_code = write_picture(ctl, text, length);
    }
    predictions_fini(&predictions);
    return exit_code;
}

static int
plot_snapshot(struct ctl *ctl, const struct snapshot *snapshot, const char *unit)
{
    struct merged merged;
    struct plot plot = {.merged = &merged};
    int exit_code = EX_SOFTWARE;
    size_t length = 0;
    char *text;

    if (merged_init(&merged, snapshot) == 0 && merged.n_stations == 0) {
        exit_code = plot_scores(ctl, snapshot);
    } else if (merged.n_stations > 0 && fill_bars(&plot) == 0) {
        text = draw(&plot, unit, &length);
        exit_code = write_picture(ctl, text, length);
    }
    fini_plot(&plot);
    merged_fini(&merged);
    return exit_code;
}

static int
run(struct ctl *ctl)
{
    struct snapshot snapshot;
    int exit_code;
    const char *unit = name_unit(ctl, &exit_code);
    bool bad;

    if (exit_code != EX_OK)
        return exit_code;
    if (!ctl->options[OPTION_OUTPUT] || !ctl->options[OPTION_OUTPUT][0])
        return ctl_usage_error(ctl, "-o FILE is missing");
    exit_code = state_read(ctl, &snapshot);
    if (exit_code == EX_OK) {
        bad = snapshot_complain(&snapshot, &ctl->daemon.log) > 0;
        exit_code = plot_snapshot(ctl, &snapshot, unit);
        if (bad && exit_code == EX_OK)
            exit_code = EX_DATAERR;
    }
    snapshot_fini(&snapshot);
    return exit_code;
}

const struct ctl_command ctl_plot = {
    .name = "plot",
    .synopsis = "[DIRECTORY]",
    .purpose = "Draw the averages as bars, or how right predictions were",
    .settings = CTL_SETTINGS_LONG,
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .n_arguments_max = 1,
    .run = run,
};
