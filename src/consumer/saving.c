/* SPDX-License-Identifier: MIT */

/*
 * When the files are replaced. By the thread that applies the records, so that they never hold half
 * a record; never for more than a tenth of the time; and while one can't be written nothing is
 * read, so that memory stays bounded and nothing is lost but time. Only a directory that was deleted
 * ends the program: nothing can ever be written there again.
 */

#include <sysexits.h>

#include "consumer/consumer_private.h"
#include "stream/checkpoint.h"

#define SHARE     10 /* a tenth */
#define RETRY_MIN SECOND

/* A record must not be passed on disk before its copy is safe. */
static bool
is_covered(const struct consumer *consumer, size_t index)
{
    return !consumer->letters || dead_letters_pending_of(consumer->letters, index) == 0;
}

/* There is no use in waiting for a directory that is gone: whatever is made in its place is another. */
static void
leave_deleted_directory(struct consumer *consumer, struct consumer_partition *partition,
                        const struct error *error)
{
    log_event_at(consumer->log, MESSAGE_CHECKPOINT_FAILED,
                 consumer_at_file(partition, partition->stream.offset),
                 "%s; restore it from a copy, or create it to start again from offset 0",
                 error->text);
    partition->stream.dirty = false;
    consumer_leave(consumer, EX_IOERR);
}

static bool
store(struct consumer *consumer, struct consumer_partition *partition)
{
    struct error error = ERROR_INIT;
    uint64_t started = loop_now();
    int result = stream_store(&partition->stream, &error);

    if (result == 0) {
        partition->saved_at = time(NULL);
        partition->save_duration = loop_now() - started;
        partition->durable = partition->stream.offset;
        log_event_at(consumer->log, MESSAGE_DEBUG, consumer_at(partition, partition->durable),
                     "checkpoint at offset %lld: %zu %s, %.1f ms", (long long)partition->durable,
                     partition_entries(&partition->partition),
                     partition->partition.layout == PARTITION_MONTHLY ? "months" : "stations",
                     (double)partition->save_duration / 1000);
        return true;
    }
    partition->save_failures++;
    if (result == CHECKPOINT_E_GONE) {
        leave_deleted_directory(consumer, partition, &error);
        return false;
    }
    /* The last one of all says why the program ends as it does. */
    consumer->paused_told |= log_event_sampled(
        consumer->log, consumer->leaving ? NULL : &consumer->samplers[MESSAGE_CHECKPOINT_FAILED],
        MESSAGE_CHECKPOINT_FAILED, consumer_at_file(partition, partition->stream.offset),
        "%s; reading stands still until it can be%s", error.text,
        consumer->leaving ? ", which now it will not" : "");
    return false;
}

static bool
store_all(struct consumer *consumer)
{
    bool stored = true;

    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        if (!partition->stream.dirty)
            continue;
        if (is_covered(consumer, i))
            stored &= store(consumer, partition);
        else
            log_event_at(consumer->log, MESSAGE_INVALID_TOPIC_WAITING,
                         consumer_at(partition, partition->durable),
                         "invalid records have not been acknowledged by %s, so the file stays at "
                         "offset %lld, from where they are read again",
                         partition->fixed->invalid_topic,
                         (long long)(partition->durable < 0 ? 0 : partition->durable));
    }
    return stored;
}

/* How long after the last checkpoint the next is due; UINT64_MAX: nothing has changed. */
static uint64_t
find_interval(const struct consumer *consumer)
{
    uint64_t interval = UINT64_MAX;

    for (size_t i = 0; i < consumer->n_partitions; i++) {
        const struct consumer_partition *partition = &consumer->partitions[i];

        if (!partition->stream.dirty)
            continue;
        if (partition->stream.urgent)
            return 0;
        if (partition->rules->checkpoint_interval < interval)
            interval = partition->rules->checkpoint_interval;
        if (partition->summarised && partition->rules->summary_interval > 0 &&
            partition->rules->summary_interval < interval)
            interval = partition->rules->summary_interval;
    }
    return interval;
}

static void
tell_of_slowness(struct consumer *consumer, uint64_t interval)
{
    uint64_t duration = consumer->save_ended - consumer->save_started;

    if (consumer->slow_saves_logged || interval == UINT64_MAX || interval == 0 ||
        duration * SHARE <= interval)
        return;
    consumer->slow_saves_logged = true;
    log_event(consumer->log, MESSAGE_CHECKPOINT_STRETCHED,
              "a checkpoint takes %llu ms, so there is one every %llu ms rather than every %llu ms "
              "(checkpoint_interval)",
              (unsigned long long)duration / 1000, (unsigned long long)duration * SHARE / 1000,
              (unsigned long long)interval / 1000);
}

bool
consumer_save(struct consumer *consumer)
{
    bool was_paused = consumer->paused;
    uint64_t interval = find_interval(consumer);

    if (consumer->letters && dead_letters_pending(consumer->letters) > 0 && !consumer->leaving) {
        consumer->awaiting = true; /* comes back when they are acknowledged */
        log_repeated(consumer->log, consumer->samplers, MESSAGE_DEBUG, LOG_NO_FIELDS,
                     "reading waits until %zu invalid records are acknowledged",
                     dead_letters_pending(consumer->letters));
        return true;
    }
    consumer->save_started = loop_now();
    consumer->paused = !store_all(consumer);
    consumer->save_ended = loop_now();
    consumer->metrics_due = true;
    tell_of_slowness(consumer, interval);
    consumer_commit(consumer);
    if (consumer->renewing && !consumer->paused)
        consumer_renew(consumer);
    if (consumer->paused)
        consumer_schedule_save(consumer);
    else if (was_paused && !consumer->leaving) {
        if (consumer->paused_told)
            log_event(consumer->log, MESSAGE_CHECKPOINT_RESUMED,
                      "the files can be written again; reading goes on");
        consumer->paused_told = false;
        loop_go_on(consumer->loop);
    }
    consumer_send_summaries(consumer, consumer->save_started);
    return !consumer->paused;
}

void
consumer_schedule_save(struct consumer *consumer)
{
    uint64_t rest = consumer->save_ended + SHARE * (consumer->save_ended - consumer->save_started);
    uint64_t interval = find_interval(consumer);

    if (interval == UINT64_MAX || (interval > 0 && loop_timer_is_set(consumer->save_timer)))
        return;
    if (consumer->paused && interval < RETRY_MIN)
        interval = RETRY_MIN;
    if (consumer->save_started + interval > rest)
        rest = consumer->save_started + interval;
    loop_set_timer(consumer->save_timer, rest);
}
