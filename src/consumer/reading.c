/* SPDX-License-Identifier: MIT */

/*
 * Records, from the source to their partitions, batch by batch. A record is passed (stream_pass)
 * when it has been dealt with, whatever became of it, and never before: the file that a crash
 * leaves behind says either that, or nothing of it.
 */

#include <sysexits.h>

#include "consumer/consumer_private.h"

#define SLICE_USEC 5000 /* of reading, until other events have their turn */

/*
 * A partition was heard from: met is the offset that was, end that of the log where it was asked
 * for, or -1.
 */
static void
heard_from(struct consumer *consumer, struct consumer_partition *partition, int64_t met,
           int64_t end)
{
    int64_t offset = partition->stream.offset < 0 ? met : partition->stream.offset;

    consumer->heard = loop_now();
    partition->heard = true;
    if (partition->until >= 0 || partition->stream.phase != STREAM_RUNNING)
        return;
    if (end < 0)
        end = source_end(consumer->source, (size_t)(partition - consumer->partitions));
    partition->until = end < 0 ? 0 : end;
    partition->complaint[0] = '\0';
    log_event_at(consumer->log, MESSAGE_READING, consumer_at(partition, offset),
                 "reading from offset %lld, the end is %lld", (long long)offset,
                 (long long)partition->until);
}

/* What a stream says about its log, unless it is "go on". */
static void
follow(struct consumer *consumer, struct consumer_partition *partition, enum stream_verdict verdict,
       const struct error *message)
{
    bool fatal = verdict == STREAM_REFUSE || verdict == STREAM_LOST;

    if (fatal || (message->text[0] && consumer_is_news(partition, message->text)))
        log_event_at(consumer->log, fatal ? MESSAGE_IDENTITY_DIFFERS : MESSAGE_IDENTITY_UNVERIFIED,
                     consumer_at(partition, stream_start(&partition->stream)), "%s", message->text);
    if (fatal)
        consumer_leave(consumer, EX_DATAERR);
    else if (verdict == STREAM_SEEK)
        partition->flow = FLOW_RESTART;
}

/* False when it is not to be skipped, or not yet. */
static bool
refuse_record(struct consumer *consumer, struct consumer_partition *partition,
              const struct source_record *record, const struct error *reason)
{
    struct log_fields at = consumer_at(partition, record->offset);
    uint64_t suppressed;

    at.station = partition->partition.station;
    at.prefix = LOG_PREFIX_RECORD;
    if (partition->rules->on_invalid == CONSUMER_STOP) {
        log_event_at(consumer->log, MESSAGE_RECORD_REFUSED, at,
                     "invalid record: %s; stopping there, as on_invalid = stop says", reason->text);
        consumer_leave(consumer, EX_DATAERR);
        return false;
    }
    if (partition->fixed->invalid_topic &&
        !consumer_send_letter(consumer, partition, record, reason)) {
        partition->partition.outcomes[PARTITION_INVALID]--; /* it is met again */
        return false;
    }
    if (sampler_pass(&partition->invalid, loop_now(), &suppressed))
        log_event_at(consumer->log,
                     partition->partition.fault == PARTITION_FULL ? MESSAGE_STATIONS_FULL
                                                                  : MESSAGE_RECORD_INVALID,
                     at, "invalid record skipped: %s (%llu in all, %llu since the last such line)",
                     reason->text,
                     (unsigned long long)partition->partition.outcomes[PARTITION_INVALID],
                     (unsigned long long)suppressed + 1);
    stream_pass(&partition->stream, record->offset);
    return true;
}

/* False when the record was not dealt with: it is met again, or the consumer is leaving. */
static bool
apply_record(struct consumer *consumer, struct consumer_partition *partition,
             const struct source_record *record)
{
    struct partition_key key;
    struct error reason;

    reason.text[0] = '\0';
    if (__builtin_expect(partition->keyed, 0)) {
        key = (struct partition_key){record->key, record->key_length};
        partition->partition.key = &key;
    }
    switch (
        partition_apply(&partition->partition, record->payload, record->payload_length, &reason)) {
    case PARTITION_INVALID:
        return refuse_record(consumer, partition, record, &reason);
    case PARTITION_NO_MEMORY:
        log_event_at(consumer->log, MESSAGE_FAULT, consumer_at_file(partition, record->offset),
                     "no memory for a record beside %zu stations; stopping",
                     partition_entries(&partition->partition));
        consumer_leave(consumer, EX_SOFTWARE);
        return false;
    case PARTITION_FOREIGN_KEY:
        return consumer_admit_key(consumer, partition, record, &reason) &&
               apply_record(consumer, partition, record);
    default:
        stream_pass(&partition->stream, record->offset);
        return true;
    }
}

