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

#define LETTERS_MSEC 1500 /* for the acknowledgement of invalid records at the end */

void
consumer_leave(struct consumer *consumer, int exit_code)
{
    if (consumer->leaving)
        return;
    consumer->leaving = true;
    consumer->left = loop_now();
    consumer->exit_code = exit_code;
    loop_quit(consumer->loop, 0);
}

void
consumer_renew(struct consumer *consumer)
{
    consumer->renewing = true;
    if (consumer->paused || consumer->leaving)
        return;
    consumer->again = true;
    consumer_leave(consumer, EX_OK);
}

/* ---- events ---- */

static void
on_stop(void *userdata, int signal)
{
    struct consumer *consumer = userdata;

    log_info(consumer->log, "%s: stopping", strsignal(signal));
    consumer_leave(consumer, EX_OK);
}

/* Has the partitions follow what consumer->config says of their topics. */
static void
follow_settings(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++) {
        struct consumer_partition *partition = &consumer->partitions[i];

        partition->rules = consumer_settings_topic(&consumer->config, partition->topic);
        partition->partition.policy = &partition->rules->policy;
    }
}

/* librdkafka's client keeps those it was made with. */
static void
follow_credentials(struct consumer *consumer, const struct settings *settings)
{
    cleanup(free) char *credentials = kafka_conf_credentials(settings);

    if (!credentials || strcmp(credentials, consumer->credentials) == 0)
        return;
    log_event(consumer->log, MESSAGE_CLIENT_RENEWED,
              "the credentials in [kafka] have changed: going on with a new client");
    consumer->again = true;
    consumer_leave(consumer, EX_OK);
}

