/* SPDX-License-Identifier: MIT */

/* Topics that are looked for, and messages that are counted. */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "common/loop.h"
#include "reader/outbox.h"
#include "stream/topics.h"

/* On their way at most, and a batch; librdkafka's own bounds lie well above. */
#define PENDING_MAX 20000
#define BYTES_MAX   (32 << 20)

struct entry {
    const struct outbox_topic *topic;
    bool seen; /* it exists; the sink knows it as index */
    size_t index;
    struct error missing; /* why it was not found when it was looked for last */
    struct topic_settings wanted;
    struct topics_plan plan;
    struct topics *making; /* NULL: not begun, or done */
};

struct outbox {
    struct sink *sink;
    const struct outbox_handlers *handlers;
    void *userdata;
    size_t n_entries;
    struct entry **entries;
    size_t n_seen;
    size_t pending;
    size_t bytes; /* sent since nothing was pending */
    size_t n_slots;
    size_t pending_of[];
};

static void
on_acknowledged(void *userdata, uint64_t number)
{
    struct outbox *outbox = userdata;

    outbox->pending_of[number % outbox->n_slots]--;
    if (--outbox->pending == 0)
        outbox->bytes = 0;
}

/* It stays pending: no checkpoint passes it. */
static void
on_failed(void *userdata, uint64_t number, bool final, const char *reason)
{
    struct outbox *outbox = userdata;

    if (!final)
        outbox->handlers->event(outbox->userdata, CLIENT_FATAL, reason);
    else
        outbox->handlers->failed(outbox->userdata, outbox->entries[number / outbox->n_slots]->topic,
                                 reason);
}

static void
on_event(void *userdata, enum client_event event, const char *text)
{
    struct outbox *outbox = userdata;

    outbox->handlers->event(outbox->userdata, event, text);
}

int
outbox_new(struct outbox **outboxp, struct rd_kafka_conf_s *conf, size_t n_slots,
           const struct outbox_handlers *handlers, void *userdata, struct error *error)
{
    static const struct sink_handlers sink_handlers = {
        .acknowledged = on_acknowledged,
        .failed = on_failed,
        .event = on_event,
    };
    struct outbox *outbox = calloc(1, sizeof(*outbox) + n_slots * sizeof(outbox->pending_of[0]));
    int result;

    if (!outbox)
        return -ENOMEM;
    outbox->handlers = handlers;
    outbox->userdata = userdata;
    outbox->n_slots = n_slots;
    result = sink_new(&outbox->sink, conf, &sink_handlers, outbox, error);
    if (result < 0)
        free(outbox);
    else
        *outboxp = outbox;
    return result;
}

/* ---- topics ---- */

/* Its index; n_entries: it is not there. */
static size_t
find(const struct outbox *outbox, const char *name)
{
    size_t i = 0;

    while (i < outbox->n_entries && strcmp(outbox->entries[i]->topic->name, name) != 0)
        i++;
    return i;
}

int
outbox_add_topic(struct outbox *outbox, const struct outbox_topic *topic)
{
    struct entry **entries;
    struct entry *entry;

    if (find(outbox, topic->name) < outbox->n_entries)
        return 0;
    entries = reallocarray(outbox->entries, outbox->n_entries + 1, sizeof(struct entry *));
    if (!entries)
        return -ENOMEM;
    outbox->entries = entries;
    entry = calloc(1, sizeof(*entry));
    if (!entry)
        return -ENOMEM;
    entry->topic = topic;
    entries[outbox->n_entries++] = entry;
    return 0;
}

