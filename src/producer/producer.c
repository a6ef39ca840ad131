/* SPDX-License-Identifier: MIT */

/* The producer's life: how it begins, what events and signals do to it, how it ends. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/kafka_conf.h"
#include "common/notify.h"
#include "producer/producer_private.h"
#include "stream/lock.h"

#define TOPICS_USEC (SECOND / 5) /* between two looks whether the topics are there */
#define DRAIN_USEC  (3 * SECOND) /* for what is on its way when it is told to stop */
#define AGAIN_USEC  SECOND       /* before a new client takes over from one that failed */

void
producer_leave(struct producer *producer, int exit_code)
{
    if (producer->leaving)
        return;
    producer->leaving = true;
    producer->exit_code = exit_code;
    loop_quit(producer->loop, 0);
}

static bool
save(struct producer *producer)
{
    bool was_paused = producer->paused;
    struct error error = ERROR_INIT;
    uint64_t suppressed;
    int result = 0;

    if (producer->dirty)
        result = position_store(&producer->acknowledged, producer->directory_fd,
                                feed_describe(producer->feed), &error);
    producer->paused = result < 0;
    if (result < 0 && sampler_pass(&producer->failures, loop_now(), &suppressed))
        log_err(producer->log, "%s/%s; sending stands still until it can be", producer->directory,
                error.text);
    if (result == 0) {
        producer->dirty = false;
        if (was_paused)
            log_notice(producer->log, "%s/" POSITION_FILE " can be written again; sending goes on",
                       producer->directory);
    }
    return result == 0;
}

static void
on_event(void *userdata, enum sink_event event, const char *text)
{
    struct producer *producer = userdata;
    uint64_t suppressed;

    switch (event) {
    case SINK_EVENT_LOG:
        log_debug(producer->log, "%s", text);
        break;
    case SINK_EVENT_DOWN:
        if (!producer->down) {
            producer->down = true;
            log_warning(producer->log, "no broker can be reached, waiting: %s", text);
            notify_status("waiting for a broker");
        }
        break;
    case SINK_EVENT_FATAL:
        if (producer->again)
            break;
        log_warning(producer->log,
                    "librdkafka's producer has failed: %s; a new one sends again what is not "
                    "acknowledged",
                    text);
        producer->again = producer->stopping = true;
        loop_set_timer(producer->end_timer, loop_now() + AGAIN_USEC);
        break;
    case SINK_EVENT_GIVEN_UP:
        log_err(producer->log, "Kafka refuses this producer for good: %s", text);
        producer_leave(producer, EX_UNAVAILABLE);
        break;
    case SINK_EVENT_REFUSED:
        if (producer->total == 0) {
            log_err(producer->log, "Kafka refuses this client: %s; see [kafka]", text);
            producer_leave(producer, EX_UNAVAILABLE);
            break;
        }
        /* fall through */
    case SINK_EVENT_OTHER:
        if (sampler_pass(&producer->failures, loop_now(), &suppressed))
            log_warning(producer->log, "%s", text);
        break;
    }
}

static void
on_acknowledged(void *userdata, uint64_t number)
{
    producer_acknowledge(userdata, number);
}

static void
on_failed(void *userdata, uint64_t number, const char *reason)
{
    producer_fail(userdata, number, reason);
}

/* ---- events of the loop ---- */

static void
on_readable(void *userdata)
{
    struct producer *producer = userdata;

    sink_serve(producer->sink);
    producer_send(producer);
}

static void
on_go_on(void *userdata)
{
    on_readable(userdata);
}

static void
on_day(void *userdata)
{
    producer_send(userdata);
}

static void
on_save(void *userdata)
{
    struct producer *producer = userdata;

    if (!save(producer))
        loop_set_timer(producer->save_timer, loop_now() + SAVE_USEC);
    notify_status("%llu reports sent, day %llu", (unsigned long long)producer->total,
                  (unsigned long long)producer->acknowledged.days);
    producer_send(producer);
}

/* Only now: a handle would have brokers make a topic that is not there, in their own way. */
static void
begin_sending(struct producer *producer)
{
    struct error error = ERROR_INIT;

    for (size_t i = 0; i < producer->config.n_topics; i++) {
        if (sink_add_topic(producer->sink, producer->config.topics[i].name, &error) < 0) {
            log_err(producer->log, "%s", error.text);
            producer_leave(producer, EX_UNAVAILABLE);
            return;
        }
    }
    producer_send(producer);
}

