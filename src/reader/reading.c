/* SPDX-License-Identifier: MIT */

/*
 * Records, from the source to their partitions, batch by batch. A record is passed (stream_pass)
 * when it has been dealt with, whatever became of it, and never before: the file that a crash
 * leaves behind says either that, or nothing of it.
 */

#include <sysexits.h>

#include "reader/reader_private.h"

#define SLICE_USEC 5000 /* of reading, until other events have their turn */

/*
 * A partition was heard from: met is the offset that was, end that of the log where it was asked
 * for, or -1.
 */
static void
heard_from(struct reader *reader, struct reader_partition *partition, int64_t met, int64_t end)
{
    int64_t offset = partition->stream.offset < 0 ? met : partition->stream.offset;

    reader->heard = loop_now();
    partition->heard = true;
    if (partition->until >= 0 || partition->stream.phase != STREAM_RUNNING)
        return;
    if (end < 0)
        end = source_end(reader->source, (size_t)(partition - reader->partitions));
    partition->until = end < 0 ? 0 : end;
    partition->complaint[0] = '\0';
    log_event_at(reader->log, MESSAGE_READING, reader_at(partition, offset),
                 "reading from offset %lld, the end is %lld", (long long)offset,
                 (long long)partition->until);
}

/* What a stream says about its log, unless it is "go on". */
static void
follow(struct reader *reader, struct reader_partition *partition, enum stream_verdict verdict,
       const struct error *message)
{
    bool fatal = verdict == STREAM_REFUSE || verdict == STREAM_LOST;

    if (fatal || (message->text[0] && reader_is_news(partition, message->text)))
        log_event_at(reader->log, fatal ? MESSAGE_IDENTITY_DIFFERS : MESSAGE_IDENTITY_UNVERIFIED,
                     reader_at(partition, stream_start(&partition->stream)), "%s", message->text);
    if (fatal)
        reader_leave(reader, EX_DATAERR);
    else if (verdict == STREAM_SEEK)
        partition->flow = FLOW_RESTART;
}

/* False when it is not to be skipped, or not yet. */
static bool
refuse_record(struct reader *reader, struct reader_partition *partition,
              const struct source_record *record, const struct reader_fault *fault)
{
    struct log_fields at = reader_at(partition, record->offset);
    uint64_t *invalid = reader_invalid_of(reader, partition);
    uint64_t suppressed;

    at.station = fault->station;
    at.prefix = LOG_PREFIX_RECORD;
    if (partition->rules->on_invalid == READER_STOP) {
        log_event_at(reader->log, MESSAGE_RECORD_REFUSED, at,
                     "invalid record: %s; stopping there, as on_invalid = stop says",
                     fault->reason.text);
        reader_leave(reader, EX_DATAERR);
        return false;
    }
    if (partition->fixed->invalid_topic && !reader_send_letter(reader, partition, record, fault)) {
        --*invalid; /* it is met again */
        return false;
    }
    if (sampler_pass(&partition->invalid, loop_now(), &suppressed))
        log_event_at(reader->log, fault->message, at,
                     "invalid record skipped: %s (%llu in all, %llu since the last such line)",
                     fault->reason.text, (unsigned long long)*invalid,
                     (unsigned long long)suppressed + 1);
    stream_pass(&partition->stream, record->offset);
    return true;
}

/* False when the record was not dealt with: it is met again, or the reader is leaving. */
static bool
apply_record(struct reader *reader, struct reader_partition *partition,
             const struct source_record *record)
{
    struct reader_fault fault;
    char what[64];

    fault.reason.text[0] = '\0';
    switch (reader->ops->apply(reader, partition, record, &fault)) {
    case READER_INVALID:
        return refuse_record(reader, partition, record, &fault);
    case READER_NO_MEMORY:
        reader->ops->describe(partition, what, sizeof(what));
        log_event_at(reader->log, MESSAGE_FAULT, reader_at_file(partition, record->offset),
                     "no memory for a record beside %s; stopping", what);
        reader_leave(reader, EX_SOFTWARE);
        return false;
    case READER_AGAIN:
        return false;
    default:
        stream_pass(&partition->stream, record->offset);
        return true;
    }
}

