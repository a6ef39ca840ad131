/* SPDX-License-Identifier: MIT */

/* From a record's bytes to its station's statistics. On the path of every record. */

#include <errno.h>
#include <string.h>

#include "consumer/partition.h"

const struct window_rule partition_months = {.kind = WINDOW_MONTH};

void
partition_init(struct partition *partition, const struct partition_settings *settings,
               const struct partition_policy *policy, uint64_t seed)
{
    *partition = (struct partition){
        .number = settings->number,
        .layout = settings->layout,
        .shape = settings->shape,
        .window = settings->window,
        .policy = policy,
        .reader = {.format = settings->format,
                   .schema = settings->schema,
                   .schema_ids = settings->schema_ids,
                   .json = {.fields = settings->fields}},
    };
    if (settings->layout == PARTITION_MONTHLY)
        partition->shape.has_windows = false; /* beside its months */
    stations_init(&partition->stations, sizeof(struct station), seed);
}

void
partition_fini(struct partition *partition)
{
    report_reader_fini(&partition->reader);
    for (size_t i = 0; i < partition->stations.n_stations; i++)
        windows_fini(&partition_stations(partition)[i].windows);
    stations_fini(&partition->stations);
    windows_fini(&partition->months);
}

size_t
partition_entries(const struct partition *partition)
{
    return partition->layout == PARTITION_MONTHLY ? partition->months.n_windows
                                                  : partition->stations.n_stations;
}

/* Keeps what the log says of an invalid record; report is NULL when it is none. */
static enum partition_outcome
refuse(struct partition *partition, enum partition_fault fault, const struct report *report)
{
    report_copy_station(report, partition->station);
    partition->fault = fault;
    return PARTITION_INVALID;
}

/* The months of one station; reports may leave its id out. */
static int
check_only_station(struct partition *partition, const struct report *report, struct error *error)
{
    if (report->station_length == 0)
        return 0;
    if (!partition->only[0]) {
        if (stations_check_id(report, error) < 0)
            return -EINVAL;
        memcpy(partition->only, report->station, report->station_length);
        return 0;
    }
    if (strlen(partition->only) == report->station_length &&
        memcmp(partition->only, report->station, report->station_length) == 0)
        return 0;
    if (stations_check_id(report, error) < 0)
        return -EINVAL;
    return error_set(error, -EINVAL,
                     "a report of station \"%.*s\" beside those of \"%s\": layout = monthly is for "
                     "one station",
                     (int)report->station_length, report->station, partition->only);
}

static bool
is_foreign(const struct partition *partition, const struct report *report)
{
    const struct partition_key *key = partition->key;

    return key && (key->length != report->station_length ||
                   memcmp(key->data, report->station, key->length) != 0);
}

static enum partition_outcome
refuse_key(const struct partition *partition, const struct report *report, struct error *error)
{
    const struct partition_key *key = partition->key;

    error_set(error, 0, "the record's key%s%.*s%s is not its station, \"%.*s\"",
              key->length > 0 ? " \"" : "", (int)(key->length < 64 ? key->length : 64),
              key->length > 0 ? (const char *)key->data : "", key->length > 0 ? "\"" : ", none,",
              (int)report->station_length, report->station);
    return PARTITION_FOREIGN_KEY;
}

/* What becomes of a report beside those of the same station, or of the same window of its time. */
static enum partition_outcome
judge(const struct partition_policy *policy, const struct stats *stats, struct moment moment)
{
    if (policy->duplicates == PARTITION_DROP && moment_is_same(moment, stats->end))
        return PARTITION_DUPLICATE;
    if (policy->late == PARTITION_DROP && moment_is_before(moment, stats->end))
        return PARTITION_LATE;
    return PARTITION_COUNTED;
}

static enum partition_outcome
refuse_sum(struct partition *partition, const struct report *report, const char *thing,
           const char *name, struct error *error)
{
    error_set(error, 0, "%g degrees would make the sum of %s \"%s\" infinite", report->degrees,
              thing, name);
    return refuse(partition, PARTITION_IMPOSSIBLE, report);
}

static struct stats
first_of(const struct partition *partition, const struct report *report)
{
    struct stats stats = stats_first(report);

    stats.is_count = partition->shape.degrees == STATS_WITHOUT_DEGREES;
    return stats;
}

