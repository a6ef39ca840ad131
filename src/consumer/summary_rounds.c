/* SPDX-License-Identifier: MIT */

/*
 * Stations that have changed are marked (changes.h). A round passes over all of them once, and the
 * next one begins summary_interval later, so that no station is sent more often. What a round sends
 * at a time is bounded, and the rest goes out when that has been acknowledged, or after a later
 * checkpoint: a station that changes meanwhile is sent as it is then.
 *
 * When nothing is marked after a checkpoint, and all that was sent has been acknowledged, the topic
 * says what the file says.
 */

#include <string.h>
#include <sysexits.h>

#include "consumer/summaries_private.h"

#define PORTION_MAX  20000         /* summaries under way at a time, of a topic; */
#define PORTION_USEC (SECOND / 10) /* it takes no longer to hand them over */
#define GLANCE       64            /* of them, between two looks at the clock */

bool
summaries_are_clean(const struct consumer *consumer, const struct summary_topic *topic)
{
    for (size_t i = topic->first; i < topic->end; i++)
        if (consumer_partition(consumer, i)->base->stream.dirty)
            return false;
    return true;
}

bool
summaries_have_changes(const struct consumer *consumer, const struct summary_topic *topic)
{
    for (size_t i = topic->first; i < topic->end; i++)
        if (consumer_partition(consumer, i)->changes.n_changed > 0)
            return true;
    return false;
}

/*
 * Looks for a station in the other partitions, when it is sent for the first time. One that turns up
 * in a further partition later is sent from there, and then found here.
 */
static void
look_for_others(struct consumer *consumer, const struct summary_topic *topic, size_t partition,
                size_t index)
{
    const struct station *station =
        &partition_stations(&consumer_partition(consumer, partition)->partition)[index];
    uint8_t *place = &consumer_partition(consumer, partition)->changes.places[index];

    *place = CHANGES_ALONE;
    for (size_t i = topic->first; i < topic->end; i++) {
        struct consumer_partition *other = consumer_partition(consumer, i);
        const struct station *found =
            i == partition
                ? NULL
                : stations_find(&other->partition.stations, station->id.text, station->id.length);

        if (found)
            *place = other->changes.places[found - partition_stations(&other->partition)] =
                CHANGES_SHARED;
    }
}

/*
 * A station's entries in all partitions that are held, in their order: puts them together, or says
 * that none has changed any more.
 */
static void
merge(struct consumer *consumer, const struct summary_topic *topic, const struct station *station,
      struct stats *stats)
{
    bool any = false;

    for (size_t i = topic->first; i < topic->end; i++) {
        struct consumer_partition *partition = consumer_partition(consumer, i);
        const struct station *found =
            stations_find(&partition->partition.stations, station->id.text, station->id.length);

        if (!found)
            continue;
        changes_clear(&partition->changes,
                      (size_t)(found - partition_stations(&partition->partition)));
        if (any)
            stats_merge(stats, &found->stats);
        else
            *stats = found->stats;
        any = true;
    }
}

/* 0, the station being no longer marked; or as sink_send(), and it is. */
static int
send_station(struct consumer *consumer, struct summary_topic *topic, size_t partition, size_t index)
{
    struct summaries *summaries = consumer->summaries;
    struct consumer_partition *from = consumer_partition(consumer, partition);
    const struct station *station = &partition_stations(&from->partition)[index];
    struct stats stats = station->stats;
    struct error error = ERROR_INIT;
    char text[SUMMARY_SIZE_MAX];
    struct sink_message message = {
        .topic = (size_t)(topic - summaries->topics),
        .number = (uint64_t)(topic - summaries->topics),
        .key = station->id.text,
        .key_length = station->id.length,
        .payload = text,
    };
    int result;

    if (from->changes.places[index] == CHANGES_UNKNOWN)
        look_for_others(consumer, topic, partition, index);
    changes_clear(&from->changes, index);
    if (from->changes.places[index] == CHANGES_SHARED)
        merge(consumer, topic, station, &stats);
    message.payload_length = summary_format(&topic->fields, station->id.text, &stats, text);
    result = sink_send(summaries->sink, &message, &error);
    if (result == 0) {
        topic->pending++;
        return 0;
    }
    changes_mark(&from->changes, index);
    if (result < 0) {
        log_event(consumer->reader.log, MESSAGE_SUMMARY_TOPIC_REFUSES,
                  "%s (summary_topic); stopping", error.text[0] ? error.text : strerror(-result));
        summaries->broken = true;
        reader_leave(&consumer->reader, EX_UNAVAILABLE);
    }
    return result;
}

/* Goes on with a round. It has ended when all stations have had their turn. */
static void
send_portion(struct consumer *consumer, struct summary_topic *topic)
{
    uint64_t until = loop_now() + PORTION_USEC;
    size_t sent = 0;

    for (; topic->partition < topic->end; topic->partition++, topic->index = 0) {
        const struct changes *changes = &consumer_partition(consumer, topic->partition)->changes;

        while ((topic->index = changes_next(changes, topic->index)) != CHANGES_NONE) {
            if (sent == PORTION_MAX || (sent % GLANCE == GLANCE - 1 && loop_now() >= until) ||
                send_station(consumer, topic, topic->partition, topic->index) != 0)
                return;
            sent++;
        }
    }
    topic->in_round = false;
}

/* What has been handed over when nothing is marked is all that there is to say of a checkpoint. */
static void
note_handed(struct consumer *consumer, const struct summary_topic *topic)
{
    for (size_t i = topic->first; i < topic->end; i++) {
        struct consumer_partition *partition = consumer_partition(consumer, i);

        partition->handed = partition->changes.n_changed == 0 ? partition->base->durable : -1;
        if (topic->pending == 0)
            partition->acknowledged = partition->handed;
    }
}

void
summaries_send(struct consumer *consumer, struct summary_topic *topic, uint64_t now)
{
    const struct consumer_topic *rules =
        consumer_topic_of(consumer_partition(consumer, topic->first)->base->rules);
    bool hurried = consumer->reader.leaving || consumer->reader.finishing;

    if (topic->pending > 0 || !summaries_are_clean(consumer, topic))
        return;
    if (!topic->in_round && summaries_have_changes(consumer, topic)) {
        if (now < topic->due && !hurried) {
            if (!loop_timer_is_set(consumer->summaries->timer))
                loop_set_timer(consumer->summaries->timer, topic->due);
            return;
        }
        topic->in_round = true;
        topic->partition = topic->first;
        topic->index = 0;
    }
    if (topic->in_round) {
        send_portion(consumer, topic);
        topic->due = now + rules->summary_interval;
    }
    note_handed(consumer, topic);
}

void
summaries_mark_all(struct consumer_partition *partition)
{
    changes_mark_all(&partition->changes, partition->partition.stations.n_stations);
    partition->handed = partition->acknowledged = partition->marked = -1;
}