static void
take_record(struct consumer *consumer, struct consumer_partition *partition,
            const struct source_record *record)
{
    if (__builtin_expect(!stream_is_next(&partition->stream, record->offset), 0)) {
        struct error message = ERROR_INIT;
        enum stream_verdict verdict =
            stream_meet(&partition->stream, consumer->source, record, &message);

        follow(consumer, partition, verdict, &message);
        if (!consumer->leaving)
            heard_from(consumer, partition, record->offset, -1);
        if (verdict != STREAM_APPLY)
            return;
    }
    /* A tombstone, legal in a compacted topic, is no report and nothing to complain about. */
    if (!record->payload)
        stream_pass(&partition->stream, record->offset);
    else if (!apply_record(consumer, partition, record))
        return;
    partition->last = record;
    consumer->applied++;
}

static void
meet_end(struct consumer *consumer, struct consumer_partition *partition, int64_t end)
{
    struct error message = ERROR_INIT;

    follow(consumer, partition, stream_meet_end(&partition->stream, end, &message), &message);
    if (consumer->leaving)
        return;
    heard_from(consumer, partition, end, end);
    partition->end_met = end;
    if (partition->stream.phase == STREAM_RUNNING && partition->flow == FLOW_ON)
        partition->ended = true;
}

/* Goes on behind records that the broker no longer has; false when the settings say to stop. */
static bool
pass_gap(struct consumer *consumer, struct consumer_partition *partition, int64_t low,
         const struct error *message)
{
    if (partition->rules->on_lost_offset != CONSUMER_LOST_EARLIEST) {
        log_event_at(consumer->log, MESSAGE_OFFSET_LOST,
                     consumer_at(partition, partition->stream.offset),
                     "%s; to go on behind the gap, start once with -o "
                     "consumer.on_lost_offset=earliest",
                     message->text);
        consumer_leave(consumer, EX_DATAERR);
        return false;
    }
    log_event_at(consumer->log, MESSAGE_RECORDS_LOST,
                 consumer_at(partition, partition->stream.offset), "%s; going on at offset %lld",
                 message->text, (long long)low);
    partition->lost += stream_pass_gap(&partition->stream, low);
    return true;
}

static void
meet_range(struct consumer *consumer, struct consumer_partition *partition)
{
    struct error message = ERROR_INIT;
    enum stream_verdict verdict;
    int64_t low, high;

    /* Should the broker contradict itself, it is not asked more than once a second. */
    partition->flow = FLOW_HELD;
    if (source_query_range(consumer->source, (size_t)(partition - consumer->partitions),
                           QUERY_TIMEOUT_MSEC, &low, &high, &message) < 0) {
        consumer_warn(consumer, partition, MESSAGE_KAFKA_TROUBLE, message.text);
        return;
    }
    verdict = stream_meet_range(&partition->stream, low, high, &message);
    if (verdict != STREAM_LOST)
        follow(consumer, partition, verdict, &message);
    else if (!pass_gap(consumer, partition, low, &message))
        return;
    partition->flow = FLOW_HELD;
    if (!consumer->leaving)
        heard_from(consumer, partition, low, high);
}

/* What is remembered of the record that was passed last. */
static void
remember(struct consumer *consumer, struct consumer_partition *partition)
{
    stream_remember(&partition->stream, consumer->source, partition->last);
    partition->last_timestamp = source_timestamp(consumer->source, partition->last);
    if (partition->partition.only[0] && !partition->stream.identity.station[0])
        stream_learn_station(&partition->stream, partition->partition.only);
    partition->last = NULL;
    partition->heard = true;
}

/*
 * A broker that comes back may lack records that it had not yet written to its disk, and in place of
 * one that is gone one may be elected that never had them. When the log has grown again before it is
 * asked, librdkafka goes on as if it were the same (up to 2.0; later ones would notice the election,
 * but not the broker).
 *
 * Called between two batches, or from within source_take(): what the batch then holds is not taken.
 */
void
consumer_doubt(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        if (partition->flow != FLOW_ON || partition->stream.phase != STREAM_RUNNING)
            continue;
        stream_doubt(&partition->stream);
        partition->flow = FLOW_RESTART;
    }
}

static void
meet_failure(struct consumer *consumer, struct consumer_partition *partition,
             const struct source_record *record)
{
    partition->heard = true;
    consumer_warn(consumer, partition,
                  record->kind == SOURCE_DAMAGED   ? MESSAGE_RECORD_DAMAGED
                  : record->kind == SOURCE_MISSING ? MESSAGE_TOPIC_MISSING
                  : record->kind == SOURCE_REFUSED ? MESSAGE_KAFKA_REFUSES_NOW
                                                   : MESSAGE_KAFKA_TROUBLE,
                  record->text);
    if (record->kind == SOURCE_DAMAGED)
        partition->flow = FLOW_HELD; /* fetched again, never passed over */
    if (record->kind == SOURCE_MISSING && partition->stream.phase == STREAM_RUNNING) {
        /* When it comes back it need not be the same as what was read, up to this batch. */
        if (partition->last)
            remember(consumer, partition);
        stream_doubt(&partition->stream);
        partition->flow = FLOW_RESTART;
    }
}

