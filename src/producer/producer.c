/* SPDX-License-Identifier: MIT */

/* The producer's life: how it begins, what events and signals do to it, how it ends. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "common/kafka_conf.h"
#include "common/notify.h"
#include "producer/producer_private.h"

#define TOPICS_USEC  (SECOND / 5) /* between two looks whether the topics are there */
#define METRICS_USEC SECOND       /* between two writes of the metrics */
#define DRAIN_USEC   (3 * SECOND) /* for what is on its way when it is told to stop */
#define AGAIN_USEC   SECOND       /* before a new client takes over from one that failed */

void
producer_leave(struct producer *producer, int exit_code)
{
    if (producer->leaving)
        return;
    producer->leaving = true;
    producer->exit_code = exit_code;
    loop_quit(producer->loop, 0);
}

/* Nothing more is sent; what is not acknowledged in a moment is sent again by the next client. */
static void
go_on_with_new_client(struct producer *producer)
{
    producer->again = producer->stopping = true;
    loop_set_timer(producer->end_timer, loop_now() + AGAIN_USEC);
}

static void
tell_event(struct producer *producer, enum client_event event, const char *text)
{
    enum message message =
        event == CLIENT_REFUSED ? MESSAGE_KAFKA_REFUSES_NOW : MESSAGE_KAFKA_TROUBLE;

    log_repeated(producer->log, producer->samplers, message, LOG_NO_FIELDS, "%s", text);
}

static void
note_silence(struct producer *producer, const char *text)
{
    if (producer->down)
        return;
    producer->down = true;
    producer->down_told =
        log_repeated(producer->log, producer->samplers, MESSAGE_BROKER_UNREACHABLE, LOG_NO_FIELDS,
                     "no broker can be reached, waiting: %s", text);
    daemon_tell_waiting(producer->settings, time(NULL));
}

static void
on_event(void *userdata, enum client_event event, const char *text)
{
    struct producer *producer = userdata;

    switch (event) {
    case CLIENT_LOG:
        daemon_log_library(producer->daemon, producer->settings, text);
        break;
    case CLIENT_DOWN:
        note_silence(producer, text);
        break;
    case CLIENT_FATAL:
        if (producer->again)
            break;
        log_event(producer->log, MESSAGE_CLIENT_FAILED,
                  "librdkafka's producer has failed: %s; a new one sends again what is not "
                  "acknowledged",
                  text);
        go_on_with_new_client(producer);
        break;
    case CLIENT_GIVEN_UP:
        log_event(producer->log, MESSAGE_KAFKA_REFUSES, "Kafka refuses this producer for good: %s",
                  text);
        producer_leave(producer, EX_UNAVAILABLE);
        break;
    case CLIENT_REFUSED:
        if (producer->total == 0 && !producer->daemon->executed_again) {
            log_event(producer->log, MESSAGE_KAFKA_REFUSES,
                      "Kafka refuses this client: %s; see [kafka]", text);
            producer_leave(producer, EX_UNAVAILABLE);
            break;
        }
        /* fall through */
    default:
        tell_event(producer, event, text);
        break;
    }
}

static void
on_acknowledged(void *userdata, uint64_t number)
{
    producer_acknowledge(userdata, number);
}

static void
on_failed(void *userdata, uint64_t number, bool final, const char *reason)
{
    struct producer *producer = userdata;

    /* With a bound on retries there has been no more than that. */
    if (final || producer->config.retries != UINT64_MAX)
        producer_fail(producer, number, reason);
    else
        on_event(producer, CLIENT_FATAL, reason);
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

    if (!producer_save(producer))
        loop_set_timer(producer->save_timer, loop_now() + SAVE_USEC);
    if (!producer->down)
        notify_status("%llu %s sent, %s %llu", (unsigned long long)producer->total,
                      producer->records ? producer->records : "reports",
                      producer->records ? "number" : "day",
                      (unsigned long long)producer->acknowledged.days);
    producer_send(producer);
}

