/* SPDX-License-Identifier: MIT */

/* The consumer's life: how it begins, what signals and silence do to it, how it ends. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/kafka_conf.h"
#include "common/notify.h"
#include "consumer/consumer_private.h"
#include "consumer/layout.h"

void
consumer_leave(struct consumer *consumer, int exit_code)
{
    if (consumer->leaving)
        return;
    consumer->leaving = true;
    consumer->exit_code = exit_code;
    loop_quit(consumer->loop, 0);
}

/* ---- events ---- */

static void
on_stop(void *userdata, int signal)
{
    struct consumer *consumer = userdata;

    log_info(consumer->log, "%s: stopping", strsignal(signal));
    consumer_leave(consumer, EX_OK);
}

static void
take_over(void *userdata, const struct settings *settings)
{
    struct consumer *consumer = userdata;
    struct consumer_settings config;
    struct error error = ERROR_INIT;

    if (consumer_settings_read(&config, settings, &error) < 0) {
        log_err(consumer->log, "%s", error.text);
        return;
    }
    consumer->config.checkpoint_interval = config.checkpoint_interval;
    if (loop_timer_is_set(consumer->save_timer))
        loop_set_timer(consumer->save_timer, consumer->save_started + config.checkpoint_interval);
    consumer->config.policy = config.policy;
    consumer->config.stop_on_invalid = config.stop_on_invalid;
    consumer_settings_fini(&config);
}

static void
on_reload(void *userdata)
{
    struct consumer *consumer = userdata;

    daemon_reload(consumer->daemon, consumer->settings, take_over, consumer);
}

static void
on_flush(void *userdata)
{
    consumer_save(userdata);
}

static void
on_readable(void *userdata)
{
    struct consumer *consumer = userdata;

    source_acknowledge(consumer->source);
    consumer_read(consumer);
}

static void
on_go_on(void *userdata)
{
    consumer_read(userdata);
}

static void
on_save(void *userdata)
{
    consumer_save(userdata);
}

static void
on_heartbeat(void *userdata)
{
    consumer_beat(userdata);
}

/* From within source_take(), so in the loop's thread. */
static void
on_source_event(void *userdata, enum source_event event, int level, const char *text)
{
    struct consumer *consumer = userdata;
    uint64_t suppressed;

    switch (event) {
    case SOURCE_EVENT_LOG:
        log_debug(consumer->log, "%s", text);
        break;
    case SOURCE_EVENT_DOWN:
        if (!consumer->down) {
            consumer->down = true;
            consumer->down_since = time(NULL);
            log_warning(consumer->log, "no broker can be reached, waiting: %s", text);
        }
        break;
    case SOURCE_EVENT_REFUSED:
        if (consumer->heard == 0) {
            log_err(consumer->log, "Kafka refuses this client: %s; see [kafka]", text);
            consumer_leave(consumer, EX_UNAVAILABLE);
            break;
        }
        /* fall through */
    case SOURCE_EVENT_OTHER:
        if (sampler_pass(&consumer->failures, loop_now(), &suppressed))
            log_warning(consumer->log, "%s", text);
        break;
    }
}

/* ---- beginning ---- */

static int
open_partition(struct consumer *consumer, const struct assignment_topic *topic, int32_t number)
{
    struct consumer_partition *partition = &consumer->partitions[consumer->n_partitions];
    const struct stream_settings settings = {
        .topic = topic->name,
        .partition = number,
        .directory = topic->directory,
        .directory_fd = topic->directory_fd,
        .instance = consumer->instance,
    };
    struct error notice = ERROR_INIT, error = ERROR_INIT;
    uint64_t seed;
    int result;

    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = (uint64_t)loop_now();
    *partition = (struct consumer_partition){
        .topic = topic->name,
        .number = number,
        .until = -1,
    };
    partition_init(&partition->partition, &consumer->config.policy, seed);
    result = stream_open(&partition->stream, &settings, &layout_flat, &partition->partition,
                         &notice, &error);
    if (result != 0) {
        log_err(consumer->log, "%s", error.text[0] ? error.text : strerror(-result));
        return result == STREAM_E_CORRUPT                  ? EX_DATAERR
               : result == STREAM_E_HELD || result != -EIO ? EX_CANTCREAT
                                                           : EX_IOERR;
    }
    if (notice.text[0])
        log_warning(consumer->log, "%s partition %d: %s", topic->name, number, notice.text);
    consumer->n_partitions++;
    return 0;
}

static int
open_partitions(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    size_t n = assignment_count(&consumer->assignment);

    consumer->partitions = calloc(n, sizeof(*consumer->partitions));
    if (!consumer->partitions)
        return EX_SOFTWARE;
    if (assignment_open(&consumer->assignment, &error) < 0) {
        log_err(consumer->log, "%s", error.text);
        return EX_CANTCREAT;
    }
    for (size_t i = 0; i < consumer->assignment.n_topics; i++) {
        const struct assignment_topic *topic = &consumer->assignment.topics[i];

        for (size_t j = 0; j < topic->list.n_partitions; j++) {
            int exit_code = open_partition(consumer, topic, topic->list.partitions[j]);

            if (exit_code != 0)
                return exit_code;
        }
    }
    return 0;
}

