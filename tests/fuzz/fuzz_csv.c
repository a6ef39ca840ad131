/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a CSV file of observations: what is loaded is in days, of one date each, the dates of
 * a station ascending; each report is valid and comes back as it was from every format that the
 * producer writes. As a file of any rows, each is an object of JSON with the same keys. What is
 * refused is refused with the file's name and a line of it.
 */

#include "common/json.h"
#include "fuzz.h"
#include "producer/csv.h"
#include "producer/feed.h"
#include "record/report_format.h"

static void
check_report(const struct report *report)
{
    static const struct report_reader readers[] = {
        {.format = REPORT_FORMAT_JSON},
        {.format = REPORT_FORMAT_PROTOBUF, .schema = REPORT_SCHEMA_REPORT},
        {.format = REPORT_FORMAT_PROTOBUF, .schema = REPORT_SCHEMA_STATION_REPORT},
    };
    struct report expected = *report, copy;
    uint8_t written[REPORT_SIZE_MAX];
    struct error error = ERROR_INIT;

    must(report_check(report, &error) == 0, "%s", error.text);
    for (size_t i = 0; i < 3; i++) {
        struct report_reader reader = readers[i];
        size_t size = report_write(reader.format, reader.schema, report, written);

        must(report_reader_read(&reader, written, size, &copy, &error) == 0, "%s", error.text);
        expected.degrees = report->degrees + (i == 0 ? 0.0 : -0.0); /* JSON has no -0 */
        must_be_same(&expected, &copy);
        report_reader_fini(&reader);
    }
}

static void
check_days(const struct csv *csv)
{
    const struct report *before = NULL, *reports;
    size_t n_reports;

    for (uint64_t day = 0; (reports = csv_day(csv, day, &n_reports)); day++) {
        must(n_reports >= 1 && n_reports <= csv_widest_day(csv), "%zu", n_reports);
        must(!before || before->date != reports->date, "day %d stands twice", reports->date);
        for (size_t i = 0; i < n_reports; before = &reports[i++]) {
            must(reports[i].date == reports->date, "%d", reports[i].date);
            for (size_t j = 0; j < i; j++)
                must(reports[i].station != reports[j].station, "%s", reports[i].station);
            check_report(&reports[i]);
        }
    }
    must(before, "it has no reports");
}

static int
count_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    ++*(size_t *)userdata;
    return 0;
}

/* Our own reader takes no integers beyond 64 bits, which are JSON all the same. */
static void
check_record(const struct feed_record *record, size_t *n_columns)
{
    struct error error = ERROR_INIT;
    struct json_object *root = NULL;
    size_t n_members = 0;
    int result = json_read(record->payload, record->payload_length, &root, &error);

    must(result == 0 || strstr(error.text, "an integer beyond"), "%s: %.*s", error.text,
         (int)record->payload_length, (const char *)record->payload);
    must(record->key == NULL, "%s", record->key);
    if (result != 0)
        return;
    must(json_each_member(root, count_member, &n_members, &error) == 0, "%s", error.text);
    must(*n_columns == 0 || *n_columns == n_members, "%zu, not %zu", n_members, *n_columns);
    *n_columns = n_members;
    json_release(root);
}

static void
check_rows(const struct fuzz_file *file)
{
    const struct feed_settings settings = {
        .source = FEED_CSV,
        .csv = {.file = file->path, .all_columns = true, .now_columns = NULL},
    };
    struct error error = ERROR_INIT;
    struct feed_record record;
    struct feed *feed = NULL;
    size_t n_columns = 0;

    if (feed_new(&feed, &settings, &error) == 0) {
        must(feed_day_size(feed, 0) == 1, "it has no rows");
        for (uint64_t row = 0; feed_day_size(feed, row) > 0; row++) {
            must(feed_record(feed, row, 0, &record) == 0, "no memory");
            check_record(&record, &n_columns);
        }
    } else {
        fuzz_must_name_line(file, error.text);
    }
    feed_free(feed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct csv_settings settings[] = {
        {.date_column = "date", .degrees_column = "degrees", .station = "S", .unit = 'F'},
        {.date_column = "date",
         .degrees_column = "degrees",
         .station_column = "station",
         .raining_column = "rain",
         .unit = 'C'},
    };

    const struct fuzz_file file = fuzz_file(data, size);

    for (size_t i = 0; i < 2; i++) {
        struct csv_settings with_file = settings[i];
        struct error error = ERROR_INIT;
        struct csv *csv = NULL;

        with_file.file = file.path;
        if (csv_load(&csv, &with_file, &error) == 0)
            check_days(csv);
        else
            fuzz_must_name_line(&file, error.text);
        csv_unload(csv);
    }
    check_rows(&file);
    return 0;
}