static void
on_topics(void *userdata)
{
    struct producer *producer = userdata;
    struct error message = ERROR_INIT;
    int result = topics_check(producer->topics, &message);

    if (message.text[0] && strcmp(message.text, producer->complaint) != 0) {
        snprintf(producer->complaint, sizeof(producer->complaint), "%.500s", message.text);
        log_write(producer->log, result == TOPICS_E_PENDING ? LOG_LEVEL_WARNING : LOG_LEVEL_ERR,
                  "%s", message.text);
    }
    if (result == TOPICS_E_PENDING) {
        loop_set_timer(producer->topics_timer, loop_now() + TOPICS_USEC);
    } else if (result == 0) {
        topics_free(producer->topics);
        producer->topics = NULL;
        begin_sending(producer);
    } else {
        producer_leave(producer, result == TOPICS_E_MISMATCH ? EX_CONFIG : EX_UNAVAILABLE);
    }
}

static void
on_end(void *userdata)
{
    producer_leave(userdata, EX_OK);
}

static void
on_stop(void *userdata, int signal)
{
    struct producer *producer = userdata;

    log_info(producer->log, "%s: stopping", strsignal(signal));
    producer->stopping = true;
    producer->again = false;
    loop_set_timer(producer->end_timer, loop_now() + DRAIN_USEC);
    producer_leave_when_done(producer);
}

static void
take_over(void *userdata, const struct settings *settings)
{
    struct producer *producer = userdata;
    struct producer_settings config;
    struct error error = ERROR_INIT;

    if (producer_settings_read(&config, settings, &error) < 0) {
        log_err(producer->log, "%s", error.text);
        return;
    }
    producer->config.interval = config.interval;
    if (loop_timer_is_set(producer->day_timer))
        loop_set_timer(producer->day_timer, producer->day_started + config.interval);
    producer_settings_fini(&config);
}

static void
on_reload(void *userdata)
{
    struct producer *producer = userdata;

    daemon_reload(producer->daemon, producer->settings, take_over, producer);
}

static void
on_flush(void *userdata)
{
    save(userdata);
}

/* ---- beginning ---- */

static int
open_directory(struct producer *producer)
{
    struct error error = ERROR_INIT;
    const char *directory = daemon_state_directory(producer->config.directory);
    int result;

    producer->directory = directory;
    producer->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (producer->directory_fd < 0) {
        log_err(producer->log, "directory %s: %s; create it, or set [producer] directory",
                directory, strerror(errno));
        return EX_CANTCREAT;
    }
    if (faccessat(producer->directory_fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        log_err(producer->log, "directory %s: %s; weatherd must be able to write there", directory,
                strerror(errno));
        return EX_CANTCREAT;
    }
    result =
        lock_take(producer->directory_fd, ".producer.lock", "producer", &producer->lock_fd, &error);
    if (result != 0) {
        log_err(producer->log, "%s/%s", directory, error.text);
        return EX_CANTCREAT;
    }
    return EX_OK;
}

static int
load_position(struct producer *producer)
{
    struct error error = ERROR_INIT;
    int result;

    if (producer->daemon->flag) {
        if (unlinkat(producer->directory_fd, POSITION_FILE, 0) == 0)
            log_notice(producer->log, "%s/" POSITION_FILE " is forgotten, as --fresh says",
                       producer->directory);
        return EX_OK;
    }
    result = position_load(&producer->acknowledged, producer->directory_fd,
                           feed_describe(producer->feed), &error);
    if (result == POSITION_E_NONE)
        return EX_OK;
    if (result != 0) {
        log_err(producer->log, "%s/%s", producer->directory, error.text);
        return result == POSITION_E_CORRUPT ? EX_DATAERR : EX_IOERR;
    }
    if (producer->acknowledged.reports > 0 &&
        producer->acknowledged.reports >=
            feed_day_size(producer->feed, producer->acknowledged.days)) {
        log_err(producer->log,
                "%s/" POSITION_FILE ": \"reports\" is %llu, but day %llu of the feed has %zu; "
                "restore the file or the feed, or begin anew with --fresh",
                producer->directory, (unsigned long long)producer->acknowledged.reports,
                (unsigned long long)producer->acknowledged.days,
                feed_day_size(producer->feed, producer->acknowledged.days));
        return EX_DATAERR;
    }
    producer->sent = producer->acknowledged;
    log_info(producer->log, "going on after %llu days and %llu reports",
             (unsigned long long)producer->sent.days, (unsigned long long)producer->sent.reports);
    return EX_OK;
}

static int
start_loop(struct producer *producer, struct error *error)
{
    static const struct loop_handlers handlers = {
        .stop = on_stop,
        .reload = on_reload,
        .flush = on_flush,
        .readable = on_readable,
        .go_on = on_go_on,
    };
    const struct {
        loop_timer_fn expired;
        struct loop_timer **timer;
    } timers[] = {{on_day, &producer->day_timer},
                  {on_save, &producer->save_timer},
                  {on_topics, &producer->topics_timer},
                  {on_end, &producer->end_timer}};
    int result = loop_new(&producer->loop, &handlers, producer, error);

    for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]) && result == 0; i++)
        result = loop_add_timer(producer->loop, timers[i].expired, timers[i].timer, error);
    return result;
}

