/* SPDX-License-Identifier: MIT */

/* What is sent on account of records: copies of invalid ones, and what the program makes of others. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "reader/dead_letters.h"
#include "reader/reader_private.h"

static void
on_failed(void *userdata, const struct outbox_topic *topic, const char *reason)
{
    struct reader *reader = userdata;

    if (reader->leaving)
        return;
    log_event(reader->log, topic->refuses,
              "topic %s (%s) does not take %s: %s; stopping before it; "
              "see the topic's max.message.bytes and permissions",
              topic->name, topic->setting, topic->what, reason);
    reader_leave(reader, EX_UNAVAILABLE);
}

void
reader_hear_sink(struct reader *reader, const struct reader_sink *sink, enum client_event event,
                 const char *text)
{
    struct error message;

    error_set(&message, 0, "%s: %s", sink->setting, text);
    switch (event) {
    case CLIENT_LOG:
    case CLIENT_DOWN: /* the source's client says so, too */
        daemon_log_library(reader->daemon, reader->settings, message.text);
        break;
    case CLIENT_FATAL:
        if (reader->leaving)
            break;
        log_event(reader->log, MESSAGE_CLIENT_FAILED,
                  "librdkafka's producer for %s has failed: %s; beginning again with a new one",
                  sink->setting, text);
        reader_renew(reader);
        break;
    case CLIENT_GIVEN_UP:
        log_event(reader->log, sink->refused,
                  "Kafka refuses the producer for %s for good: %s; grant WRITE and DESCRIBE on "
                  "that topic",
                  sink->setting, text);
        reader_leave(reader, EX_UNAVAILABLE);
        break;
    default:
        reader_tell_event(reader, event, message.text);
        break;
    }
}

static void
on_event(void *userdata, enum client_event event, const char *text)
{
    struct reader *reader = userdata;

    reader_hear_sink(reader, &reader->ops->sink, event, text);
}

void
reader_serve_outbox(struct reader *reader)
{
    if (!reader->outbox)
        return;
    outbox_serve(reader->outbox);
    if (outbox_pending(reader->outbox) > 0 || reader->leaving)
        return;
    if (reader->awaiting) {
        reader->awaiting = false;
        reader_save(reader);
    }
    loop_go_on(reader->loop);
}

static void
on_readable(void *userdata)
{
    reader_serve_outbox(userdata);
}

/* ---- beginning ---- */

static int
open_outbox(struct reader *reader, struct error *error)
{
    static const struct outbox_handlers handlers = {.failed = on_failed, .event = on_event};
    const struct settings_reporter reporter = daemon_reporter(reader->daemon);
    struct rd_kafka_conf_s *conf;
    int result =
        reader_settings_kafka_sink(&conf, reader->ops->kind, reader->settings, &reporter, error);

    if (result == 0 && reader->log->level == LOG_LEVEL_DEBUG)
        kafka_conf_debug(conf);
    if (result == 0)
        result = outbox_new(&reader->outbox, conf, reader->n_partitions, &handlers, reader, error);
    if (result == 0)
        result = loop_watch(reader->loop, outbox_descriptor(reader->outbox), on_readable, error);
    return result;
}

int
reader_add_outbox_topic(struct reader *reader, const struct outbox_topic *topic)
{
    struct error error = ERROR_INIT;

    if (!reader->outbox && open_outbox(reader, &error) != 0) {
        log_event(reader->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_CONFIG;
    }
    return outbox_add_topic(reader->outbox, topic) < 0 ? EX_SOFTWARE : EX_OK;
}

int
reader_open_letters(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++) {
        struct reader_partition *partition = &reader->partitions[i];
        int exit_code;

        if (!partition->fixed->invalid_topic)
            continue;
        partition->letters = (struct outbox_topic){
            .name = partition->fixed->invalid_topic,
            .setting = "invalid_topic",
            .what = "an invalid record",
            .waiting = MESSAGE_INVALID_TOPIC_WAITING,
            .refuses = MESSAGE_INVALID_TOPIC_REFUSES,
        };
        exit_code = reader_add_outbox_topic(reader, &partition->letters);
        if (exit_code != EX_OK)
            return exit_code;
    }
    return EX_OK;
}

/* ---- sending ---- */

/* Those that have not been seen; one of them can never be. */
static void
refuse_topic(struct reader *reader, const struct outbox_topic *topic, const char *text)
{
    log_event(reader->log, topic->refuses,
              "%s (%s); make it, or grant CREATE, WRITE and DESCRIBE on it", text, topic->setting);
    reader_leave(reader, EX_UNAVAILABLE);
}

void
reader_look_for_topics(struct reader *reader)
{
    const struct outbox_topic *topic;
    struct error message = ERROR_INIT;
    int result;

    if (!reader->outbox || reader->leaving)
        return;
    result = outbox_look(reader->outbox, QUERY_TIMEOUT_MSEC, &topic, &message);
    if (result == OUTBOX_E_REFUSED)
        refuse_topic(reader, topic, message.text);
    else if (result != 0 && message.text[0] &&
             strcmp(message.text, reader->outbox_complaint) != 0 &&
             log_repeated(reader->log, reader->samplers, topic->waiting, LOG_NO_FIELDS, "%s",
                          message.text))
        snprintf(reader->outbox_complaint, sizeof(reader->outbox_complaint), "%.300s",
                 message.text);
}

bool
reader_send(struct reader *reader, struct reader_partition *partition, int64_t offset,
            const struct outbox_topic *topic, struct sink_message *message, const char *about)
{
    size_t slot = (size_t)(partition - reader->partitions);
    struct error error = ERROR_INIT;
    int result = outbox_send(reader->outbox, topic->name, slot, message, &error);
    bool tells;

    /* The first look; the others are the heartbeat's, because each may take a second. */
    if (result == OUTBOX_E_NO_TOPIC && !error.text[0]) {
        reader_look_for_topics(reader);
        result = outbox_send(reader->outbox, topic->name, slot, message, &error);
    }
    if (result == 0)
        return true;
    sink_free_headers(message->headers);
    tells = error.text[0];
    error_prefix(&error, 0, "offset %lld %s: ", (long long)offset, about);
    if (result < 0) {
        log_event_at(reader->log, topic->refuses, reader_at(partition, offset),
                     "%s; stopping before it; see the permissions of %s", error.text, topic->name);
        reader_leave(reader, EX_UNAVAILABLE);
        return false;
    }
    partition->flow = FLOW_HELD;
    if (result == OUTBOX_E_NO_TOPIC && tells && reader_is_news(partition, error.text))
        log_event_at(reader->log, topic->waiting, reader_at(partition, offset), "%s", error.text);
    return false;
}

bool
reader_send_letter(struct reader *reader, struct reader_partition *partition,
                   const struct source_record *record, const struct reader_fault *fault)
{
    const struct dead_letter letter = {
        .topic = partition->topic,
        .partition = partition->number,
        .source = reader->source,
        .record = record,
        .undecodable = fault->undecodable,
        .reason = fault->reason.text,
    };
    struct sink_message message;
    cleanup(free) char *about = NULL;

    if (dead_letter_fill(&letter, &message) < 0 ||
        asprintf(&about, "is an invalid record (%s)", fault->reason.text) < 0) {
        about = NULL;
        sink_free_headers(message.headers);
        partition->flow = FLOW_HELD;
        return false;
    }
    return reader_send(reader, partition, record->offset, &partition->letters, &message, about);
}
