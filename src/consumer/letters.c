/* SPDX-License-Identifier: MIT */

/* What becomes of invalid records when their topic has an invalid_topic. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "consumer/consumer_private.h"

static void
on_failed(void *userdata, const char *topic, const char *reason)
{
    struct consumer *consumer = userdata;

    if (consumer->leaving)
        return;
    log_event(consumer->log, MESSAGE_INVALID_TOPIC_REFUSES,
              "topic %s (invalid_topic) does not take an invalid record: %s; stopping before it; "
              "see the topic's max.message.bytes and permissions",
              topic, reason);
    consumer_leave(consumer, EX_UNAVAILABLE);
}

void
consumer_hear_sink(struct consumer *consumer, const struct consumer_sink *sink,
                   enum client_event event, const char *text)
{
    struct error message;

    error_set(&message, 0, "%s: %s", sink->setting, text);
    switch (event) {
    case CLIENT_LOG:
    case CLIENT_DOWN: /* the consumer's own client says so, too */
        daemon_log_library(consumer->daemon, consumer->settings, message.text);
        break;
    case CLIENT_FATAL:
        if (consumer->leaving)
            break;
        log_event(consumer->log, MESSAGE_CLIENT_FAILED,
                  "librdkafka's producer for %s has failed: %s; beginning again with a new one",
                  sink->setting, text);
        consumer_renew(consumer);
        break;
    case CLIENT_GIVEN_UP:
        log_event(consumer->log, sink->refused,
                  "Kafka refuses the producer for %s for good: %s; grant WRITE and DESCRIBE on "
                  "that topic",
                  sink->setting, text);
        consumer_leave(consumer, EX_UNAVAILABLE);
        break;
    default:
        consumer_tell_event(consumer, event, message.text);
        break;
    }
}

static void
on_event(void *userdata, enum client_event event, const char *text)
{
    static const struct consumer_sink sink = {"invalid_topic", MESSAGE_INVALID_TOPIC_REFUSES};

    consumer_hear_sink(userdata, &sink, event, text);
}

void
consumer_serve_letters(struct consumer *consumer)
{
    if (!consumer->letters)
        return;
    dead_letters_serve(consumer->letters);
    if (dead_letters_pending(consumer->letters) > 0 || consumer->leaving)
        return;
    if (consumer->awaiting) {
        consumer->awaiting = false;
        consumer_save(consumer);
    }
    loop_go_on(consumer->loop);
}

static void
on_readable(void *userdata)
{
    consumer_serve_letters(userdata);
}

static int
add_topics(struct consumer *consumer)
{
    int result = 0;

    for (size_t i = 0; i < consumer->n_partitions && result == 0; i++)
        if (consumer->partitions[i].fixed->invalid_topic)
            result = dead_letters_add_topic(consumer->letters,
                                            consumer->partitions[i].fixed->invalid_topic);
    return result;
}

static bool
is_wanted(const struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->n_partitions; i++)
        if (consumer->partitions[i].fixed->invalid_topic)
            return true;
    return false;
}

int
consumer_open_letters(struct consumer *consumer)
{
    static const struct dead_letters_handlers handlers = {.failed = on_failed, .event = on_event};
    const struct settings_reporter reporter = daemon_reporter(consumer->daemon);
    struct error error = ERROR_INIT;
    struct rd_kafka_conf_s *conf;
    int result;

    if (!is_wanted(consumer))
        return EX_OK;
    result = consumer_settings_kafka_sink(&conf, consumer->settings, &reporter, &error);
    if (result == 0 && consumer->log->level == LOG_LEVEL_DEBUG)
        kafka_conf_debug(conf);
    if (result == 0)
        result = dead_letters_new(&consumer->letters, conf, consumer->n_partitions, &handlers,
                                  consumer, &error);
    if (result == 0)
        result = add_topics(consumer);
    if (result == 0)
        result = loop_watch(consumer->loop, dead_letters_descriptor(consumer->letters), on_readable,
                            &error);
    if (result == 0)
        return EX_OK;
    log_event(consumer->log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
    return EX_CONFIG;
}

bool
consumer_send_letter(struct consumer *consumer, struct consumer_partition *partition,
                     const struct source_record *record, const struct error *reason)
{
    const struct dead_letter letter = {
        .to = partition->fixed->invalid_topic,
        .topic = partition->topic,
        .partition = partition->number,
        .source = consumer->source,
        .record = record,
        .undecodable = partition->partition.fault == PARTITION_UNDECODABLE,
        .reason = reason->text,
    };
    struct error error = ERROR_INIT;
    int result = dead_letters_send(consumer->letters, &letter, &error);

    /* The first look; the others are the heartbeat's, because each may take a second. */
    if (result == DEAD_LETTERS_E_NO_TOPIC && !error.text[0]) {
        dead_letters_look(consumer->letters, QUERY_TIMEOUT_MSEC, &error);
        result = dead_letters_send(consumer->letters, &letter, &error);
    }
    if (result == 0)
        return true;
    error_prefix(&error, 0, "offset %lld is an invalid record (%s): ", (long long)record->offset,
                 reason->text);
    if (result < 0) {
        log_event_at(consumer->log, MESSAGE_INVALID_TOPIC_REFUSES,
                     consumer_at(partition, record->offset),
                     "%s; stopping before it; see the permissions of %s, or have on_invalid skip "
                     "it without invalid_topic",
                     error.text, letter.to);
        consumer_leave(consumer, EX_UNAVAILABLE);
        return false;
    }
    partition->flow = FLOW_HELD;
    if (result == DEAD_LETTERS_E_NO_TOPIC && consumer_is_news(partition, error.text))
        log_event_at(consumer->log, MESSAGE_INVALID_TOPIC_WAITING,
                     consumer_at(partition, record->offset), "%s", error.text);
    return false;
}
