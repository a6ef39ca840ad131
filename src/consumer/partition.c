/* SPDX-License-Identifier: MIT */

/* From a record's bytes to its station's statistics. On the path of every record. */

#include <errno.h>
#include <string.h>

#include "common/values.h"
#include "consumer/partition.h"

void
partition_init(struct partition *partition, const struct partition_settings *settings,
               const struct partition_policy *policy, uint64_t seed)
{
    *partition = (struct partition){
        .number = settings->number,
        .layout = settings->layout,
        .shape = settings->shape,
        .policy = policy,
        .reader = {.format = settings->format,
                   .schema = settings->schema,
                   .json = {.fields = settings->fields}},
    };
    stations_init(&partition->stations, seed);
}

void
partition_fini(struct partition *partition)
{
    report_reader_fini(&partition->reader);
    stations_fini(&partition->stations);
}

bool
partition_is_reserved(const char *id, size_t length)
{
    return (length == 6 && memcmp(id, "offset", 6) == 0) ||
           (length == 9 && memcmp(id, "partition", 9) == 0);
}

/* Keeps what the log says of an invalid record; report is NULL when it is none. */
static enum partition_outcome
refuse(struct partition *partition, enum partition_fault fault, const struct report *report)
{
    size_t length = report ? report->station_length : 0;

    if (length > REPORT_STATION_MAX || (report && !value_is_text(report->station, length)))
        length = 0;
    if (length > 0)
        memcpy(partition->station, report->station, length);
    partition->station[length] = '\0';
    partition->fault = fault;
    return PARTITION_INVALID;
}

static int
check_id(const struct report *report, struct error *error)
{
    if (report_check(report, error) < 0)
        return -EINVAL;
    if (partition_is_reserved(report->station, report->station_length))
        return error_set(error, -EINVAL,
                         "a station can't be called \"%.*s\", which is a key of the file itself",
                         (int)report->station_length, report->station);
    return 0;
}

static int
check_room(const struct partition *partition, const struct report *report, struct error *error)
{
    if ((int64_t)partition->stations.n_stations < partition->policy->max_stations)
        return 0;
    return error_set(error, -EINVAL,
                     "a new station, \"%.*s\", beside %zu others; raise max_stations",
                     (int)report->station_length, report->station, partition->stations.n_stations);
}

/* The months of one station; reports may leave its id out. */
static int
check_only_station(struct partition *partition, const struct report *report, struct error *error)
{
    if (report->station_length == 0)
        return 0;
    if (!partition->only[0]) {
        if (check_id(report, error) < 0)
            return -EINVAL;
        memcpy(partition->only, report->station, report->station_length);
        return 0;
    }
    if (strlen(partition->only) == report->station_length &&
        memcmp(partition->only, report->station, report->station_length) == 0)
        return 0;
    if (check_id(report, error) < 0)
        return -EINVAL;
    return error_set(error, -EINVAL,
                     "a report of station \"%.*s\" beside those of \"%s\": layout = monthly is for "
                     "one station",
                     (int)report->station_length, report->station, partition->only);
}

/* The entry of the table that a report belongs to, by its name. */
struct entry_name {
    const char *text;
    size_t length;
};

static enum partition_outcome
add_report(struct partition *partition, const struct report *report, const struct entry_name *name,
           struct error *error)
{
    const struct partition_policy *policy = partition->policy;
    struct station *entry = stations_find(&partition->stations, name->text, name->length);
    struct moment moment = report_moment(report);

    if (!entry) {
        struct stats stats = stats_first(report);
        bool is_station = partition->layout != PARTITION_MONTHLY;

        stats.is_count = partition->shape.degrees == STATS_WITHOUT_DEGREES;
        /* An id is looked at once: what is in the table has been found good. */
        if (is_station && check_id(report, error) < 0)
            return refuse(partition, PARTITION_IMPOSSIBLE, report);
        if (is_station && check_room(partition, report, error) < 0)
            return refuse(partition, PARTITION_FULL, report);
        return stations_add(&partition->stations, name->text, name->length, &stats) < 0
                   ? PARTITION_NO_MEMORY
                   : PARTITION_COUNTED;
    }
    if (policy->duplicates == PARTITION_DROP && moment_is_same(moment, entry->stats.end))
        return PARTITION_DUPLICATE;
    if (policy->late == PARTITION_DROP && moment_is_before(moment, entry->stats.end))
        return PARTITION_LATE;
    if (!stats_add(&entry->stats, report)) {
        error_set(error, 0, "%g degrees would make the sum of %s \"%s\" infinite", report->degrees,
                  partition->layout == PARTITION_MONTHLY ? "month" : "station", entry->id);
        return refuse(partition, PARTITION_IMPOSSIBLE, report);
    }
    return PARTITION_COUNTED;
}

static enum partition_outcome
apply(struct partition *partition, struct report *report, struct error *error)
{
    char date[DATE_LENGTH + 1];

    if (partition->shape.degrees == STATS_WITHOUT_DEGREES)
        report->degrees = 0; /* whatever it says */
    if (__builtin_expect(partition->layout != PARTITION_MONTHLY, 1))
        return add_report(partition, report,
                          &(struct entry_name){report->station, report->station_length}, error);
    if (check_only_station(partition, report, error) < 0)
        return refuse(partition, PARTITION_IMPOSSIBLE, report);
    date_format(moment_date(report_moment(report)), date);
    return add_report(partition, report, &(struct entry_name){date, PARTITION_MONTH_LENGTH}, error);
}

enum partition_outcome
partition_apply(struct partition *partition, const void *payload, size_t length,
                struct error *error)
{
    enum partition_outcome outcome = PARTITION_NO_MEMORY;
    struct report report;
    int result = report_reader_read(&partition->reader, payload, length, &report, error);

    if (result == 0)
        outcome = apply(partition, &report, error);
    else if (result != -ENOMEM)
        outcome = refuse(partition, PARTITION_UNDECODABLE, NULL);
    if (outcome < PARTITION_N_OUTCOMES)
        partition->outcomes[outcome]++;
    report_reader_release(&partition->reader);
    return outcome;
}
