/* SPDX-License-Identifier: MIT */

/* The reader's life: how it begins, what signals and silence do to it, how it ends. */

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
#include "reader/reader_private.h"

#define OUTBOX_MSEC 1500 /* for the acknowledgement of what was sent, at the end */

void
reader_leave(struct reader *reader, int exit_code)
{
    if (reader->leaving)
        return;
    reader->leaving = true;
    reader->left = loop_now();
    reader->exit_code = exit_code;
    loop_quit(reader->loop, 0);
}

void
reader_renew(struct reader *reader)
{
    reader->renewing = true;
    if (reader->paused || reader->leaving)
        return;
    reader->again = true;
    reader_leave(reader, EX_OK);
}

/* ---- events ---- */

static void
on_stop(void *userdata, int signal)
{
    struct reader *reader = userdata;

    log_info(reader->log, "%s: stopping", strsignal(signal));
    reader_leave(reader, EX_OK);
}

/* Has a partition follow what reader->config says of its topic. */
static void
follow_rules(struct reader *reader, struct reader_partition *partition)
{
    partition->rules = reader_settings_topic(&reader->config, partition->topic);
    partition->interval = partition->rules->checkpoint_interval;
    if (reader->ops->follow)
        reader->ops->follow(partition);
}

/* librdkafka's client keeps those it was made with. */
static void
follow_credentials(struct reader *reader, const struct settings *settings)
{
    cleanup(free) char *credentials = kafka_conf_credentials(settings);

    if (!credentials || strcmp(credentials, reader->credentials) == 0)
        return;
    log_event(reader->log, MESSAGE_CLIENT_RENEWED,
              "the credentials in [kafka] have changed: going on with a new client");
    reader->again = true;
    reader_leave(reader, EX_OK);
}

