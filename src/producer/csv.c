/* SPDX-License-Identifier: MIT */

/*
 * Observations of a CSV file, as reports by day. The file is read by
 * csv_reader.c; here its values get their meaning: dates, degrees, rain and the
 * order that the reports of a station must have.
 */

#include <errno.h>
#include <math.h>
#include <float.h>
#include <search.h>
#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/values.h"
#include "producer/csv.h"
#include "producer/csv_reader.h"

/* A station's id, which the reports point to, and where it stood last. */
struct station {
    const char *id;
    int32_t date;
    unsigned long line;
};

struct csv {
    struct report *reports;
    size_t n_reports;
    size_t n_allocated;
    size_t *days; /* index of the first report of each, and of the end */
    size_t n_days;
    size_t widest;
    void *stations; /* tsearch's tree of struct station */
};

enum column {
    COLUMN_DATE,
    COLUMN_DEGREES,
    COLUMN_STATION,
    COLUMN_RAINING,
    N_COLUMNS,
};

struct loader {
    struct csv *csv;
    const struct csv_settings *settings;
    const char *columns[N_COLUMNS];
};

CLEANUP_DEFINE(struct csv *, csv_unload);

static int
compare_stations(const void *a, const void *b)
{
    return strcmp(((const struct station *)a)->id, ((const struct station *)b)->id);
}

/* The station of that id, made when it is new; NULL when memory is out. */
static struct station *
find_station(struct csv *csv, const char *id)
{
    cleanup(free) struct station *station = NULL;
    struct station key = {.id = id};
    struct station **found = tfind(&key, &csv->stations, compare_stations);
    size_t size = strlen(id) + 1;

    if (found)
        return *found;
    station = malloc(sizeof(*station) + size);
    if (!station)
        return NULL;
    *station = (struct station){.id = memcpy(station + 1, id, size), .date = DATE_MIN - 1};
    found = tsearch(station, &csv->stations, compare_stations);
    if (!found)
        return NULL;
    station = NULL;
    return *found;
}

static int
append_report(struct csv *csv, const struct report *report)
{
    if (csv->n_reports == csv->n_allocated) {
        size_t n = csv->n_allocated > 0 ? 2 * csv->n_allocated : 1024;
        struct report *reports = reallocarray(csv->reports, n, sizeof(*reports));

        if (!reports)
            return -ENOMEM;
        csv->reports = reports;
        csv->n_allocated = n;
    }
    csv->reports[csv->n_reports++] = *report;
    return 0;
}

/*
 * How much fell, or whether. Archives write "missing" as -1 or -9999: neither dry nor guessed at.
 */
static bool
parse_rain(const char *text, enum report_rain *rainp)
{
    double number;

    if (text[0] == '\0')
        *rainp = REPORT_RAIN_UNKNOWN;
    else if (strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0)
        *rainp = REPORT_RAINING;
    else if (strcasecmp(text, "no") == 0 || strcasecmp(text, "false") == 0)
        *rainp = REPORT_DRY;
    else if (value_parse_number(text, 0, DBL_MAX, &number, NULL) == 0)
        *rainp = number > 0 ? REPORT_RAINING : REPORT_DRY;
    else
        return false;
    return true;
}

static int
parse_values(const struct loader *loader, const char *const *values, struct report *report,
             struct error *error)
{
    bool celsius = loader->settings->unit == 'C';
    double limit = celsius ? DBL_MAX / 1e6 : DBL_MAX; /* so that the conversion stays finite */

    if (!date_parse(values[COLUMN_DATE], strlen(values[COLUMN_DATE]), &report->date))
        return error_set(error, CSV_E_BAD, "column \"%s\": \"%s\" is not %s",
                         loader->columns[COLUMN_DATE], values[COLUMN_DATE],
                         "a date; write one that exists, as YYYY-MM-DD");
    if (value_parse_number(values[COLUMN_DEGREES], -limit, limit, &report->degrees, NULL) < 0)
        return error_set(error, CSV_E_BAD, "column \"%s\": \"%s\" is not %s",
                         loader->columns[COLUMN_DEGREES], values[COLUMN_DEGREES],
                         "a finite decimal number; correct it, or delete the row");
    if (celsius)
        report->degrees =
            round((report->degrees * 9 / 5 + 32) * 1e4) / 1e4; /* 55.04, not 55.040000000000006 */
    if (!parse_rain(values[COLUMN_RAINING], &report->rain))
        return error_set(error, CSV_E_BAD, "column \"%s\": \"%s\" is not %s",
                         loader->columns[COLUMN_RAINING], values[COLUMN_RAINING],
                         "a number from 0 up, yes, no, true or false; correct it, or leave it "
                         "empty where it is not known");
    return 0;
}