/* Only now: a handle would have brokers make a topic that is not there, in their own way. */
static void
begin_sending(struct producer *producer)
{
    struct error error = ERROR_INIT;
    int exit_code = producer_cover_topics(producer);

    if (exit_code != EX_OK) {
        producer_leave(producer, exit_code);
        return;
    }
    for (size_t i = 0; i < producer->config.n_topics; i++) {
        if (sink_add_topic(producer->sink, producer->config.topics[i].name, &error) < 0) {
            log_event(producer->log, MESSAGE_KAFKA_REFUSES, "%s", error.text);
            producer_leave(producer, EX_UNAVAILABLE);
            return;
        }
    }
    producer_send(producer);
}

static bool
is_covered(void *userdata, const char *topic)
{
    struct producer *producer = userdata;

    return position_covers(&producer->file, topic);
}

static void
on_deleting(void *userdata, const char *topic)
{
    struct producer *producer = userdata;

    log_event_at(
        producer->log, MESSAGE_TOPIC_DELETED, producer_at(topic),
        "topic %s is deleted, and then made anew: its if_exists is recreate, and no " POSITION_FILE
        " covers it",
        topic);
}

static void
complain_of_topics(struct producer *producer, int result, const struct error *text)
{
    enum message message = result == TOPICS_E_PENDING    ? MESSAGE_TOPIC_MISSING
                           : result == TOPICS_E_SETTINGS ? MESSAGE_SETTINGS_WRONG
                                                         : MESSAGE_KAFKA_REFUSES;

    if (log_repeated(producer->log, producer->samplers, message, LOG_NO_FIELDS, "%s", text->text))
        producer->complaint = *text;
}

static void
on_topics(void *userdata)
{
    struct producer *producer = userdata;
    struct error message = ERROR_INIT;
    int result = topics_check(producer->topics, &message);

    if (message.text[0] && strcmp(message.text, producer->complaint.text) != 0)
        complain_of_topics(producer, result, &message);
    if (result == TOPICS_E_PENDING) {
        loop_set_timer(producer->topics_timer, loop_now() + TOPICS_USEC);
    } else if (result == 0) {
        topics_free(producer->topics);
        producer->topics = NULL;
        begin_sending(producer);
    } else {
        producer_leave(producer, result == TOPICS_E_SETTINGS ? EX_CONFIG : EX_UNAVAILABLE);
    }
}