static bool
take_over(void *userdata, const struct settings *settings)
{
    struct reader *reader = userdata;
    struct reader_settings config;
    struct error error = ERROR_INIT;

    if (reader_settings_read(&config, reader->ops->kind, settings, &error) < 0) {
        log_event(reader->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return false;
    }
    if (reader->ops->accept && !reader->ops->accept(reader, &config)) {
        reader_settings_fini(&config);
        return false;
    }
    reader_settings_fini(&reader->config);
    reader->config = config;
    for (size_t i = 0; i < reader->n_partitions; i++)
        follow_rules(reader, &reader->partitions[i]);
    follow_credentials(reader, settings);
    if (loop_timer_is_set(reader->save_timer)) {
        loop_unset_timer(reader->save_timer);
        reader_schedule_save(reader);
    }
    return true;
}

static void
on_reload(void *userdata)
{
    struct reader *reader = userdata;

    reader->reload_failed = !daemon_reload(reader->daemon, reader->settings, take_over, reader);
    reader->metrics_due = true;
}

static void
on_flush(void *userdata)
{
    reader_save(userdata);
}

static void
on_readable(void *userdata)
{
    struct reader *reader = userdata;

    source_acknowledge(reader->source);
    reader_read(reader);
}

static void
on_go_on(void *userdata)
{
    reader_read(userdata);
}

static void
on_save(void *userdata)
{
    reader_save(userdata);
}

static void
on_heartbeat(void *userdata)
{
    reader_beat(userdata);
}

void
reader_tell_event(struct reader *reader, enum client_event event, const char *text)
{
    enum message message =
        event == CLIENT_REFUSED ? MESSAGE_KAFKA_REFUSES_NOW : MESSAGE_KAFKA_TROUBLE;

    log_repeated(reader->log, reader->samplers, message, LOG_NO_FIELDS, "%s", text);
}

static void
note_silence(struct reader *reader, const char *text)
{
    if (reader->down)
        return;
    reader->down = true;
    reader->down_since = time(NULL);
    reader->down_told = log_repeated(reader->log, reader->samplers, MESSAGE_BROKER_UNREACHABLE,
                                     LOG_NO_FIELDS, "no broker can be reached, waiting: %s", text);
}

void
reader_note_contact(struct reader *reader)
{
    if (reader->down && reader->down_told)
        log_event(reader->log, MESSAGE_BROKER_REACHABLE, "connected again");
    reader->down = false;
}

/* From within source_take(), so in the loop's thread. */
static void
on_source_event(void *userdata, enum client_event event, const char *text)
{
    struct reader *reader = userdata;

    switch (event) {
    case CLIENT_LOG:
        daemon_log_library(reader->daemon, reader->settings, text);
        break;
    case CLIENT_DOWN:
        reader_doubt(reader);
        note_silence(reader, text);
        break;
    case CLIENT_COMMITTED:
    case CLIENT_COMMIT_REFUSED:
        reader_end_commit(reader, event, text);
        break;
    case CLIENT_REFUSED:
        if (reader_is_first_contact(reader)) {
            log_event(reader->log, MESSAGE_KAFKA_REFUSES,
                      "Kafka refuses this client: %s; see [kafka]", text);
            reader_leave(reader, EX_UNAVAILABLE);
            break;
        }
        /* fall through */
    case CLIENT_CUT:
        reader_doubt(reader);
        /* fall through */
    default:
        reader_tell_event(reader, event, text);
        break;
    }
}

/* ---- beginning ---- */

/* Its files can't be used: the exit code. */
static int
refuse_files(const struct reader *reader, const struct reader_partition *partition, int result,
             const struct error *error)
{
    enum message message = result == STREAM_E_CORRUPT ? MESSAGE_FILE_REFUSED
                           : result == STREAM_E_HELD  ? MESSAGE_LOCK_HELD
                           : result == -EIO           ? MESSAGE_FILE_UNREADABLE
                                                      : MESSAGE_DIRECTORY_UNUSABLE;

    log_event_at(reader->log, message, reader_at_file(partition, -1), "%s",
                 error->text[0] ? error->text : strerror(-result));
    return message == MESSAGE_FILE_REFUSED      ? EX_DATAERR
           : message == MESSAGE_FILE_UNREADABLE ? EX_IOERR
                                                : EX_CANTCREAT;
}

static int
open_partition(struct reader *reader, const struct assignment_topic *topic, int32_t number)
{
    struct reader_partition *partition = &reader->partitions[reader->n_partitions];
    const struct stream_settings settings = {
        .topic = topic->name,
        .partition = number,
        .directory = topic->directory,
        .directory_fd = topic->directory_fd,
        .instance = reader->instance,
    };
    struct error notice = ERROR_INIT, error = ERROR_INIT;
    const char *key;
    int result;

    if (reader_settings_check_topic(&reader->config, topic->name, &key, &error) < 0) {
        log_event(reader->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_CONFIG;
    }
    *partition = (struct reader_partition){
        .topic = topic->name,
        .number = number,
        .fixed = reader_settings_topic(&reader->initial, topic->name),
        .until = -1,
        .end_met = -1,
        .committed = -1,
        .last_timestamp = -1,
    };
    if (reader->ops->open(reader, partition) < 0)
        return EX_SOFTWARE;
    follow_rules(reader, partition);
    result = stream_open(&partition->stream, &settings, reader->ops->state, partition->state,
                         &notice, &error);
    if (result != 0)
        return refuse_files(reader, partition, result, &error);
    if (notice.text[0])
        log_event_at(reader->log, MESSAGE_CHECKPOINT_MISSING, reader_at(partition, -1), "%s",
                     notice.text);
    partition->is_new = !partition->stream.loaded;
    partition->durable = partition->stream.offset;
    if (reader->ops->opened)
        reader->ops->opened(partition);
    reader->n_partitions++;
    return 0;
}

static int
open_partitions(struct reader *reader)
{
    struct error error = ERROR_INIT;
    size_t n = assignment_count(&reader->assignment);
    int result;

    reader->partitions = calloc(n, sizeof(*reader->partitions));
    if (!reader->partitions)
        return EX_SOFTWARE;
    result = assignment_open(&reader->assignment, &error);
    if (result != 0) {
        log_event(reader->log,
                  result == ASSIGNMENT_E_SHARED ? MESSAGE_SETTINGS_WRONG
                                                : MESSAGE_DIRECTORY_UNUSABLE,
                  "%s", error.text);
        return result == ASSIGNMENT_E_SHARED ? EX_CONFIG : EX_CANTCREAT;
    }
    for (size_t i = 0; i < reader->assignment.n_topics; i++) {
        const struct assignment_topic *topic = &reader->assignment.topics[i];

        for (size_t j = 0; j < topic->list.n_partitions; j++) {
            int exit_code = open_partition(reader, topic, topic->list.partitions[j]);

            if (exit_code != 0)
                return exit_code;
        }
    }
    return 0;
}

static int
read_settings(struct reader *reader, struct error *error)
{
    const struct daemon *daemon = reader->daemon;
    const struct reader_kind *kind = reader->ops->kind;
    int result = reader_settings_read(&reader->config, kind, reader->settings, error);

    if (result == 0)
        result = reader_settings_read(&reader->initial, kind, reader->settings, error);
    if (result < 0)
        return result;
    result = assignment_parse(&reader->assignment, daemon->arguments, daemon->n_arguments,
                              &reader->config, error);
    if (result == 0)
        assignment_format(&reader->assignment, reader->instance, sizeof(reader->instance));
    return result;
}

static int
start_loop(struct reader *reader, struct error *error)
{
    static const struct loop_handlers handlers = {
        .stop = on_stop,
        .reload = on_reload,
        .flush = on_flush,
        .go_on = on_go_on,
    };
    int result = loop_new(&reader->loop, &handlers, reader, error);

    if (result == 0)
        result = loop_add_timer(reader->loop, on_save, &reader->save_timer, error);
    if (result == 0)
        result = loop_add_timer(reader->loop, on_heartbeat, &reader->heartbeat_timer, error);
    return result;
}

static int
start_source(struct reader *reader, struct error *error)
{
    const struct settings_reporter reporter = daemon_reporter(reader->daemon);
    cleanup(free) struct source_partition *partitions =
        calloc(reader->n_partitions, sizeof(*partitions));
    struct rd_kafka_conf_s *conf;
    int result;

    reader->credentials = kafka_conf_credentials(reader->settings);
    if (!partitions || !reader->credentials)
        return -ENOMEM;
    kafka_conf_warn(reader->settings, error);
    if (error->text[0])
        log_event(reader->log, MESSAGE_SETTINGS_UNWISE, "%s", error->text);
    result = reader_settings_kafka(&conf, reader->ops->kind, reader->settings, &reporter, error);
    if (result != 0)
        return -EINVAL;
    if (reader->log->level == LOG_LEVEL_DEBUG)
        kafka_conf_debug(conf);
    result = source_new(&reader->source, conf, on_source_event, reader, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < reader->n_partitions; i++)
        partitions[i] = (struct source_partition){
            .topic = reader->partitions[i].topic,
            .partition = reader->partitions[i].number,
            .start = stream_start(&reader->partitions[i].stream),
        };
    result = loop_watch(reader->loop, source_descriptor(reader->source), on_readable, error);
    if (result == 0)
        result = source_assign(reader->source, partitions, reader->n_partitions, error);
    return result;
}

/* 0, or the exit code, the reason having been logged. */
static int
open_all(struct reader *reader)
{
    struct error error = ERROR_INIT;
    int exit_code;

    if (read_settings(reader, &error) < 0) {
        log_event(reader->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_USAGE;
    }
    /* The loop blocks the signals before the client starts its threads. */
    if (start_loop(reader, &error) < 0) {
        log_event(reader->log, MESSAGE_FAULT, "%s", error.text);
        return EX_SOFTWARE;
    }
    exit_code = open_partitions(reader);
    if (exit_code == 0 && reader->ops->accept && !reader->ops->accept(reader, &reader->config))
        exit_code = EX_CONFIG;
    if (exit_code == 0)
        exit_code = reader_open_metrics(reader);
    if (exit_code != 0)
        return exit_code;
    if (start_source(reader, &error) < 0) {
        log_event(reader->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_CONFIG;
    }
    exit_code = reader_open_letters(reader);
    return exit_code != 0 || !reader->ops->start ? exit_code : reader->ops->start(reader);
}

/* "5 counted, 0 duplicate, 0 late, 0 invalid" */
static void
tell_outcomes(const struct reader *reader)
{
    char text[256] = "";
    size_t used = 0;

    for (size_t outcome = 0; outcome < reader->ops->n_outcomes; outcome++) {
        unsigned long long sum = 0;

        for (size_t i = 0; i < reader->n_partitions; i++)
            sum += reader->partitions[i].outcomes[outcome];
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%llu %s",
                                 outcome > 0 ? ", " : "", sum, reader->ops->outcomes[outcome]);
    }
    log_event(reader->log, MESSAGE_STOPPED, "stopped after %llu records: %s",
              (unsigned long long)reader->applied, text);
}

static int
execute_again(struct reader *reader)
{
    log_event(reader->log, MESSAGE_FAULT, "can't execute the program again: %s",
              strerror(-daemon_execute_again(reader->daemon, NULL)));
    return EX_SOFTWARE;
}

static int
run(struct reader *reader)
{
    int result;

    log_event(reader->log, MESSAGE_READY, "reading %s", reader->instance);
    loop_set_timer(reader->heartbeat_timer, loop_now() + SECOND);
    notify_ready(reader->daemon->ready_fd);
    loop_go_on(reader->loop); /* for what came before the descriptor was watched */
    result = loop_run(reader->loop);
    reader->leaving = true;
    if (result < 0) {
        log_event(reader->log, MESSAGE_FAULT, "the event loop failed: %s", strerror(-result));
        reader->exit_code = EX_SOFTWARE;
    }
    if (!reader->again)
        notify_stopping();
    if (reader->outbox)
        outbox_drain(reader->outbox, OUTBOX_MSEC);
    if (!reader_save(reader) && reader->exit_code == EX_OK)
        reader->exit_code = EX_IOERR;
    if (reader->ops->drain)
        reader->ops->drain(reader);
    reader_commit_last(reader);
    tell_outcomes(reader);
    if (reader->metrics)
        metrics_remove(reader->metrics);
    if (reader->again && reader->exit_code == EX_OK)
        return execute_again(reader);
    return reader->exit_code;
}

int
reader_run(struct reader *reader, const struct reader_ops *ops, struct daemon *daemon,
           struct settings *settings)
{
    int exit_code;

    reader->ops = ops;
    reader->daemon = daemon;
    reader->log = &daemon->log;
    reader->settings = settings;
    reader->started = loop_now();
    if (getrandom(&reader->seed, sizeof(reader->seed), 0) != sizeof(reader->seed))
        reader->seed = reader->started;
    reader->stalled = reader_last_stall();
    exit_code = open_all(reader);
    return exit_code == EX_OK ? run(reader) : exit_code;
}
