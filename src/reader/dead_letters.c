/* SPDX-License-Identifier: MIT */

/*
 * The headers are those of Kafka Connect's dead letter queue (KIP-298), values as text, so that
 * whatever reads such topics reads these.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/loop.h"
#include "reader/dead_letters.h"

#define HEADER "__connect.errors."

/* Connect's class of exceptions for data that is not what it should be. */
#define CLASS_NAME "org.apache.kafka.connect.errors.DataException"

/* On their way at most, and a batch; librdkafka's own bounds lie well above. */
#define PENDING_MAX 20000
#define BYTES_MAX   (32 << 20)

struct letter_topic {
    const char *name;
    bool seen; /* it exists; the sink knows it as index */
    size_t index;
    struct error missing; /* why it was not found when it was looked for last */
};

struct dead_letters {
    struct sink *sink;
    const struct dead_letters_handlers *handlers;
    void *userdata;
    size_t n_topics;
    struct letter_topic *topics;
    size_t n_seen;
    size_t pending;
    size_t bytes; /* sent since nothing was pending */
    size_t n_slots;
    size_t pending_of[];
};

static void
on_acknowledged(void *userdata, uint64_t number)
{
    struct dead_letters *letters = userdata;

    letters->pending_of[number % letters->n_slots]--;
    if (--letters->pending == 0)
        letters->bytes = 0;
}

/* It stays pending: no checkpoint passes it. */
static void
on_failed(void *userdata, uint64_t number, bool final, const char *reason)
{
    struct dead_letters *letters = userdata;
    size_t topic = number / letters->n_slots;

    if (!final)
        letters->handlers->event(letters->userdata, CLIENT_FATAL, reason);
    else
        letters->handlers->failed(letters->userdata, letters->topics[topic].name, reason);
}

static void
on_event(void *userdata, enum client_event event, const char *text)
{
    struct dead_letters *letters = userdata;

    letters->handlers->event(letters->userdata, event, text);
}

int
dead_letters_new(struct dead_letters **lettersp, struct rd_kafka_conf_s *conf, size_t n_slots,
                 const struct dead_letters_handlers *handlers, void *userdata, struct error *error)
{
    static const struct sink_handlers sink_handlers = {
        .acknowledged = on_acknowledged,
        .failed = on_failed,
        .event = on_event,
    };
    struct dead_letters *letters =
        calloc(1, sizeof(*letters) + n_slots * sizeof(letters->pending_of[0]));
    int result;

    if (!letters)
        return -ENOMEM; /* the process ends: conf goes with it */
    letters->handlers = handlers;
    letters->userdata = userdata;
    letters->n_slots = n_slots;
    result = sink_new(&letters->sink, conf, &sink_handlers, letters, error);
    if (result < 0)
        free(letters);
    else
        *lettersp = letters;
    return result;
}

static struct letter_topic *
find_topic(const struct dead_letters *letters, const char *name)
{
    for (size_t i = 0; i < letters->n_topics; i++)
        if (strcmp(letters->topics[i].name, name) == 0)
            return &letters->topics[i];
    return NULL;
}

int
dead_letters_add_topic(struct dead_letters *letters, const char *topic)
{
    struct letter_topic *topics;

    if (find_topic(letters, topic))
        return 0;
    topics = reallocarray(letters->topics, letters->n_topics + 1, sizeof(*topics));
    if (!topics)
        return -ENOMEM;
    letters->topics = topics;
    topics[letters->n_topics++] = (struct letter_topic){.name = topic};
    return 0;
}

static int
look_for(struct dead_letters *letters, struct letter_topic *topic, int timeout_ms)
{
    int count = sink_count_partitions(letters->sink, topic->name, timeout_ms, &topic->missing);

    if (count == 0)
        return error_set(&topic->missing, DEAD_LETTERS_E_NO_TOPIC,
                         "topic %s (invalid_topic) does not exist; create it: until then "
                         "nothing is read beyond an invalid record",
                         topic->name);
    if (count > 0)
        count = sink_add_topic(letters->sink, topic->name, &topic->missing);
    if (count < 0)
        return -EIO;
    topic->index = letters->n_seen++;
    topic->seen = true;
    return 0;
}

