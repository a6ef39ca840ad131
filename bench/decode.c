/* SPDX-License-Identifier: MIT */

/*
 * What a record costs between librdkafka and the disk: decoded and applied, in nanoseconds of this
 * thread, for each form that a record can have. The forms take turns, so that a machine whose speed
 * changes treats them alike; of each the best round counts.
 *
 *     decode                    prints a line a form
 *     decode A B MAXIMUM        and fails when A costs more than MAXIMUM times what B does
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "consumer/partition.h"

#define STATIONS  1000
#define DAYS      100
#define ROUNDS    31
#define FIRST_DAY 10957 /* 2000-01-01 */

enum form { PROTOBUF, JSON, MAPPED, NESTED, N_FORMS };

static const char *const names[N_FORMS] = {"protobuf", "json", "mapped", "nested"};

/* Names as long as ours, so that only where they come from differs. */
static const struct report_paths paths[N_FORMS] = {
    [MAPPED] = {.station = "vehicle", .date = "when", .degrees = "loading", .raining = "stopped"},
    [NESTED] = {.station = "meta.vehicle",
                .date = "meta.when",
                .degrees = "loading",
                .raining = ""},
};

/* Side by side, as librdkafka has those of a fetch. */
struct records {
    uint8_t *bytes;
    size_t lengths[STATIONS * DAYS];
};

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

static struct records *
make_records(enum form form)
{
    struct records *records = malloc(sizeof(*records));
    uint8_t *at = records ? malloc((size_t)STATIONS * DAYS * REPORT_SIZE_MAX) : NULL;

    if (!at)
        abort();
    records->bytes = at;
    for (int i = 0; i < STATIONS * DAYS; i++) {
        records->lengths[i] = make_record(at, form, i % STATIONS, i / STATIONS);
        at += records->lengths[i];
    }
    return records;
}

/* Nanoseconds of this thread. */
static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* A record's share of one round. */
static double
apply_all(enum form form, const struct records *records)
{
    static const struct partition_policy policy = {.max_stations = STATIONS};
    struct partition_settings settings = {
        .format = form == PROTOBUF ? REPORT_FORMAT_AUTO : REPORT_FORMAT_JSON,
    };
    struct report_fields fields;
    struct partition partition;
    const uint8_t *at = records->bytes;
    struct error error;
    double began;

    report_fields_init(&fields, &paths[form], MOMENT_DATE);
    if (form == MAPPED || form == NESTED)
        settings.fields = &fields;
    partition_init(&partition, &settings, &policy, 1);
    began = now();
    for (int i = 0; i < STATIONS * DAYS; at += records->lengths[i++])
        if (partition_apply(&partition, at, records->lengths[i], &error) != PARTITION_COUNTED)
            abort();
    began = now() - began;
    partition_fini(&partition);
    return began / (STATIONS * DAYS);
}

static enum form
find(const char *name)
{
    for (enum form form = 0; form < N_FORMS; form++)
        if (strcmp(name, names[form]) == 0)
            return form;
    fprintf(stderr, "decode: there is no form %s\n", name);
    exit(2);
}

int
main(int argc, char **argv)
{
    struct records *records[N_FORMS];
    double best[N_FORMS];

    for (enum form form = 0; form < N_FORMS; form++) {
        records[form] = make_records(form);
        best[form] = apply_all(form, records[form]);
    }
    for (int round = 1; round < ROUNDS; round++)
        for (enum form form = 0; form < N_FORMS; form++) {
            double cost = apply_all(form, records[form]);

            if (cost < best[form])
                best[form] = cost;
        }
    for (enum form form = 0; form < N_FORMS; form++) {
        printf("%s: %.1f ns a record\n", names[form], best[form]);
        free(records[form]->bytes);
        free(records[form]);
    }
    if (argc != 4)
        return 0;
    printf("%s / %s: %.2f\n", argv[1], argv[2], best[find(argv[1])] / best[find(argv[2])]);
    return best[find(argv[1])] > strtod(argv[3], NULL) * best[find(argv[2])];
}
