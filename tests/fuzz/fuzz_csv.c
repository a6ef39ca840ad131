/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as a CSV file of observations: what is loaded is in days, of one date each, the dates of
 * a station ascending; each report is valid and comes back as it was from every format that the
 * producer writes. What is refused is refused with the file's name and a line of it.
 */

#include "fuzz.h"
#include "producer/csv.h"
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
    return 0;
}