static int
load_row(void *userdata, unsigned long line, const char *const *values, struct error *error)
{
    const struct loader *loader = userdata;
    const char *id =
        loader->columns[COLUMN_STATION] ? values[COLUMN_STATION] : loader->settings->station;
    struct report report = {.station = id, .station_length = strlen(id)};
    struct station *station;
    int r;

    r = parse_values(loader, values, &report, error);
    if (r != 0)
        return r;
    if (report_check(&report, error) < 0)
        return error_prefix(error, CSV_E_BAD, "column \"%s\": ", loader->columns[COLUMN_STATION]);
    station = find_station(loader->csv, id);
    if (!station)
        return error_set(error, -ENOMEM, "no memory for station \"%s\"", id);
    if (report.date <= station->date)
        return error_set(error, CSV_E_BAD,
                         "column \"%s\": \"%s\" is not after the date of station \"%s\" in line "
                         "%lu; sort the rows by date, and leave one of each date and station",
                         loader->columns[COLUMN_DATE], values[COLUMN_DATE], id, station->line);
    station->date = report.date;
    station->line = line;
    report.station = station->id;
    if (append_report(loader->csv, &report) < 0)
        return error_set(error, -ENOMEM, "no memory for %zu reports", loader->csv->n_reports + 1);
    return 0;
}

static int
find_days(struct csv *csv)
{
    csv->days = malloc((csv->n_reports + 1) * sizeof(*csv->days));
    if (!csv->days)
        return -ENOMEM;
    for (size_t i = 0; i < csv->n_reports; i++)
        if (i == 0 || csv->reports[i].date != csv->reports[i - 1].date)
            csv->days[csv->n_days++] = i;
    csv->days[csv->n_days] = csv->n_reports;
    for (size_t day = 0; day < csv->n_days; day++)
        if (csv->widest < csv->days[day + 1] - csv->days[day])
            csv->widest = csv->days[day + 1] - csv->days[day];
    return 0;
}

static int
check_settings(const struct csv_settings *settings, struct error *error)
{
    struct report probe = {.station = settings->station};
    int r;

    if (!settings->file || !settings->date_column || !settings->degrees_column)
        return error_set(error, -EINVAL, "[csv] needs file, date_column and degrees_column");
    if (settings->unit != 'F' && settings->unit != 'C')
        return error_set(error, -EINVAL, "[csv] unit must be F or C");
    if (settings->station_column)
        return 0;
    if (!settings->station)
        return error_set(
            error, -EINVAL,
            "[csv] needs station_column, or station where the file has no such column");
    probe.station_length = strlen(settings->station);
    r = report_check(&probe, error);
    return r < 0 ? error_prefix(error, r, "[csv] station: ") : 0;
}

int
csv_load(struct csv **csvp, const struct csv_settings *settings, struct error *error)
{
    cleanup(csv_unload) struct csv *csv = NULL;
    struct loader loader = {
        .settings = settings,
        .columns = {settings->date_column, settings->degrees_column, settings->station_column,
                    settings->raining_column},
    };
    struct csv_request request = {.file = settings->file,
                                  .columns = loader.columns,
                                  .n_columns = N_COLUMNS,
                                  .row = load_row,
                                  .userdata = &loader};
    int r;

    r = check_settings(settings, error);
    if (r < 0)
        return r;
    csv = calloc(1, sizeof(*csv));
    if (!csv)
        return error_set(error, -ENOMEM, "%s: no memory", settings->file);
    loader.csv = csv;
    r = csv_reader_read(&request, error);
    if (r != 0)
        return r;
    if (find_days(csv) < 0)
        return error_set(error, -ENOMEM, "%s: no memory for its days", settings->file);
    *csvp = csv;
    csv = NULL;
    return 0;
}

void
csv_unload(struct csv *csv)
{
    if (!csv)
        return;
    tdestroy(csv->stations, free);
    free(csv->days);
    free(csv->reports);
    free(csv);
}

const struct report *
csv_day(const struct csv *csv, uint64_t day, size_t *n_reports)
{
    if (day >= csv->n_days) {
        *n_reports = 0;
        return NULL;
    }
    *n_reports = csv->days[day + 1] - csv->days[day];
    return csv->reports + csv->days[day];
}

size_t
csv_widest_day(const struct csv *csv)
{
    return csv->widest;
}