static void
take(struct consumer *consumer, const struct source_record *record)
{
    struct consumer_partition *partition = &consumer->partitions[record->slot];

    if (partition->flow != FLOW_ON)
        return; /* what the batch still holds of it comes from before */
    switch (record->kind) {
    case SOURCE_RECORD:
        take_record(consumer, partition, record);
        break;
    case SOURCE_END:
        meet_end(consumer, partition, record->offset);
        break;
    case SOURCE_OUT_OF_RANGE:
        partition->flow = FLOW_RANGE;
        partition->heard = true;
        break;
    case SOURCE_FAILURE:
    case SOURCE_REFUSED:
    case SOURCE_DAMAGED:
    case SOURCE_MISSING:
        meet_failure(consumer, partition, record);
        break;
    }
}

static void
finish_batch(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        if (partition->last)
            remember(consumer, partition);
        if (partition->until >= 0 && partition->stream.offset >= partition->until)
            partition->ended = true;
    }
    source_release(consumer->source);
}

static void
restart_partitions(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];
        struct error error = ERROR_INIT;

        if (partition->flow != FLOW_RESTART)
            continue;
        partition->flow = FLOW_ON;
        log_event_at(consumer->log, MESSAGE_DEBUG,
                     consumer_at(partition, stream_start(&partition->stream)),
                     "reading again from offset %lld", (long long)stream_start(&partition->stream));
        if (source_restart(consumer->source, i, stream_start(&partition->stream), &error) < 0) {
            log_event_at(consumer->log, MESSAGE_FAULT, consumer_at(partition, -1), "%s",
                         error.text);
            consumer_leave(consumer, EX_SOFTWARE);
        }
    }
}

/* How many entries the queue gave: less than SOURCE_BATCH, and it is empty. */
static size_t
take_batch(struct consumer *consumer)
{
    const struct source_record *records;
    size_t entries, n = source_take(consumer->source, &records, &entries);

    if (n > 0)
        consumer_note_contact(consumer);
    consumer->metrics_due |= n > 0;
    for (size_t i = 0; i < n && !consumer->leaving; i++)
        take(consumer, &records[i]);
    finish_batch(consumer);
    restart_partitions(consumer);
    return entries;
}

/* One a turn of the loop: each question may take a second, and signals must have their turn. */
static void
ask_for_range(struct consumer *consumer)
{
    bool asked = false;

    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        if (partition->flow != FLOW_RANGE)
            continue;
        if (asked) {
            loop_go_on(consumer->loop);
            return;
        }
        meet_range(consumer, partition);
        asked = true;
    }
}

static void
leave_at_end(struct consumer *consumer)
{
    bool known = true;

    if (consumer->letters && dead_letters_pending(consumer->letters) > 0)
        return; /* comes back when they are acknowledged */
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        if (!consumer->partitions[i].ended)
            return;
        known = known && consumer->partitions[i].stream.identity.partitions > 0;
    }
    if (!consumer_finish_summaries(consumer))
        return; /* likewise */
    /* The question waits behind the fetch that is under way, so it is asked only where it must be. */
    if (!known)
        consumer_learn(consumer);
    consumer_leave(consumer, EX_OK);
}

/* No more is read until copies of invalid records have been acknowledged. */
static bool
is_waiting(struct consumer *consumer)
{
    if (consumer->letters && dead_letters_is_full(consumer->letters))
        consumer->awaiting = true;
    return consumer->awaiting;
}

void
consumer_read(struct consumer *consumer)
{
    uint64_t until = loop_now() + SLICE_USEC;
    size_t entries;

    if (consumer->paused || consumer->awaiting || consumer->leaving)
        return;
    if (consumer->finishing) {
        leave_at_end(consumer);
        return;
    }
    do
        entries = take_batch(consumer);
    while (entries == SOURCE_BATCH && !consumer->leaving && !is_waiting(consumer) &&
           loop_now() < until);
    if (entries == SOURCE_BATCH)
        loop_go_on(consumer->loop);
    if (!consumer->leaving)
        ask_for_range(consumer);
    if (consumer->daemon->flag && !consumer->leaving)
        leave_at_end(consumer);
    if (!consumer->leaving)
        consumer_schedule_save(consumer);
}