int
dead_letters_look(struct dead_letters *letters, int timeout_ms, struct error *error)
{
    int outcome = 0;

    for (size_t i = 0; i < letters->n_topics; i++) {
        struct letter_topic *topic = &letters->topics[i];
        int result = 0;

        if (topic->seen)
            continue;
        if (outcome == -EIO) /* one question without an answer is enough */
            topic->missing = *error;
        else
            result = look_for(letters, topic, timeout_ms);
        if (result < 0 || (result > 0 && outcome == 0)) {
            outcome = result;
            *error = topic->missing;
        }
    }
    return outcome;
}

int
dead_letters_descriptor(const struct dead_letters *letters)
{
    return sink_descriptor(letters->sink);
}

void
dead_letters_serve(struct dead_letters *letters)
{
    sink_serve(letters->sink);
}

static int
add_headers(struct rd_kafka_headers_s **headersp, const struct dead_letter *letter)
{
    char partition[16], offset[24];
    const struct {
        const char *name, *value;
    } headers[] = {
        {HEADER "topic", letter->topic},
        {HEADER "partition", partition},
        {HEADER "offset", offset},
        {HEADER "stage", letter->undecodable ? "VALUE_CONVERTER" : "TASK_PUT"},
        {HEADER "exception.class.name", CLASS_NAME},
        {HEADER "exception.message", letter->reason},
    };

    snprintf(partition, sizeof(partition), "%" PRId32, letter->partition);
    snprintf(offset, sizeof(offset), "%" PRId64, letter->record->offset);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        if (sink_add_header(headersp, headers[i].name, headers[i].value) < 0)
            return -ENOMEM;
    return 0;
}

int
dead_letters_send(struct dead_letters *letters, const struct dead_letter *letter,
                  struct error *error)
{
    const struct letter_topic *topic = find_topic(letters, letter->to);
    const struct source_record *record = letter->record;
    int64_t timestamp = source_timestamp(letter->source, record);
    struct sink_message message = {
        .key = record->key,
        .key_length = record->key_length,
        .payload = record->payload,
        .payload_length = record->payload_length,
        .timestamp = timestamp < 0 ? 0 : timestamp,
    };
    int result;

    if (!topic->seen) {
        *error = topic->missing;
        return DEAD_LETTERS_E_NO_TOPIC;
    }
    message.topic = topic->index;
    message.number = (uint64_t)(topic - letters->topics) * letters->n_slots + record->slot;
    message.headers = source_copy_headers(letter->source, record);
    result = add_headers(&message.headers, letter);
    if (result == 0)
        result = sink_send(letters->sink, &message, error);
    if (result != 0) {
        sink_free_headers(message.headers);
        return result == SINK_E_FULL ? DEAD_LETTERS_E_FULL : result;
    }
    letters->pending++;
    letters->pending_of[record->slot]++;
    letters->bytes += record->key_length + record->payload_length;
    return 0;
}

size_t
dead_letters_pending(const struct dead_letters *letters)
{
    return letters->pending;
}

size_t
dead_letters_pending_of(const struct dead_letters *letters, size_t slot)
{
    return letters->pending_of[slot];
}

bool
dead_letters_is_full(const struct dead_letters *letters)
{
    return letters->pending >= PENDING_MAX || letters->bytes >= BYTES_MAX;
}

void
dead_letters_drain(struct dead_letters *letters, int timeout_ms)
{
    struct pollfd readable = {.fd = sink_descriptor(letters->sink), .events = POLLIN};
    uint64_t now = loop_now(), until = now + (uint64_t)timeout_ms * 1000;

    for (; letters->pending > 0 && now < until; now = loop_now()) {
        poll(&readable, 1, (int)((until - now) / 1000) + 1);
        sink_serve(letters->sink);
    }
}