/* Makes it, unless it is there. */
static int
make(struct outbox *outbox, struct entry *entry)
{
    static const struct topics_handlers handlers = {.making = NULL};
    int result = 0;

    if (!entry->making) {
        entry->wanted = (struct topic_settings){
            .name = (char *)(uintptr_t)entry->topic->name,
            .partitions = TOPIC_DEFAULT,
            .replication_factor = TOPIC_DEFAULT,
            .if_exists = TOPIC_KEEP,
        };
        entry->plan = (struct topics_plan){
            .settings = &entry->wanted,
            .n_topics = 1,
            .handlers = &handlers,
        };
        result = topics_new(&entry->making, sink_client(outbox->sink), &entry->plan);
    }
    if (result == 0)
        result = topics_check(entry->making, &entry->missing);
    if (result < 0)
        return result;
    if (result > 0)
        return result == TOPICS_E_PENDING ? OUTBOX_E_NO_TOPIC : OUTBOX_E_REFUSED;
    topics_free(entry->making);
    entry->making = NULL;
    return 0;
}

static int
wait_for(struct outbox *outbox, struct entry *entry, int timeout_ms)
{
    const struct outbox_topic *topic = entry->topic;
    int count = sink_count_partitions(outbox->sink, topic->name, timeout_ms, &entry->missing);

    if (count == 0)
        return error_set(&entry->missing, OUTBOX_E_NO_TOPIC,
                         "topic %s (%s) does not exist; create it: until then "
                         "nothing is read beyond %s",
                         topic->name, topic->setting, topic->what);
    return count < 0 ? -EIO : 0;
}

static int
look_for(struct outbox *outbox, struct entry *entry, int timeout_ms)
{
    int result = entry->topic->make ? make(outbox, entry) : wait_for(outbox, entry, timeout_ms);

    if (result != 0)
        return result;
    if (sink_add_topic(outbox->sink, entry->topic->name, &entry->missing) < 0)
        return -EIO;
    entry->index = outbox->n_seen++;
    entry->seen = true;
    return 0;
}

int
outbox_look(struct outbox *outbox, int timeout_ms, const struct outbox_topic **topicp,
            struct error *error)
{
    int outcome = 0;

    for (size_t i = 0; i < outbox->n_entries; i++) {
        struct entry *entry = outbox->entries[i];
        int result = 0;

        if (entry->seen)
            continue;
        if (outcome == -EIO) /* one question without an answer is enough */
            entry->missing = *error;
        else
            result = look_for(outbox, entry, timeout_ms);
        if (result < 0 || (result > 0 && outcome == 0)) {
            outcome = result;
            *error = entry->missing;
            *topicp = entry->topic;
        }
    }
    return outcome;
}

/* ---- messages ---- */

int
outbox_descriptor(const struct outbox *outbox)
{
    return sink_descriptor(outbox->sink);
}

void
outbox_serve(struct outbox *outbox)
{
    sink_serve(outbox->sink);
}

int
outbox_send(struct outbox *outbox, const char *topic, size_t slot, struct sink_message *message,
            struct error *error)
{
    size_t index = find(outbox, topic);
    const struct entry *entry = outbox->entries[index];
    int result;

    if (!entry->seen) {
        *error = entry->missing;
        return OUTBOX_E_NO_TOPIC;
    }
    message->topic = entry->index;
    message->number = (uint64_t)index * outbox->n_slots + slot;
    result = sink_send(outbox->sink, message, error);
    if (result != 0)
        return result == SINK_E_FULL ? OUTBOX_E_FULL : result;
    outbox->pending++;
    outbox->pending_of[slot]++;
    outbox->bytes += message->key_length + message->payload_length;
    return 0;
}

size_t
outbox_pending(const struct outbox *outbox)
{
    return outbox->pending;
}

size_t
outbox_pending_of(const struct outbox *outbox, size_t slot)
{
    return outbox->pending_of[slot];
}

bool
outbox_is_full(const struct outbox *outbox)
{
    return outbox->pending >= PENDING_MAX || outbox->bytes >= BYTES_MAX;
}

void
outbox_drain(struct outbox *outbox, int timeout_ms)
{
    struct pollfd readable = {.fd = sink_descriptor(outbox->sink), .events = POLLIN};
    uint64_t now = loop_now(), until = now + (uint64_t)timeout_ms * 1000;

    for (; outbox->pending > 0 && now < until; now = loop_now()) {
        poll(&readable, 1, (int)((until - now) / 1000) + 1);
        sink_serve(outbox->sink);
    }
}
