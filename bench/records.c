/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"

#define FIRST_DAY 10957 /* 2000-01-01 */

const char *const form_names[N_FORMS] = {"protobuf", "json", "mapped", "nested"};

/* Names as long as ours, so that only where they come from differs. */
static const struct report_paths paths[N_FORMS] = {
    [MAPPED] = {.station = "vehicle", .date = "when", .degrees = "loading", .raining = "stopped"},
    [NESTED] = {.station = "meta.vehicle",
                .date = "meta.when",
                .degrees = "loading",
                .raining = ""},
};

enum form
form_find(const char *name)
{
    for (enum form form = 0; form < N_FORMS; form++)
        if (strcmp(name, form_names[form]) == 0)
            return form;
    fprintf(stderr, "there is no form \"%s\" of a record\n", name);
    exit(2);
}

/* Returns how long it is. */
static size_t
make_record(uint8_t bytes[REPORT_SIZE_MAX], enum form form, int station, int day)
{
    char id[16], date[DATE_LENGTH + 1], *text = (char *)bytes;
    const struct report report = {
        .station = id,
        .station_length = (size_t)snprintf(id, sizeof(id), "Station%d", station),
        .date = FIRST_DAY + day,
        .degrees = (station * 7 + day * 13) % 900 / 10.0,
        .rain = (station + day) % 3 ? REPORT_DRY : REPORT_RAINING,
    };
    int rain = report.rain == REPORT_RAINING;

    date_format(report.date, date);
    if (form == MAPPED)
        return (size_t)sprintf(
            text, "{\"when\":\"%s\",\"vehicle\":\"%s\",\"loading\":%.1f,\"stopped\":%d}", date, id,
            report.degrees, rain);
    if (form == NESTED)
        return (size_t)sprintf(
            text, "{\"meta\":{\"when\":\"%s\",\"vehicle\":\"%s\"},\"loading\":%.1f,\"stopped\":%d}",
            date, id, report.degrees, rain);
    return report_write(form == JSON ? REPORT_FORMAT_JSON : REPORT_FORMAT_PROTOBUF,
                        REPORT_SCHEMA_REPORT, &report, bytes);
}

void
records_init(struct records *records, enum form form, int days)
{
    size_t n_records = (size_t)STATIONS * (size_t)days;
    uint8_t *at = malloc(n_records * REPORT_SIZE_MAX);

    *records = (struct records){
        .bytes = at,
        .lengths = malloc(n_records * sizeof(*records->lengths)),
        .n_records = n_records,
    };
    if (!records->bytes || !records->lengths)
        abort();
    for (int i = 0; i < (int)n_records; i++) {
        records->lengths[i] = (uint16_t)make_record(at, form, i % STATIONS, i / STATIONS);
        at += records->lengths[i];
    }
}

void
records_fini(struct records *records)
{
    free(records->bytes);
    free(records->lengths);
}

void
records_partition(struct partition *partition, struct report_fields *fields, enum form form)
{
    static const struct partition_policy policy = {.max_stations = STATIONS};
    struct partition_settings settings = {
        .format = form == PROTOBUF ? REPORT_FORMAT_AUTO : REPORT_FORMAT_JSON,
    };

    report_fields_init(fields, &paths[form], MOMENT_DATE);
    if (form == MAPPED || form == NESTED)
        settings.fields = fields;
    partition_init(partition, &settings, &policy, 1);
}
