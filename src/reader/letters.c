/* SPDX-License-Identifier: MIT */

/* What becomes of invalid records when their topic has an invalid_topic. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "reader/reader_private.h"

static void
on_failed(void *userdata, const char *topic, const char *reason)
{
    struct reader *reader = userdata;

    if (reader->leaving)
        return;
    log_event(reader->log, MESSAGE_INVALID_TOPIC_REFUSES,
              "topic %s (invalid_topic) does not take an invalid record: %s; stopping before it; "
              "see the topic's max.message.bytes and permissions",
              topic, reason);
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
    static const struct reader_sink sink = {"invalid_topic", MESSAGE_INVALID_TOPIC_REFUSES};

    reader_hear_sink(userdata, &sink, event, text);
}

void
reader_serve_letters(struct reader *reader)
{
    if (!reader->letters)
        return;
    dead_letters_serve(reader->letters);
    if (dead_letters_pending(reader->letters) > 0 || reader->leaving)
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
    reader_serve_letters(userdata);
}

static int
add_topics(struct reader *reader)
{
    int result = 0;

    for (size_t i = 0; i < reader->n_partitions && result == 0; i++)
        if (reader->partitions[i].fixed->invalid_topic)
            result =
                dead_letters_add_topic(reader->letters, reader->partitions[i].fixed->invalid_topic);
    return result;
}

static bool
is_wanted(const struct reader *reader)
{
    for (size_t i = 0; i < reader->n_partitions; i++)
        if (reader->partitions[i].fixed->invalid_topic)
            return true;
    return false;
}

int
reader_open_letters(struct reader *reader)
{
    static const struct dead_letters_handlers handlers = {.failed = on_failed, .event = on_event};
    const struct settings_reporter reporter = daemon_reporter(reader->daemon);
    struct error error = ERROR_INIT;
    struct rd_kafka_conf_s *conf;
    int result;

    if (!is_wanted(reader))
        return EX_OK;
    result =
        reader_settings_kafka_sink(&conf, reader->ops->kind, reader->settings, &reporter, &error);
    if (result == 0 && reader->log->level == LOG_LEVEL_DEBUG)
        kafka_conf_debug(conf);
    if (result == 0)
        result = dead_letters_new(&reader->letters, conf, reader->n_partitions, &handlers, reader,
                                  &error);
    if (result == 0)
        result = add_topics(reader);
    if (result == 0)
        result =
            loop_watch(reader->loop, dead_letters_descriptor(reader->letters), on_readable, &error);
    if (result == 0)
        return EX_OK;
    log_event(reader->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
    return EX_CONFIG;
}

bool
reader_send_letter(struct reader *reader, struct reader_partition *partition,
                   const struct source_record *record, const struct reader_fault *fault)
{
    const struct dead_letter letter = {
        .to = partition->fixed->invalid_topic,
        .topic = partition->topic,
        .partition = partition->number,
        .source = reader->source,
        .record = record,
        .undecodable = fault->undecodable,
        .reason = fault->reason.text,
    };
    struct error error = ERROR_INIT;
    int result = dead_letters_send(reader->letters, &letter, &error);

    /* The first look; the others are the heartbeat's, because each may take a second. */
    if (result == DEAD_LETTERS_E_NO_TOPIC && !error.text[0]) {
        dead_letters_look(reader->letters, QUERY_TIMEOUT_MSEC, &error);
        result = dead_letters_send(reader->letters, &letter, &error);
    }
    if (result == 0)
        return true;
    error_prefix(&error, 0, "offset %lld is an invalid record (%s): ", (long long)record->offset,
                 fault->reason.text);
    if (result < 0) {
        log_event_at(reader->log, MESSAGE_INVALID_TOPIC_REFUSES,
                     reader_at(partition, record->offset),
                     "%s; stopping before it; see the permissions of %s, or have on_invalid skip "
                     "it without invalid_topic",
                     error.text, letter.to);
        reader_leave(reader, EX_UNAVAILABLE);
        return false;
    }
    partition->flow = FLOW_HELD;
    if (result == DEAD_LETTERS_E_NO_TOPIC && reader_is_news(partition, error.text))
        log_event_at(reader->log, MESSAGE_INVALID_TOPIC_WAITING,
                     reader_at(partition, record->offset), "%s", error.text);
    return false;
}