static enum partition_outcome
add_station(struct partition *partition, const struct report *report, struct error *error)
{
    struct windows windows = {.n_windows = 0};
    struct stats stats = first_of(partition, report);
    struct station *entry;

    /* An id is looked at once: what is in the table has been found good. */
    if (stations_check_id(report, error) < 0)
        return refuse(partition, PARTITION_IMPOSSIBLE, report);
    if (stations_check_room(&partition->stations, partition->policy->max_stations, report, error) <
        0)
        return refuse(partition, PARTITION_FULL, report);
    if (is_foreign(partition, report))
        return refuse_key(partition, report, error);
    if (partition->changes &&
        changes_reserve(partition->changes, partition->stations.n_stations + 1) < 0)
        return PARTITION_NO_MEMORY;
    if (partition->window.kind != WINDOW_NONE) {
        if (windows_reserve(&windows) < 0)
            return PARTITION_NO_MEMORY;
        windows_add(&windows, window_begin(&partition->window, stats.end.seconds), &stats);
    }
    entry = stations_add(&partition->stations, report->station, report->station_length);
    if (!entry) {
        windows_fini(&windows);
        return PARTITION_NO_MEMORY;
    }
    entry->stats = stats;
    entry->windows = windows;
    if (partition->changes)
        changes_mark(partition->changes, partition->stations.n_stations - 1);
    return PARTITION_COUNTED;
}

/*
 * Into the station's statistics and those of a window, each as the policy has it: a report that comes
 * late for the station is not late for a window that is still open. Both or neither where the report
 * is invalid or there is no memory.
 */
static enum partition_outcome
add_to_window(struct partition *partition, const struct report *report, struct station *entry,
              struct error *error)
{
    const struct window_rule *rule = &partition->window;
    struct moment moment = report_moment(report);
    int64_t begin = window_begin(rule, moment.seconds), latest = entry->stats.end.seconds;
    struct station_window *window = windows_find(&entry->windows, begin);
    enum partition_outcome outcome = judge(partition->policy, &entry->stats, moment);
    bool closed = window_is_closed(rule, begin, latest);
    enum partition_outcome within = closed   ? PARTITION_LATE
                                    : window ? judge(partition->policy, &window->stats, moment)
                                             : PARTITION_COUNTED;
    struct stats first;

    if ((outcome == PARTITION_COUNTED && !stats_takes(&entry->stats, report)) ||
        (within == PARTITION_COUNTED && window && !stats_takes(&window->stats, report)))
        return refuse_sum(partition, report, "station", entry->id.text, error);
    if (within == PARTITION_COUNTED && !window && windows_reserve(&entry->windows) < 0)
        return PARTITION_NO_MEMORY;
    partition->too_late += closed;
    if (outcome == PARTITION_COUNTED)
        stats_add(&entry->stats, report);
    if (within != PARTITION_COUNTED)
        return outcome;
    if (window) {
        stats_add(&window->stats, report);
        return PARTITION_COUNTED;
    }
    first = first_of(partition, report);
    windows_add(&entry->windows, begin, &first);
    windows_drop(&entry->windows, rule, entry->stats.end.seconds);
    return PARTITION_COUNTED;
}

static enum partition_outcome
add_report(struct partition *partition, const struct report *report, struct error *error)
{
    struct station *entry =
        stations_find(&partition->stations, report->station, report->station_length);
    enum partition_outcome outcome;

    if (!entry)
        return add_station(partition, report, error);
    if (__builtin_expect(is_foreign(partition, report), 0))
        return refuse_key(partition, report, error);
    if (__builtin_expect(partition->window.kind != WINDOW_NONE, 0)) {
        outcome = add_to_window(partition, report, entry, error);
    } else {
        outcome = judge(partition->policy, &entry->stats, report_moment(report));
        if (outcome == PARTITION_COUNTED && !stats_add(&entry->stats, report))
            return refuse_sum(partition, report, "station", entry->id.text, error);
    }
    if (partition->changes && outcome == PARTITION_COUNTED)
        changes_mark(partition->changes, (size_t)(entry - partition_stations(partition)));
    return outcome;
}

static enum partition_outcome
add_to_month(struct partition *partition, const struct report *report, struct error *error)
{
    struct moment moment = report_moment(report);
    int64_t begin = window_begin(&partition_months, moment.seconds);
    struct station_window *month = windows_find(&partition->months, begin);
    struct stats first;
    enum partition_outcome outcome;
    char name[WINDOW_NAME_SIZE];

    if (check_only_station(partition, report, error) < 0)
        return refuse(partition, PARTITION_IMPOSSIBLE, report);
    if (!month) {
        if (windows_reserve(&partition->months) < 0)
            return PARTITION_NO_MEMORY;
        first = first_of(partition, report);
        windows_add(&partition->months, begin, &first);
        return PARTITION_COUNTED;
    }
    outcome = judge(partition->policy, &month->stats, moment);
    if (outcome == PARTITION_COUNTED && !stats_add(&month->stats, report)) {
        window_format(&partition_months, begin, name);
        return refuse_sum(partition, report, "month", name, error);
    }
    return outcome;
}

static enum partition_outcome
apply(struct partition *partition, struct report *report, struct error *error)
{
    if (partition->shape.degrees == STATS_WITHOUT_DEGREES)
        report->degrees = 0; /* whatever it says */
    return __builtin_expect(partition->layout != PARTITION_MONTHLY, 1)
               ? add_report(partition, report, error)
               : add_to_month(partition, report, error);
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