static void
take_record(struct reader *reader, struct reader_partition *partition,
            const struct source_record *record)
{
    if (__builtin_expect(!stream_is_next(&partition->stream, record->offset), 0)) {
        struct error message = ERROR_INIT;
        enum stream_verdict verdict =
            stream_meet(&partition->stream, reader->source, record, &message);

        follow(reader, partition, verdict, &message);
        if (!reader->leaving)
            heard_from(reader, partition, record->offset, -1);
        if (verdict != STREAM_APPLY)
            return;
    }
    /* A tombstone, legal in a compacted topic, is no report and nothing to complain about. */
    if (!record->payload)
        stream_pass(&partition->stream, record->offset);
    else if (!apply_record(reader, partition, record))
        return;
    partition->last = record;
    reader->applied++;
}

static void
meet_end(struct reader *reader, struct reader_partition *partition, int64_t end)
{
    struct error message = ERROR_INIT;

    follow(reader, partition, stream_meet_end(&partition->stream, end, &message), &message);
    if (reader->leaving)
        return;
    heard_from(reader, partition, end, end);
    partition->end_met = end;
    if (partition->stream.phase == STREAM_RUNNING && partition->flow == FLOW_ON)
        partition->ended = true;
}

/* Goes on behind records that the broker no longer has; false when the settings say to stop. */
static bool
pass_gap(struct reader *reader, struct reader_partition *partition, int64_t low,
         const struct error *message)
{
    if (partition->rules->on_lost_offset != READER_LOST_EARLIEST) {
        log_event_at(reader->log, MESSAGE_OFFSET_LOST,
                     reader_at(partition, partition->stream.offset),
                     "%s; to go on behind the gap, start once with -o %s.on_lost_offset=earliest",
                     message->text, reader->ops->kind->section);
        reader_leave(reader, EX_DATAERR);
        return false;
    }
    log_event_at(reader->log, MESSAGE_RECORDS_LOST, reader_at(partition, partition->stream.offset),
                 "%s; going on at offset %lld", message->text, (long long)low);
    partition->lost += stream_pass_gap(&partition->stream, low);
    return true;
}

static void
meet_range(struct reader *reader, struct reader_partition *partition)
{
    struct error message = ERROR_INIT;
    enum stream_verdict verdict;
    int64_t low, high;

    /* Should the broker contradict itself, it is not asked more than once a second. */
    partition->flow = FLOW_HELD;
    if (source_query_range(reader->source, (size_t)(partition - reader->partitions),
                           QUERY_TIMEOUT_MSEC, &low, &high, &message) < 0) {
        reader_warn(reader, partition, MESSAGE_KAFKA_TROUBLE, message.text);
        return;
    }
    verdict = stream_meet_range(&partition->stream, low, high, &message);
    if (verdict != STREAM_LOST)
        follow(reader, partition, verdict, &message);
    else if (!pass_gap(reader, partition, low, &message))
        return;
    partition->flow = FLOW_HELD;
    if (!reader->leaving)
        heard_from(reader, partition, low, high);
}

/* What is remembered of the record that was passed last. */
static void
remember(struct reader *reader, struct reader_partition *partition)
{
    stream_remember(&partition->stream, reader->source, partition->last);
    partition->last_timestamp = source_timestamp(reader->source, partition->last);
    if (reader->ops->remember)
        reader->ops->remember(partition);
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
reader_doubt(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (partition->flow != FLOW_ON || partition->stream.phase != STREAM_RUNNING)
            continue;
        stream_doubt(&partition->stream);
        partition->flow = FLOW_RESTART;
    }
}

static void
meet_failure(struct reader *reader, struct reader_partition *partition,
             const struct source_record *record)
{
    partition->heard = true;
    reader_warn(reader, partition,
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
            remember(reader, partition);
        stream_doubt(&partition->stream);
        partition->flow = FLOW_RESTART;
    }
}