static void
take_over(void *userdata, const struct settings *settings)
{
    struct consumer *consumer = userdata;
    struct consumer_settings config;
    struct error error = ERROR_INIT;

    if (consumer_settings_read(&config, settings, &error) < 0) {
        log_event(consumer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return;
    }
    consumer_settings_fini(&consumer->config);
    consumer->config = config;
    follow_settings(consumer);
    follow_credentials(consumer, settings);
    if (loop_timer_is_set(consumer->save_timer)) {
        loop_unset_timer(consumer->save_timer);
        consumer_schedule_save(consumer);
    }
}

static void
on_reload(void *userdata)
{
    struct consumer *consumer = userdata;

    consumer->reload_failed =
        !daemon_reload(consumer->daemon, consumer->settings, take_over, consumer);
    consumer->metrics_due = true;
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

void
consumer_tell_event(struct consumer *consumer, enum client_event event, const char *text)
{
    enum message message =
        event == CLIENT_REFUSED ? MESSAGE_KAFKA_REFUSES_NOW : MESSAGE_KAFKA_TROUBLE;

    log_repeated(consumer->log, consumer->samplers, message, LOG_NO_FIELDS, "%s", text);
}

static void
note_silence(struct consumer *consumer, const char *text)
{
    if (consumer->down)
        return;
    consumer->down = true;
    consumer->down_since = time(NULL);
    consumer->down_told =
        log_repeated(consumer->log, consumer->samplers, MESSAGE_BROKER_UNREACHABLE, LOG_NO_FIELDS,
                     "no broker can be reached, waiting: %s", text);
}

void
consumer_note_contact(struct consumer *consumer)
{
    if (consumer->down && consumer->down_told)
        log_event(consumer->log, MESSAGE_BROKER_REACHABLE, "connected again");
    consumer->down = false;
}

/* From within source_take(), so in the loop's thread. */
static void
on_source_event(void *userdata, enum client_event event, const char *text)
{
    struct consumer *consumer = userdata;

    switch (event) {
    case CLIENT_LOG:
        daemon_log_library(consumer->daemon, consumer->settings, text);
        break;
    case CLIENT_DOWN:
        consumer_doubt(consumer);
        note_silence(consumer, text);
        break;
    case CLIENT_COMMITTED:
    case CLIENT_COMMIT_REFUSED:
        consumer_end_commit(consumer, event, text);
        break;
    case CLIENT_REFUSED:
        if (consumer_is_first_contact(consumer)) {
            log_event(consumer->log, MESSAGE_KAFKA_REFUSES,
                      "Kafka refuses this client: %s; see [kafka]", text);
            consumer_leave(consumer, EX_UNAVAILABLE);
            break;
        }
        /* fall through */
    case CLIENT_CUT:
        consumer_doubt(consumer);
        /* fall through */
    default:
        consumer_tell_event(consumer, event, text);
        break;
    }
}

/* ---- beginning ---- */

/* Its files can't be used: the exit code. */
static int
refuse_files(const struct consumer *consumer, const struct consumer_partition *partition,
             int result, const struct error *error)
{
    enum message message = result == STREAM_E_CORRUPT ? MESSAGE_FILE_REFUSED
                           : result == STREAM_E_HELD  ? MESSAGE_LOCK_HELD
                           : result == -EIO           ? MESSAGE_FILE_UNREADABLE
                                                      : MESSAGE_DIRECTORY_UNUSABLE;

    log_event_at(consumer->log, message, consumer_at_file(partition, -1), "%s",
                 error->text[0] ? error->text : strerror(-result));
    return message == MESSAGE_FILE_REFUSED      ? EX_DATAERR
           : message == MESSAGE_FILE_UNREADABLE ? EX_IOERR
                                                : EX_CANTCREAT;
}

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
    const struct consumer_topic *rules = consumer_settings_topic(&consumer->config, topic->name);
    const struct consumer_topic *fixed = consumer_settings_topic(&consumer->initial, topic->name);
    const struct partition_settings partition_settings = {
        .number = number,
        .layout = fixed->layout,
        .format = fixed->format,
        .schema = fixed->schema,
        .schema_ids = &fixed->schema_ids,
        .fields = consumer_settings_fields(fixed),
        .shape = consumer_settings_shape(fixed),
        .window = fixed->window,
    };
    struct error notice = ERROR_INIT, error = ERROR_INIT;
    const char *key;
    uint64_t seed;
    int result;

    if (consumer_settings_check_topic(&consumer->config, topic->name, &key, &error) < 0) {
        log_event(consumer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_CONFIG;
    }

    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = (uint64_t)loop_now();
    *partition = (struct consumer_partition){
        .topic = topic->name,
        .number = number,
        .rules = rules,
        .fixed = fixed,
        .until = -1,
        .end_met = -1,
        .committed = -1,
        .handed = -1,
        .acknowledged = -1,
        .marked = -1,
        .last_timestamp = -1,
    };
    partition_init(&partition->partition, &partition_settings, &rules->policy, seed);
    result = stream_open(&partition->stream, &settings, &layout_ops, &partition->partition, &notice,
                         &error);
    if (result != 0)
        return refuse_files(consumer, partition, result, &error);
    if (notice.text[0])
        log_event_at(consumer->log, MESSAGE_CHECKPOINT_MISSING, consumer_at(partition, -1), "%s",
                     notice.text);
    partition->is_new = !partition->stream.loaded;
    partition->durable = partition->stream.offset;
    if (partition->stream.loaded)
        snprintf(partition->partition.only, sizeof(partition->partition.only), "%s",
                 partition->stream.identity.station);
    consumer->n_partitions++;
    return 0;
}

static int
open_partitions(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    size_t n = assignment_count(&consumer->assignment);
    int result;

    consumer->partitions = calloc(n, sizeof(*consumer->partitions));
    if (!consumer->partitions)
        return EX_SOFTWARE;
    result = assignment_open(&consumer->assignment, &error);
    if (result != 0) {
        log_event(consumer->log,
                  result == ASSIGNMENT_E_SHARED ? MESSAGE_SETTINGS_WRONG
                                                : MESSAGE_DIRECTORY_UNUSABLE,
                  "%s", error.text);
        return result == ASSIGNMENT_E_SHARED ? EX_CONFIG : EX_CANTCREAT;
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
    int result = consumer_settings_read(&consumer->config, consumer->settings, error);

    if (result == 0)
        result = consumer_settings_read(&consumer->initial, consumer->settings, error);
    if (result < 0)
        return result;
    result = assignment_parse(&consumer->assignment, daemon->arguments, daemon->n_arguments,
                              &consumer->config, error);
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

    consumer->credentials = kafka_conf_credentials(consumer->settings);
    if (!partitions || !consumer->credentials)
        return -ENOMEM;
    kafka_conf_warn(consumer->settings, error);
    if (error->text[0])
        log_event(consumer->log, MESSAGE_SETTINGS_UNWISE, "%s", error->text);
    result = consumer_settings_kafka(&conf, consumer->settings, &reporter, error);
    if (result != 0)
        return -EINVAL;
    if (consumer->log->level == LOG_LEVEL_DEBUG)
        kafka_conf_debug(conf);
    result = source_new(&consumer->source, conf, on_source_event, consumer, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < consumer->n_partitions; i++)
        partitions[i] = (struct source_partition){
            .topic = consumer->partitions[i].topic,
            .partition = consumer->partitions[i].number,
            .start = stream_start(&consumer->partitions[i].stream),
        };
    result = loop_watch(consumer->loop, source_descriptor(consumer->source), on_readable, error);
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
    consumer->stalled = consumer_last_stall();
    *consumerp = consumer;
    if (read_settings(consumer, &error) < 0) {
        log_event(consumer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_USAGE;
    }
    /* The loop blocks the signals before the client starts its threads. */
    if (start_loop(consumer, &error) < 0) {
        log_event(consumer->log, MESSAGE_FAULT, "%s", error.text);
        return EX_SOFTWARE;
    }
    exit_code = open_partitions(consumer);
    if (exit_code == 0)
        exit_code = consumer_open_metrics(consumer);
    if (exit_code != 0)
        return exit_code;
    if (start_source(consumer, &error) < 0) {
        log_event(consumer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_CONFIG;
    }
    exit_code = consumer_open_letters(consumer);
    return exit_code != 0 ? exit_code : consumer_open_summaries(consumer);
}

static void
tell_outcomes(const struct consumer *consumer)
{
    unsigned long long sums[PARTITION_N_OUTCOMES] = {0};

    for (size_t i = 0; i < consumer->n_partitions; i++)
        for (int outcome = 0; outcome < PARTITION_N_OUTCOMES; outcome++)
            sums[outcome] += consumer->partitions[i].partition.outcomes[outcome];
    log_event(consumer->log, MESSAGE_STOPPED,
              "stopped after %llu records: %llu counted, %llu duplicate, %llu late, %llu invalid",
              (unsigned long long)consumer->applied, sums[PARTITION_COUNTED],
              sums[PARTITION_DUPLICATE], sums[PARTITION_LATE], sums[PARTITION_INVALID]);
}

static int
execute_again(struct consumer *consumer)
{
    log_event(consumer->log, MESSAGE_FAULT, "can't execute the program again: %s",
              strerror(-daemon_execute_again(consumer->daemon, NULL)));
    return EX_SOFTWARE;
}

int
consumer_run(struct consumer *consumer)
{
    int result;

    log_event(consumer->log, MESSAGE_READY, "reading %s", consumer->instance);
    loop_set_timer(consumer->heartbeat_timer, loop_now() + SECOND);
    notify_ready(consumer->daemon->ready_fd);
    loop_go_on(consumer->loop); /* for what came before the descriptor was watched */
    result = loop_run(consumer->loop);
    consumer->leaving = true;
    if (result < 0) {
        log_event(consumer->log, MESSAGE_FAULT, "the event loop failed: %s", strerror(-result));
        consumer->exit_code = EX_SOFTWARE;
    }
    if (!consumer->again)
        notify_stopping();
    if (consumer->letters)
        dead_letters_drain(consumer->letters, LETTERS_MSEC);
    if (!consumer_save(consumer) && consumer->exit_code == EX_OK)
        consumer->exit_code = EX_IOERR;
    consumer_drain_summaries(consumer);
    consumer_commit_last(consumer);
    tell_outcomes(consumer);
    if (consumer->metrics)
        metrics_remove(consumer->metrics);
    if (consumer->again && consumer->exit_code == EX_OK)
        return execute_again(consumer);
    return consumer->exit_code;
}