static int
start_sink(struct producer *producer, struct error *error)
{
    static const struct sink_handlers handlers = {
        .acknowledged = on_acknowledged,
        .failed = on_failed,
        .event = on_event,
    };
    const struct settings_reporter reporter = daemon_reporter(producer->daemon);
    struct rd_kafka_conf_s *conf;
    int result;

    kafka_conf_warn(producer->settings, error);
    if (error->text[0])
        log_warning(producer->log, "%s", error->text);
    if (producer_settings_kafka(&conf, producer->settings, &reporter, error) != 0)
        return -EINVAL;
    result = sink_new(&producer->sink, conf, &handlers, producer, error);
    if (result == 0)
        result = topics_new(&producer->topics, sink_client(producer->sink), producer->config.topics,
                            producer->config.n_topics);
    if (result == 0)
        result = loop_watch(producer->loop, sink_descriptor(producer->sink), error);
    return result;
}

int
producer_new(struct producer **producerp, struct daemon *daemon, struct settings *settings)
{
    struct producer *producer = calloc(1, sizeof(*producer));
    struct error error = ERROR_INIT;
    int exit_code;

    if (!producer)
        return EX_SOFTWARE;
    producer->daemon = daemon;
    producer->log = &daemon->log;
    producer->settings = settings;
    *producerp = producer;
    if (producer_settings_read(&producer->config, settings, &error) < 0 ||
        feed_new(&producer->feed, &producer->config.feed, &error) < 0) {
        log_err(producer->log, "%s", error.text);
        return EX_CONFIG;
    }
    producer->days_left = producer->config.days ? producer->config.days : UINT64_MAX;
    exit_code = open_directory(producer);
    if (exit_code == EX_OK)
        exit_code = load_position(producer);
    if (exit_code != EX_OK)
        return exit_code;
    /* The loop blocks the signals before the client starts its threads. */
    if (start_loop(producer, &error) < 0 || start_sink(producer, &error) < 0) {
        log_err(producer->log, "%s", error.text);
        return EX_CONFIG;
    }
    return EX_OK;
}

/*
 * A client of librdkafka can't be closed and made again within a process: the process begins again.
 */
static int
execute_again(struct producer *producer)
{
    char days[64];
    uint64_t left = producer->config.days;

    /* What is sent and not acknowledged is sent again, so it does not count as done. */
    if (left > 0) {
        left = producer->days_left + producer->sent.days - producer->acknowledged.days;
        if (left == 0)
            return EX_OK;
    }
    snprintf(days, sizeof(days), "producer.days=%llu", (unsigned long long)left);
    log_err(producer->log, "can't execute the program again: %s",
            strerror(-daemon_execute_again(producer->daemon, days)));
    return EX_SOFTWARE;
}

int
producer_run(struct producer *producer)
{
    int result;

    log_info(producer->log, "sending %s", feed_describe(producer->feed));
    loop_set_timer(producer->topics_timer, loop_now());
    notify_ready(producer->daemon->ready_fd);
    loop_go_on(producer->loop); /* for what came before the descriptor was watched */
    result = loop_run(producer->loop);
    producer->leaving = true;
    if (result < 0) {
        log_err(producer->log, "the event loop failed: %s", strerror(-result));
        producer->exit_code = EX_SOFTWARE;
    }
    if (!save(producer) && producer->exit_code == EX_OK)
        producer->exit_code = EX_IOERR;
    if (producer->again && producer->exit_code == EX_OK)
        return execute_again(producer);
    notify_stopping();
    log_info(producer->log, "stopped after %llu reports", (unsigned long long)producer->total);
    return producer->exit_code;
}
