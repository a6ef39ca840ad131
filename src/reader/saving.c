/* SPDX-License-Identifier: MIT */

/*
 * When the files are replaced. By the thread that applies the records, so that they never hold half
 * a record; never for more than a tenth of the time; and while one can't be written nothing is
 * read, so that memory stays bounded and nothing is lost but time. Only a directory that was deleted
 * ends the program: nothing can ever be written there again.
 */

#include <sysexits.h>

#include "reader/reader_private.h"
#include "stream/checkpoint.h"

#define SHARE     10 /* a tenth, */
#define MEMORY    8  /* by an average in which the last checkpoint counts an eighth */
#define RETRY_MIN SECOND

/* A record must not be passed on disk before what was sent on its account is safe. */
static bool
is_covered(const struct reader *reader, size_t index)
{
    return !reader->outbox || outbox_pending_of(reader->outbox, index) == 0;
}

/* There is no use in waiting for a directory that is gone: whatever is made in its place is another. */
static void
leave_deleted_directory(struct reader *reader, struct reader_partition *partition,
                        const struct error *error)
{
    log_event_at(
        reader->log, MESSAGE_CHECKPOINT_FAILED, reader_at_file(partition, partition->stream.offset),
        "%s; restore it from a copy, or create it to start again from offset 0", error->text);
    partition->stream.dirty = false;
    reader_leave(reader, EX_IOERR);
}

static void
tell_of_failure(struct reader *reader, struct reader_partition *partition,
                const struct stream_store *store)
{
    partition->save_failures++;
    if (store->result == CHECKPOINT_E_GONE) {
        leave_deleted_directory(reader, partition, &store->error);
        return;
    }
    /* The last one of all says why the program ends as it does. */
    reader->paused_told |= log_event_sampled(
        reader->log, reader->leaving ? NULL : &reader->samplers[MESSAGE_CHECKPOINT_FAILED],
        MESSAGE_CHECKPOINT_FAILED, reader_at_file(partition, partition->stream.offset),
        "%s; reading stands still until it can be%s", store->error.text,
        reader->leaving ? ", which now it will not" : "");
}

/* They wait for the disk together, so each took as long as all. */
static bool
store_together(struct reader *reader, struct reader_partition **partitions,
               struct stream_store *stores, size_t n)
{
    uint64_t started = loop_now();
    bool stored = true;
    char what[64];

    stream_store_all(stores, n);
    for (size_t i = 0; i < n; i++) {
        struct reader_partition *partition = partitions[i];

        if (stores[i].result != 0) {
            tell_of_failure(reader, partition, &stores[i]);
            stored = false;
            continue;
        }
        partition->saved_at = time(NULL);
        partition->save_duration = loop_now() - started;
        partition->durable = partition->stream.offset;
        reader->ops->describe(partition, what, sizeof(what));
        log_event_at(reader->log, MESSAGE_DEBUG, reader_at(partition, partition->durable),
                     "checkpoint at offset %lld: %s, %.1f ms", (long long)partition->durable, what,
                     (double)partition->save_duration / 1000);
    }
    return stored;
}

static void
tell_of_waiting(struct reader *reader, size_t index)
{
    const struct reader_partition *partition = &reader->partitions[index];

    log_event_at(reader->log, reader->ops->sink.waiting, reader_at(partition, partition->durable),
                 "%s: %zu not acknowledged, so the file stays at offset %lld, from where records "
                 "are read again",
                 reader->ops->sink.setting, outbox_pending_of(reader->outbox, index),
                 (long long)(partition->durable < 0 ? 0 : partition->durable));
}

static bool
store_all(struct reader *reader)
{
    struct reader_partition *partitions[STREAM_STORE_MAX];
    struct stream_store stores[STREAM_STORE_MAX];
    size_t n = 0;
    bool stored = true;

    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];

        if (!partition->stream.dirty)
            continue;
        if (!is_covered(reader, i)) {
            tell_of_waiting(reader, i);
            continue;
        }
        if (n == STREAM_STORE_MAX) {
            stored &= store_together(reader, partitions, stores, n);
            n = 0;
        }
        partitions[n] = partition;
        stores[n++].stream = &partition->stream;
    }
    return store_together(reader, partitions, stores, n) && stored;
}

/* How long after the last checkpoint the next is due; UINT64_MAX: nothing has changed. */
static uint64_t
find_interval(const struct reader *reader)
{
    uint64_t interval = UINT64_MAX;

    for (size_t i = 0; i < reader->n_partitions; i++) {
        const struct reader_partition *partition = &reader->partitions[i];

        if (!partition->stream.dirty)
            continue;
        if (partition->stream.urgent)
            return 0;
        if (partition->interval < interval)
            interval = partition->interval;
    }
    return interval;
}

/*
 * In the end each has those that follow wait ten times as long as it took, but the next one only for an eighth of
 * that: a disk that hesitates for once leaves no gap behind.
 */
static void
remember_duration(struct reader *reader)
{
    uint64_t duration = reader->save_ended - reader->save_started;

    reader->save_average -= reader->save_average / MEMORY;
    reader->save_average += duration / MEMORY;
}

static void
tell_of_slowness(struct reader *reader, uint64_t interval)
{
    uint64_t duration = reader->save_average;

    if (reader->slow_saves_logged || interval == UINT64_MAX || interval == 0 ||
        duration * SHARE <= interval)
        return;
    reader->slow_saves_logged = true;
    log_event(reader->log, MESSAGE_CHECKPOINT_STRETCHED,
              "a checkpoint takes %llu ms on average, so there is one every %llu ms rather than "
              "every %llu ms (checkpoint_interval)",
              (unsigned long long)duration / 1000, (unsigned long long)duration * SHARE / 1000,
              (unsigned long long)interval / 1000);
}

bool
reader_save(struct reader *reader)
{
    bool was_paused = reader->paused;
    uint64_t interval = find_interval(reader);

    if (reader->outbox && outbox_pending(reader->outbox) > 0 && !reader->leaving) {
        reader->awaiting = true; /* comes back when they are acknowledged */
        log_repeated(reader->log, reader->samplers, MESSAGE_DEBUG, LOG_NO_FIELDS,
                     "reading waits until %zu records for the %s are acknowledged",
                     outbox_pending(reader->outbox), reader->ops->sink.setting);
        return true;
    }
    reader->save_started = loop_now();
    reader->paused = !store_all(reader);
    reader->save_ended = loop_now();
    reader->metrics_due = true;
    remember_duration(reader);
    tell_of_slowness(reader, interval);
    reader_commit(reader);
    if (reader->renewing && !reader->paused)
        reader_renew(reader);
    if (reader->paused)
        reader_schedule_save(reader);
    else if (was_paused && !reader->leaving) {
        if (reader->paused_told)
            log_event(reader->log, MESSAGE_CHECKPOINT_RESUMED,
                      "the files can be written again; reading goes on");
        reader->paused_told = false;
        loop_go_on(reader->loop);
    }
    if (reader->ops->saved)
        reader->ops->saved(reader, reader->save_started);
    return !reader->paused;
}

void
reader_schedule_save(struct reader *reader)
{
    uint64_t rest = reader->save_ended + SHARE * reader->save_average;
    uint64_t interval = find_interval(reader);

    if (interval == UINT64_MAX || (interval > 0 && loop_timer_is_set(reader->save_timer)))
        return;
    if (reader->paused && interval < RETRY_MIN)
        interval = RETRY_MIN;
    if (reader->save_started + interval > rest)
        rest = reader->save_started + interval;
    loop_set_timer(reader->save_timer, rest);
}
