/* SPDX-License-Identifier: MIT */

/*
 * librdkafka's producer behind sink.h. Like the consumer's client it is left to the end of the
 * process, never destroyed.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "producer/sink.h"

struct sink {
    rd_kafka_t *client;
    int event_fd;
    const struct sink_handlers *handlers;
    void *userdata;
    size_t n_topics;
    rd_kafka_topic_t **topics;
};

static void
on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct sink *sink = opaque;
    uint64_t number = (uint64_t)(uintptr_t)message->_private;

    if (message->err)
        sink->handlers->failed(sink->userdata, number, rd_kafka_err2str(message->err));
    else
        sink->handlers->acknowledged(sink->userdata, number);
}

/* Fatal errors that a new client would meet again. */
static bool
is_permanent(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_SECURITY_DISABLED:
        return true;
    default:
        return false;
    }
}

static void
on_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    struct sink *sink = opaque;
    enum sink_event event = SINK_EVENT_OTHER;
    char text[512];

    switch ((rd_kafka_resp_err_t)code) {
    case RD_KAFKA_RESP_ERR__FATAL:
        event = is_permanent(rd_kafka_fatal_error(client, text, sizeof(text))) ? SINK_EVENT_GIVEN_UP
                                                                               : SINK_EVENT_FATAL;
        reason = text;
        break;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        event = SINK_EVENT_DOWN;
        break;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        event = SINK_EVENT_REFUSED;
        break;
    default:
        break;
    }
    sink->handlers->event(sink->userdata, event, reason);
}

static void
on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    struct sink *sink = rd_kafka_opaque(client);
    char line[1024];

    snprintf(line, sizeof(line), "librdkafka: %s: %s", facility, text);
    sink->handlers->event(sink->userdata, SINK_EVENT_LOG, line);
}

int
sink_new(struct sink **sinkp, rd_kafka_conf_t *conf, const struct sink_handlers *handlers,
         void *userdata, struct error *error)
{
    struct sink *sink = calloc(1, sizeof(*sink));
    rd_kafka_queue_t *queue;
    char text[512];

    if (!sink) {
        rd_kafka_conf_destroy(conf);
        return -ENOMEM;
    }
    sink->handlers = handlers;
    sink->userdata = userdata;
    sink->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    rd_kafka_conf_set_opaque(conf, sink);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    sink->client =
        sink->event_fd < 0 ? NULL : rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!sink->client) {
        if (sink->event_fd < 0)
            snprintf(text, sizeof(text), "%s", strerror(errno));
        else
            close(sink->event_fd);
        rd_kafka_conf_destroy(conf);
        free(sink);
        return error_set(error, -EINVAL, "[kafka]: librdkafka refuses the settings: %s", text);
    }
    queue = rd_kafka_queue_get_main(sink->client);
    rd_kafka_set_log_queue(sink->client, queue);
    rd_kafka_queue_io_event_enable(queue, sink->event_fd, &(uint64_t){1}, sizeof(uint64_t));
    rd_kafka_queue_destroy(queue);
    *sinkp = sink;
    return 0;
}

int
sink_add_topic(struct sink *sink, const char *name, struct error *error)
{
    rd_kafka_topic_t **topics =
        reallocarray(sink->topics, sink->n_topics + 1, sizeof(*sink->topics));

    if (!topics)
        return -ENOMEM;
    sink->topics = topics;
    topics[sink->n_topics] = rd_kafka_topic_new(sink->client, name, NULL);
    if (!topics[sink->n_topics])
        return error_set(error, -EINVAL, "topic %s: %s", name,
                         rd_kafka_err2str(rd_kafka_last_error()));
    sink->n_topics++;
    return 0;
}

rd_kafka_t *
sink_client(struct sink *sink)
{
    return sink->client;
}

int
sink_descriptor(const struct sink *sink)
{
    return sink->event_fd;
}

void
sink_serve(struct sink *sink)
{
    uint64_t count;

    while (read(sink->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    /*
     * One call serves what is there when it begins; the descriptor is an edge, so go on until there
     * is nothing.
     */
    while (rd_kafka_poll(sink->client, 0) > 0)
        ;
}

int
sink_send(struct sink *sink, const struct sink_message *message, struct error *error)
{
    rd_kafka_resp_err_t code;

    if (rd_kafka_produce(sink->topics[message->topic], RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                         (void *)(uintptr_t)message->payload, message->payload_length, message->key,
                         message->key_length, (void *)(uintptr_t)message->number) == 0)
        return 0;
    code = rd_kafka_last_error();
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return SINK_E_FULL;
    return error_set(error, -EINVAL, "topic %s: %s",
                     rd_kafka_topic_name(sink->topics[message->topic]), rd_kafka_err2str(code));
}

void
sink_purge(struct sink *sink)
{
    rd_kafka_purge(sink->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                     RD_KAFKA_PURGE_F_NON_BLOCKING);
}
