/* SPDX-License-Identifier: MIT */

/*
 * show --json: one document, as show.schema.json describes it. Its version changes with a member's
 * meaning.
 */

#include <errno.h>
#include <time.h>

#include "common/date.h"
#include "common/json.h"
#include "common/json_writer.h"
#include "consumer/stats_json.h"
#include "ctl/show.h"
#include "ctl/state.h"
#include "forecast/outlook_json.h"

#define DOCUMENT_VERSION 1

static const char *const layout_names[] = {
    [PARTITION_FLAT] = "flat",
    [PARTITION_TAGGED] = "tagged",
    [PARTITION_MONTHLY] = "monthly",
};

static int
write_piece(void *userdata, const void *data, size_t length)
{
    return fwrite(data, 1, length, userdata) == length ? 0 : -EIO;
}

static void
write_boolean(struct json_writer *writer, const char *key, bool value)
{
    json_writer_word(writer, key, value ? "true" : "false");
}

/* In UTC, to the millisecond. */
static void
write_time(struct json_writer *writer, const char *key, const struct timespec *time)
{
    char seconds[32], text[48];
    struct tm tm;

    gmtime_r(&time->tv_sec, &tm);
    strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, sizeof(text), "%s.%03ldZ", seconds, time->tv_nsec / 1000000);
    json_writer_text(writer, key, text);
}

static void
write_file(struct json_writer *writer, const struct snapshot_file *file)
{
    int64_t lag = state_lag(file);

    json_writer_begin(writer, NULL, '{');
    json_writer_text(writer, "topic", file->topic);
    json_writer_integer(writer, "partition", file->number);
    json_writer_text(writer, "layout",
                     file->is_forecast ? "forecast" : layout_names[file->partition.layout]);
    json_writer_integer(writer, "offset", file->offset);
    if (lag < 0)
        json_writer_word(writer, "lag", "null");
    else
        json_writer_integer(writer, "lag", lag);
    write_time(writer, "written_at", &file->written_at);
    write_boolean(writer, "running", file->holder > 0);
    if (file->is_forecast)
        outlook_json_write_score(writer, &file->outlook.score);
    json_writer_end(writer, '}');
}

static void
write_station(struct json_writer *writer, const struct merged_station *station)
{
    json_writer_begin(writer, NULL, '{');
    json_writer_text(writer, "topic", station->topic);
    if (station->id[0])
        json_writer_text(writer, "station", station->id);
    else
        json_writer_word(writer, "station", "null");
    if (station->month > 0) {
        json_writer_integer(writer, "year", station->year);
        json_writer_text(writer, "month", date_month_name(station->month));
    }
    json_writer_begin(writer, "partitions", '[');
    for (size_t i = 0; i < station->partitions.n_partitions; i++)
        json_writer_integer(writer, NULL, station->partitions.partitions[i]);
    json_writer_end(writer, ']');
    write_boolean(writer, "merged", station->partitions.n_partitions > 1);
    stats_json_write(writer, "statistics", &station->stats);
    json_writer_end(writer, '}');
}

static void
write_prediction(struct json_writer *writer, const struct predictions_row *row)
{
    json_writer_begin(writer, NULL, '{');
    json_writer_text(writer, "topic", row->topic);
    json_writer_text(writer, "station", row->station->id.text);
    json_writer_integer(writer, "partition", row->partition);
    outlook_json_write_days(writer, row->station);
    json_writer_end(writer, '}');
}

int
show_json(FILE *file, const struct show *show)
{
    const struct snapshot *snapshot = &show->snapshot;
    const struct merged *merged = &show->merged;
    const struct predictions *predictions = &show->predictions;
    struct json_writer writer;

    json_writer_init(&writer, write_piece, file);
    json_writer_begin(&writer, NULL, '{');
    json_writer_integer(&writer, "version", DOCUMENT_VERSION);
    json_writer_begin(&writer, "partitions", '[');
    for (size_t i = 0; i < snapshot->n_files; i++)
        if (snapshot->files[i].good)
            write_file(&writer, &snapshot->files[i]);
    json_writer_end(&writer, ']');
    json_writer_begin(&writer, "stations", '[');
    for (size_t i = 0; i < merged->n_stations; i++)
        write_station(&writer, &merged->stations[i]);
    json_writer_end(&writer, ']');
    if (predictions->n_files > 0) {
        json_writer_begin(&writer, "forecasts", '[');
        for (size_t i = 0; i < predictions->n_rows; i++)
            write_prediction(&writer, &predictions->rows[i]);
        json_writer_end(&writer, ']');
    }
    json_writer_end(&writer, '}');
    return json_writer_finish(&writer);
}
