/* SPDX-License-Identifier: MIT */

/*
 * When the files are replaced. By the thread that applies the records, so that they never hold half
 * a record; never for more than a tenth of the time; and while one can't be written nothing is
 * read, so that memory stays bounded and nothing is lost but time.
 */

#include "consumer/consumer_private.h"

#define SHARE     10 /* a tenth */
#define RETRY_MIN SECOND

static bool
store_all(struct consumer *consumer)
{
    bool stored = true;

    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct stream *stream = &consumer->partitions[i].stream;
        struct error error = ERROR_INIT;
        uint64_t suppressed;

        if (!stream->dirty || stream_store(stream, &error) == 0)
            continue;
        stored = false;
        if (sampler_pass(&consumer->save_failures, loop_now(), &suppressed))
            log_err(consumer->log, "%s; reading stands still until it can be%s", error.text,
                    consumer->leaving ? ", which now it will not" : "");
    }
    return stored;
}

bool
consumer_save(struct consumer *consumer)
{
    bool was_paused = consumer->paused;
    uint64_t duration;

    consumer->save_started = loop_now();
    consumer->paused = !store_all(consumer);
    consumer->save_ended = loop_now();
    duration = consumer->save_ended - consumer->save_started;
    if (duration * SHARE > consumer->config.checkpoint_interval &&
        consumer->config.checkpoint_interval > 0 && !consumer->slow_saves_logged) {
        consumer->slow_saves_logged = true;
        log_notice(consumer->log,
                   "a checkpoint takes %llu ms, so there is one every %llu ms rather than every "
                   "%llu ms (checkpoint_interval)",
                   (unsigned long long)duration / 1000, (unsigned long long)duration * SHARE / 1000,
                   (unsigned long long)consumer->config.checkpoint_interval / 1000);
    }
    if (consumer->paused)
        consumer_schedule_save(consumer);
    else if (was_paused && !consumer->leaving) {
        log_notice(consumer->log, "the files can be written again; reading goes on");
        loop_go_on(consumer->loop);
    }
    return !consumer->paused;
}

enum urgency { NOTHING_TO_SAVE, SAVE_BY_INTERVAL, SAVE_SOON };

static enum urgency
find_urgency(const struct consumer *consumer)
{
    enum urgency urgency = NOTHING_TO_SAVE;

    for (size_t i = 0; i < consumer->n_partitions; i++) {
        const struct stream *stream = &consumer->partitions[i].stream;

        if (stream->dirty && stream->urgent)
            return SAVE_SOON;
        if (stream->dirty)
            urgency = SAVE_BY_INTERVAL;
    }
    return urgency;
}

void
consumer_schedule_save(struct consumer *consumer)
{
    uint64_t interval = consumer->config.checkpoint_interval;
    uint64_t rest = consumer->save_ended + SHARE * (consumer->save_ended - consumer->save_started);
    enum urgency urgency = find_urgency(consumer);

    if (urgency == NOTHING_TO_SAVE)
        return;
    if (urgency == SAVE_SOON)
        interval = 0;
    else if (loop_timer_is_set(consumer->save_timer))
        return;
    if (consumer->paused && interval < RETRY_MIN)
        interval = RETRY_MIN;
    if (consumer->save_started + interval > rest)
        rest = consumer->save_started + interval;
    loop_set_timer(consumer->save_timer, rest);
}