static void
on_metrics(void *userdata)
{
    struct producer *producer = userdata;

    producer_show_metrics(producer);
    loop_set_timer(producer->metrics_timer, loop_now() + METRICS_USEC);
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

/* librdkafka's client keeps those it was made with. */
static void
follow_credentials(struct producer *producer, const struct settings *settings)
{
    cleanup(free) char *credentials = kafka_conf_credentials(settings);

    if (!credentials || strcmp(credentials, producer->credentials) == 0)
        return;
    if (loop_timer_is_set(producer->end_timer)) /* it ends, or goes on with a new one, already */
        return;
    log_event(producer->log, MESSAGE_CLIENT_RENEWED,
              "the credentials in [kafka] have changed: going on with a new client");
    go_on_with_new_client(producer);
    producer_leave_when_done(producer);
}

static bool
take_over(void *userdata, const struct settings *settings)
{
    struct producer *producer = userdata;
    struct producer_settings config;
    struct error error = ERROR_INIT;

    if (producer_settings_read(&config, settings, &error) < 0) {
        log_event(producer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return false;
    }
    producer->config.interval = config.interval;
    if (loop_timer_is_set(producer->day_timer))
        loop_set_timer(producer->day_timer, producer->day_started + config.interval);
    producer_settings_fini(&config);
    follow_credentials(producer, settings);
    return true;
}

static void
on_reload(void *userdata)
{
    struct producer *producer = userdata;

    producer->reload_failed =
        !daemon_reload(producer->daemon, producer->settings, take_over, producer);
}

static void
on_flush(void *userdata)
{
    producer_save(userdata);
}

/* ---- beginning ---- */

static int
start_loop(struct producer *producer, struct error *error)
{
    static const struct loop_handlers handlers = {
        .stop = on_stop,
        .reload = on_reload,
        .flush = on_flush,
        .go_on = on_go_on,
    };
    const struct {
        loop_timer_fn expired;
        struct loop_timer **timer;
    } timers[] = {{on_day, &producer->day_timer},
                  {on_save, &producer->save_timer},
                  {on_topics, &producer->topics_timer},
                  {on_end, &producer->end_timer},
                  {on_metrics, &producer->metrics_timer}};
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
    static const struct topics_handlers topics_handlers = {
        .is_covered = is_covered,
        .deleting = on_deleting,
    };
    const struct settings_reporter reporter = daemon_reporter(producer->daemon);
    struct rd_kafka_conf_s *conf;
    int result;

    kafka_conf_warn(producer->settings, error);
    if (error->text[0])
        log_event(producer->log, MESSAGE_SETTINGS_UNWISE, "%s", error->text);
    if (producer_settings_kafka(&conf, producer->settings, &reporter, error) != 0)
        return -EINVAL;
    if (producer->log->level == LOG_LEVEL_DEBUG)
        kafka_conf_debug(conf);
    result = sink_new(&producer->sink, conf, &handlers, producer, error);
    producer->plan = (struct topics_plan){.settings = producer->config.topics,
                                          .n_topics = producer->config.n_topics,
                                          .handlers = &topics_handlers,
                                          .userdata = producer};
    if (result == 0)
        result = topics_new(&producer->topics, sink_client(producer->sink), &producer->plan);
    if (result == 0)
        result = loop_watch(producer->loop, sink_descriptor(producer->sink), on_readable, error);
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
        log_event(producer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_CONFIG;
    }
    producer->records = feed_records(&producer->config.feed);
    producer->credentials = kafka_conf_credentials(settings);
    if (!producer->credentials)
        return EX_SOFTWARE;
    producer->days_left = producer->config.days ? producer->config.days : UINT64_MAX;
    exit_code = producer_open_directory(producer);
    if (exit_code == EX_OK)
        exit_code = producer_open_metrics(producer);
    if (exit_code != EX_OK)
        return exit_code;
    /* The loop blocks the signals before the client starts its threads. */
    if (start_loop(producer, &error) < 0 || start_sink(producer, &error) < 0) {
        log_event(producer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
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
    log_event(producer->log, MESSAGE_FAULT, "can't execute the program again: %s",
              strerror(-daemon_execute_again(producer->daemon, days)));
    return EX_SOFTWARE;
}

int
producer_run(struct producer *producer)
{
    int result;

    log_event(producer->log, MESSAGE_READY, "sending %s", feed_describe(producer->feed));
    loop_set_timer(producer->topics_timer, loop_now());
    if (producer->metrics)
        loop_set_timer(producer->metrics_timer, loop_now());
    notify_ready(producer->daemon->ready_fd);
    loop_go_on(producer->loop); /* for what came before the descriptor was watched */
    result = loop_run(producer->loop);
    producer->leaving = true;
    if (result < 0) {
        log_event(producer->log, MESSAGE_FAULT, "the event loop failed: %s", strerror(-result));
        producer->exit_code = EX_SOFTWARE;
    }
    if (!producer_save(producer) && producer->exit_code == EX_OK)
        producer->exit_code = EX_IOERR;
    if (producer->metrics)
        metrics_remove(producer->metrics);
    if (producer->again && producer->exit_code == EX_OK)
        return execute_again(producer);
    notify_stopping();
    log_event(producer->log, MESSAGE_STOPPED, "stopped after %llu %s",
              (unsigned long long)producer->total,
              producer->records ? producer->records : "reports");
    return producer->exit_code;
}
