/* SPDX-License-Identifier: MIT */

/* A row a station: what its last day was said to be, what it was, and what the next is said to be. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/moment.h"
#include "ctl/predictions.h"
#include "ctl/table.h"

static const char *const rain_names[] = {"dry", "rain"};

static const struct outlook_day *
last_day(const struct outlook_station *station)
{
    return &station->days[station->n_days - 1];
}

static int
compare_stations(const struct predictions_row *a, const struct predictions_row *b)
{
    int result = strverscmp(a->station->id.text, b->station->id.text);

    return result != 0 ? result : strcmp(a->station->id.text, b->station->id.text);
}

/* Those of a topic stand together already. */
static int
compare_rows(const void *left, const void *right)
{
    const struct predictions_row *a = left, *b = right;
    int result = compare_stations(a, b);

    if (result == 0)
        result = last_day(b->station)->date - last_day(a->station)->date;
    return result != 0 ? result : a->partition < b->partition ? -1 : a->partition > b->partition;
}

/* The rows from first on, of one topic: sorted, each station once. */
static void
settle(struct predictions *predictions, size_t first)
{
    struct predictions_row *rows = predictions->rows;
    size_t n_rows = first;

    qsort(rows + first, predictions->n_rows - first, sizeof(*rows), compare_rows);
    for (size_t i = first; i < predictions->n_rows; i++)
        if (n_rows == first || compare_stations(&rows[n_rows - 1], &rows[i]) != 0)
            rows[n_rows++] = rows[i];
    predictions->n_rows = n_rows;
}

static void
add_score(struct outlook_score *total, const struct outlook_score *score)
{
    const int64_t counts[] = {score->hits, score->false_alarms, score->misses,
                              score->correct_negatives};
    int64_t *totals[] = {&total->hits, &total->false_alarms, &total->misses,
                         &total->correct_negatives};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        *totals[i] =
            counts[i] < OUTLOOK_SCORE_MAX - *totals[i] ? *totals[i] + counts[i] : OUTLOOK_SCORE_MAX;
}

static void
add_rows(struct predictions *predictions, const struct snapshot_file *file)
{
    const struct outlook *outlook = &file->outlook;

    for (size_t i = 0; i < outlook->stations.n_stations; i++)
        predictions->rows[predictions->n_rows++] =
            (struct predictions_row){file->topic, file->number, &outlook_stations(outlook)[i]};
}

static bool
is_ours(const struct snapshot_file *file)
{
    return file->good && file->is_forecast;
}

/* All files of the topic that files[first] is of, unless an earlier one is of it, too. */
static void
add_topic(struct predictions *predictions, const struct snapshot *snapshot, size_t first)
{
    const struct snapshot_file *files = snapshot->files;
    size_t first_row = predictions->n_rows;

    for (size_t i = 0; i < first; i++)
        if (is_ours(&files[i]) && strcmp(files[i].topic, files[first].topic) == 0)
            return;
    for (size_t i = first; i < snapshot->n_files; i++)
        if (is_ours(&files[i]) && strcmp(files[i].topic, files[first].topic) == 0)
            add_rows(predictions, &files[i]);
    settle(predictions, first_row);
}

int
predictions_init(struct predictions *predictions, const struct snapshot *snapshot)
{
    const struct snapshot_file *files = snapshot->files;
    size_t n_rows = 0;

    *predictions = (struct predictions){.n_files = 0};
    for (size_t i = 0; i < snapshot->n_files; i++)
        if (is_ours(&files[i])) {
            predictions->n_files++;
            n_rows += snapshot_entries(&files[i]);
            add_score(&predictions->score, &files[i].outlook.score);
        }
    predictions->rows = calloc(n_rows + 1, sizeof(*predictions->rows));
    if (!predictions->rows)
        return -ENOMEM;
    for (size_t i = 0; i < snapshot->n_files; i++)
        if (is_ours(&files[i]))
            add_topic(predictions, snapshot, i);
    return 0;
}

void
predictions_fini(struct predictions *predictions)
{
    free(predictions->rows);
}

void
predictions_format_score(const struct outlook_score *score, char line[PREDICTIONS_LINE_SIZE])
{
    int64_t n = outlook_scored(score);

    if (n == 0)
        snprintf(line, PREDICTIONS_LINE_SIZE, "no prediction's day has come yet");
    else
        snprintf(line, PREDICTIONS_LINE_SIZE,
                 "accuracy %.1f %% of %" PRId64 " prediction%s, \"never rains\" %.1f %%",
                 100 * outlook_accuracy(score), n, n == 1 ? "" : "s",
                 100 * (1 - outlook_base_rate(score)));
}

static void
add_date(struct table *table, int32_t date)
{
    char text[MOMENT_SIZE];

    moment_format(moment_of_date(date), text);
    table_add(table, "%s", text);
}

static void
add_row(struct table *table, const struct predictions_row *row, bool with_topic)
{
    const struct outlook_station *station = row->station;
    const struct outlook_day *last = last_day(station);

    if (with_topic)
        table_add(table, "%s", row->topic);
    table_add(table, "%s", station->id.text);
    add_date(table, last->date);
    table_add(table, "%s", last->predicted < 0 ? "-" : rain_names[last->predicted]);
    table_add(table, "%s", rain_names[last->raining]);
    if (station->has_prediction) {
        add_date(table, last->date + 1);
        table_add(table, "%s", rain_names[station->raining]);
        table_add(table, "%.2f", station->probability);
    } else {
        for (int i = 0; i < 3; i++)
            table_add(table, "-");
    }
}

void
predictions_print(const struct predictions *predictions, FILE *file, int width, size_t rows_max)
{
    static const struct table_column columns[] = {
        {"topic", .width_min = 12},
        {"station", .width_min = 16},
        {"last day"},
        {"predicted"},
        {"happened"},
        {"next day"},
        {"prediction"},
        {"probability", .right = true},
    };
    size_t n_columns = sizeof(columns) / sizeof(columns[0]), n_rows = predictions->n_rows;
    bool with_topic =
        n_rows > 0 && strcmp(predictions->rows[0].topic, predictions->rows[n_rows - 1].topic) != 0;
    char line[PREDICTIONS_LINE_SIZE];
    struct table table;

    table_init(&table, columns + !with_topic, n_columns - !with_topic);
    for (size_t i = 0; i < n_rows; i++)
        add_row(&table, &predictions->rows[i], with_topic);
    table_print(&table, file, width, rows_max);
    if (n_rows > rows_max)
        fprintf(file, "… and %zu more\n", n_rows - rows_max);
    table_fini(&table);
    predictions_format_score(&predictions->score, line);
    fprintf(file, "%s\n", line);
}
