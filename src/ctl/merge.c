/* SPDX-License-Identifier: MIT */

/*
 * Everything goes into one array, which is sorted so that what belongs together stands together. Ids
 * are in the order in which people count: Station2 before Station10.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "ctl/merge.h"

/* An entry of one file, before the same ones are put together. */
struct part {
    struct merged_station station;
    size_t topic_rank;
    int32_t partition;
};

static int
compare_stations(const struct part *a, const struct part *b)
{
    int result = strverscmp(a->station.id, b->station.id);

    if (result == 0)
        result = strcmp(a->station.id, b->station.id);
    if (result == 0)
        result = a->station.year - b->station.year;
    return result != 0 ? result : a->station.month - b->station.month;
}

static int
compare_parts(const void *left, const void *right)
{
    const struct part *a = left, *b = right;
    int result;

    if (a->topic_rank != b->topic_rank)
        return a->topic_rank < b->topic_rank ? -1 : 1;
    result = compare_stations(a, b);
    if (result != 0)
        return result;
    return a->partition < b->partition ? -1 : a->partition > b->partition;
}

static void
fill_part(struct part *part, const struct snapshot_file *file, size_t index)
{
    const struct partition *partition = &file->partition;

    part->partition = file->number;
    part->station = (struct merged_station){.topic = file->topic};
    if (partition->layout == PARTITION_MONTHLY) {
        const struct station_window *month = &partition->months.windows[index];
        struct date_civil civil = window_civil(month->begin);

        part->station.id = file->station;
        part->station.stats = month->stats;
        part->station.year = civil.year;
        part->station.month = civil.month;
    } else {
        const struct station *station = &partition_stations(partition)[index];

        part->station.id = station->id.text;
        part->station.stats = station->stats;
    }
}

static bool
has_statistics(const struct snapshot_file *file)
{
    return file->good && !file->is_forecast;
}

static size_t
rank_topic(const struct snapshot *snapshot, const char *topic)
{
    size_t i = 0;

    while (strcmp(snapshot->files[i].topic, topic) != 0)
        i++;
    return i;
}

static size_t
fill_parts(struct part *parts, const struct snapshot *snapshot)
{
    size_t n_parts = 0;

    for (size_t i = 0; i < snapshot->n_files; i++) {
        const struct snapshot_file *file = &snapshot->files[i];
        size_t topic_rank = rank_topic(snapshot, file->topic);

        for (size_t j = 0; has_statistics(file) && j < snapshot_entries(file); j++) {
            fill_part(&parts[n_parts], file, j);
            parts[n_parts++].topic_rank = topic_rank;
        }
    }
    return n_parts;
}

static size_t
count_parts(const struct snapshot *snapshot)
{
    size_t n_parts = 0;

    for (size_t i = 0; i < snapshot->n_files; i++)
        if (has_statistics(&snapshot->files[i]))
            n_parts += snapshot_entries(&snapshot->files[i]);
    return n_parts;
}

static int
add_partition(struct partition_list *list, int32_t partition)
{
    int32_t *partitions =
        reallocarray(list->partitions, list->n_partitions + 1, sizeof(*partitions));

    if (!partitions)
        return -ENOMEM;
    list->partitions = partitions;
    partitions[list->n_partitions++] = partition;
    return 0;
}

int
merged_init(struct merged *merged, const struct snapshot *snapshot)
{
    size_t n_parts = count_parts(snapshot);
    cleanup(free) struct part *parts = calloc(n_parts + 1, sizeof(*parts));

    *merged = (struct merged){.stations = calloc(n_parts + 1, sizeof(*merged->stations))};
    if (!parts || !merged->stations)
        return -ENOMEM;
    n_parts = fill_parts(parts, snapshot);
    qsort(parts, n_parts, sizeof(*parts), compare_parts);
    for (size_t i = 0; i < n_parts; i++) {
        if (i > 0 && parts[i].topic_rank == parts[i - 1].topic_rank &&
            compare_stations(&parts[i], &parts[i - 1]) == 0)
            stats_merge(&merged->stations[merged->n_stations - 1].stats, &parts[i].station.stats);
        else
            merged->stations[merged->n_stations++] = parts[i].station;
        if (add_partition(&merged->stations[merged->n_stations - 1].partitions,
                          parts[i].partition) < 0)
            return -ENOMEM;
    }
    return 0;
}

void
merged_fini(struct merged *merged)
{
    for (size_t i = 0; i < merged->n_stations; i++)
        partition_list_fini(&merged->stations[i].partitions);
    free(merged->stations);
}