static int
read_settings(struct consumer *consumer, struct error *error)
{
    const struct daemon *daemon = consumer->daemon;
    struct assignment_defaults defaults;
    int result = consumer_settings_read(&consumer->config, consumer->settings, error);

    if (result < 0)
        return result;
    defaults = (struct assignment_defaults){
        .topic = consumer->config.topic,
        .partitions = consumer->config.partitions,
        .directory = daemon_state_directory(consumer->config.directory),
    };
    result = assignment_parse(&consumer->assignment, daemon->arguments, daemon->n_arguments,
                              &defaults, error);
    if (result == 0)
        assignment_format(&consumer->assignment, consumer->instance, sizeof(consumer->instance));
    return result;
}

static int
start_loop(struct consumer *consumer, struct error *error)
{
    static const struct loop_handlers handlers = {
        .stop = on_stop,
        .reload = on_reload,
        .flush = on_flush,
        .readable = on_readable,
        .go_on = on_go_on,
    };
    int result = loop_new(&consumer->loop, &handlers, consumer, error);

    if (result == 0)
        result = loop_add_timer(consumer->loop, on_save, &consumer->save_timer, error);
    if (result == 0)
        result = loop_add_timer(consumer->loop, on_heartbeat, &consumer->heartbeat_timer, error);
    return result;
}

static int
start_source(struct consumer *consumer, struct error *error)
{
    const struct settings_reporter reporter = daemon_reporter(consumer->daemon);
    cleanup(free) struct source_partition *partitions =
        calloc(consumer->n_partitions, sizeof(*partitions));
    struct rd_kafka_conf_s *conf;
    int result;

    if (!partitions)
        return -ENOMEM;
    kafka_conf_warn(consumer->settings, error);
    if (error->text[0])
        log_warning(consumer->log, "%s", error->text);
    result = consumer_settings_kafka(&conf, consumer->settings, &reporter, error);
    if (result != 0)
        return -EINVAL;
    result = source_new(&consumer->source, conf, on_source_event, consumer, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < consumer->n_partitions; i++)
        partitions[i] = (struct source_partition){
            .topic = consumer->partitions[i].topic,
            .partition = consumer->partitions[i].number,
            .start = stream_start(&consumer->partitions[i].stream),
        };
    result = loop_watch(consumer->loop, source_descriptor(consumer->source), error);
    if (result == 0)
        result = source_assign(consumer->source, partitions, consumer->n_partitions, error);
    return result;
}

int
consumer_new(struct consumer **consumerp, struct daemon *daemon, struct settings *settings)
{
    struct consumer *consumer = calloc(1, sizeof(*consumer));
    struct error error = ERROR_INIT;
    int exit_code;

    if (!consumer)
        return EX_SOFTWARE;
    consumer->daemon = daemon;
    consumer->log = &daemon->log;
    consumer->settings = settings;
    consumer->started = loop_now();
    *consumerp = consumer;
    if (read_settings(consumer, &error) < 0) {
        log_err(consumer->log, "%s", error.text);
        return EX_USAGE;
    }
    /* The loop blocks the signals before the client starts its threads. */
    if (start_loop(consumer, &error) < 0) {
        log_err(consumer->log, "%s", error.text);
        return EX_SOFTWARE;
    }
    exit_code = open_partitions(consumer);
    if (exit_code != 0)
        return exit_code;
    if (start_source(consumer, &error) < 0) {
        log_err(consumer->log, "%s", error.text);
        return EX_CONFIG;
    }
    return 0;
}

static void
tell_outcomes(const struct consumer *consumer)
{
    unsigned long long sums[PARTITION_N_OUTCOMES] = {0};

    for (size_t i = 0; i < consumer->n_partitions; i++)
        for (int outcome = 0; outcome < PARTITION_N_OUTCOMES; outcome++)
            sums[outcome] += consumer->partitions[i].partition.outcomes[outcome];
    log_info(consumer->log,
             "stopped after %llu records: %llu counted, %llu duplicate, %llu late, %llu invalid",
             (unsigned long long)consumer->applied, sums[PARTITION_COUNTED],
             sums[PARTITION_DUPLICATE], sums[PARTITION_LATE], sums[PARTITION_INVALID]);
}

int
consumer_run(struct consumer *consumer)
{
    int result;

    log_info(consumer->log, "reading %s", consumer->instance);
    loop_set_timer(consumer->heartbeat_timer, loop_now() + SECOND);
    notify_ready(consumer->daemon->ready_fd);
    loop_go_on(consumer->loop); /* for what came before the descriptor was watched */
    result = loop_run(consumer->loop);
    consumer->leaving = true;
    if (result < 0) {
        log_err(consumer->log, "the event loop failed: %s", strerror(-result));
        consumer->exit_code = EX_SOFTWARE;
    }
    notify_stopping();
    if (!consumer_save(consumer) && consumer->exit_code == EX_OK)
        consumer->exit_code = EX_IOERR;
    tell_outcomes(consumer);
    return consumer->exit_code;
}