static void
take(struct reader *reader, const struct source_record *record)
{
    struct reader_partition *partition = &reader->partitions[record->slot];

    if (partition->flow != FLOW_ON)
        return; /* what the batch still holds of it comes from before */
    switch (record->kind) {
    case SOURCE_RECORD:
        take_record(reader, partition, record);
        break;
    case SOURCE_END:
        meet_end(reader, partition, record->offset);
        break;
    case SOURCE_OUT_OF_RANGE:
        partition->flow = FLOW_RANGE;
        partition->heard = true;
        break;
    case SOURCE_FAILURE:
    case SOURCE_REFUSED:
    case SOURCE_DAMAGED:
    case SOURCE_MISSING:
        meet_failure(reader, partition, record);
        break;
    }
}

static void
finish_batch(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (partition->last)
            remember(reader, partition);
        if (partition->until >= 0 && partition->stream.offset >= partition->until)
            partition->ended = true;
    }
    source_release(reader->source);
}

static void
restart_partitions(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];
        struct error error = ERROR_INIT;

        if (partition->flow != FLOW_RESTART)
            continue;
        partition->flow = FLOW_ON;
        log_event_at(reader->log, MESSAGE_DEBUG,
                     reader_at(partition, stream_start(&partition->stream)),
                     "reading again from offset %lld", (long long)stream_start(&partition->stream));
        if (source_restart(reader->source, i, stream_start(&partition->stream), &error) < 0) {
            log_event_at(reader->log, MESSAGE_FAULT, reader_at(partition, -1), "%s", error.text);
            reader_leave(reader, EX_SOFTWARE);
        }
    }
}

/* How many entries the queue gave: less than SOURCE_BATCH, and it is empty. */
static size_t
take_batch(struct reader *reader)
{
    const struct source_record *records;
    size_t entries, n = source_take(reader->source, &records, &entries);

    if (n > 0)
        reader_note_contact(reader);
    reader->metrics_due |= n > 0;
    for (size_t i = 0; i < n && !reader->leaving; i++)
        take(reader, &records[i]);
    finish_batch(reader);
    restart_partitions(reader);
    return entries;
}

/* One a turn of the loop: each question may take a second, and signals must have their turn. */
static void
ask_for_range(struct reader *reader)
{
    bool asked = false;

    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (partition->flow != FLOW_RANGE)
            continue;
        if (asked) {
            loop_go_on(reader->loop);
            return;
        }
        meet_range(reader, partition);
        asked = true;
    }
}

static void
leave_at_end(struct reader *reader)
{
    bool known = true;

    if (reader->outbox && outbox_pending(reader->outbox) > 0)
        return; /* comes back when they are acknowledged */
    for (size_t i = 0; i < reader->n_partitions; i++) {
        if (!reader->partitions[i].ended)
            return;
        known = known && reader->partitions[i].stream.identity.partitions > 0;
    }
    if (reader->ops->finish && !reader->ops->finish(reader))
        return; /* likewise */
    /* The question waits behind the fetch that is under way, so it is asked only where it must be. */
    if (!known)
        reader_learn(reader);
    reader_leave(reader, EX_OK);
}

/* No more is read until what was sent on account of records has been acknowledged. */
static bool
is_waiting(struct reader *reader)
{
    if (reader->outbox && outbox_is_full(reader->outbox))
        reader->awaiting = true;
    return reader->awaiting;
}

void
reader_read(struct reader *reader)
{
    uint64_t until = loop_now() + SLICE_USEC;
    size_t entries;

    if (reader->paused || reader->awaiting || reader->leaving)
        return;
    if (reader->finishing) {
        leave_at_end(reader);
        return;
    }
    do
        entries = take_batch(reader);
    while (entries == SOURCE_BATCH && !reader->leaving && !is_waiting(reader) &&
           loop_now() < until);
    if (entries == SOURCE_BATCH)
        loop_go_on(reader->loop);
    if (!reader->leaving)
        ask_for_range(reader);
    if (reader->daemon->flag && !reader->leaving)
        leave_at_end(reader);
    if (!reader->leaving)
        reader_schedule_save(reader);
}
