/* SPDX-License-Identifier: MIT */

/* From a record's bytes to its station's statistics. On the path of every record. */

#include <errno.h>
#include <string.h>

#include "consumer/partition.h"

void
partition_init(struct partition *partition, const struct partition_policy *policy, uint64_t seed)
{
    *partition = (struct partition){.policy = policy};
    stations_init(&partition->stations, seed);
}

void
partition_fini(struct partition *partition)
{
    report_protobuf_fini(&partition->reader);
    stations_fini(&partition->stations);
}

bool
partition_is_reserved(const char *id, size_t length)
{
    return (length == 6 && memcmp(id, "offset", 6) == 0) ||
           (length == 9 && memcmp(id, "partition", 9) == 0);
}

/* An id is looked at once: what is in the table has been found good. */
static enum partition_outcome
apply_first(struct partition *partition, const struct report *report, struct error *error)
{
    struct stats stats = stats_first(report);

    if (report_check(report, error) < 0)
        return PARTITION_INVALID;
    if (partition_is_reserved(report->station, report->station_length)) {
        error_set(error, 0, "a station can't be called \"%.*s\", which is a key of the file itself",
                  (int)report->station_length, report->station);
        return PARTITION_INVALID;
    }
    if (partition->stations.n_stations >= partition->policy->max_stations) {
        error_set(error, 0, "a new station, \"%.*s\", beside %zu others; raise max_stations",
                  (int)report->station_length, report->station, partition->stations.n_stations);
        return PARTITION_INVALID;
    }
    if (stations_add(&partition->stations, report->station, report->station_length, &stats) < 0)
        return PARTITION_NO_MEMORY;
    return PARTITION_COUNTED;
}

static enum partition_outcome
apply(struct partition *partition, const void *payload, size_t length, struct error *error)
{
    const struct partition_policy *policy = partition->policy;
    struct station *station;
    struct report report;

    if (report_protobuf_read(&partition->reader, payload, length, &report, error) < 0)
        return PARTITION_INVALID;
    station = stations_find(&partition->stations, report.station, report.station_length);
    if (!station)
        return apply_first(partition, &report, error);
    if (report.date == station->stats.end && !policy->keep_duplicates)
        return PARTITION_DUPLICATE;
    if (report.date < station->stats.end && !policy->keep_late)
        return PARTITION_LATE;
    if (!stats_add(&station->stats, &report)) {
        error_set(error, 0, "%g degrees would make the sum of station \"%s\" infinite",
                  report.degrees, station->id);
        return PARTITION_INVALID;
    }
    return PARTITION_COUNTED;
}

enum partition_outcome
partition_apply(struct partition *partition, const void *payload, size_t length,
                struct error *error)
{
    enum partition_outcome outcome = apply(partition, payload, length, error);

    if (outcome < PARTITION_N_OUTCOMES)
        partition->outcomes[outcome]++;
    return outcome;
}
