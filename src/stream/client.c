/* SPDX-License-Identifier: MIT */

/* A client of librdkafka's, its descriptor, and the words for what happens to it. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "stream/client.h"

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

/*
 * Whether the broker has closed a connection because it wants another certificate, or one at all. In
 * TLS 1.3 that comes when the handshake is over, so librdkafka takes it for a connection that was
 * lost. The numbers are those of RFC 8446.
 */
static bool
is_alert_of_certificate(const char *reason)
{
    static const char mark[] = "SSL alert number ";
    const char *alert = strstr(reason, mark);
    long number = alert ? strtol(alert + strlen(mark), NULL, 10) : 0;

    return (number >= 40 && number <= 49) || number == 116;
}

/* Its nonce is not the one that RFC 5802 wants, which brokers have not borne with since Kafka 4.0. */
static bool
is_scram_of_old(const char *reason)
{
    return rd_kafka_version() < 0x02060100 && strstr(reason, "SCRAM");
}

static void
on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    struct client *client = opaque;
    enum client_event event = CLIENT_OTHER;
    rd_kafka_resp_err_t fatal;
    char text[1024];

    switch ((rd_kafka_resp_err_t)code) {
    case RD_KAFKA_RESP_ERR__FATAL:
        fatal = rd_kafka_fatal_error(handle, text, sizeof(text));
        if (fatal == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE)
            return; /* what became of the message that failed comes by itself, and says why */
        event = is_permanent(fatal) ? CLIENT_GIVEN_UP : CLIENT_FATAL;
        reason = text;
        break;
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
        event = CLIENT_DOWN;
        break;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
        event = is_alert_of_certificate(reason) ? CLIENT_REFUSED : CLIENT_CUT;
        break;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        event = CLIENT_REFUSED;
        if (!is_scram_of_old(reason))
            break;
        snprintf(text, sizeof(text),
                 "%s; whatever the password, librdkafka %s can't log in to Kafka 4.0 or later by "
                 "SCRAM (2.6.1 and later can): use PLAIN within TLS, or a client's certificate",
                 reason, rd_kafka_version_str());
        reason = text;
        break;
    default:
        break;
    }
    client->event(client->userdata, event, reason);
}

/* Called from librdkafka's own threads, but for "log.queue", which hands the lines to the queue. */
static void
on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    struct client *client = rd_kafka_opaque(handle);
    char line[1024];

    snprintf(line, sizeof(line), "librdkafka: %s: %s", facility, text);
    client->event(client->userdata, CLIENT_LOG, line);
}

static void
on_throttle(rd_kafka_t *handle, const char *broker, int32_t id, int milliseconds, void *opaque)
{
    struct client *client = opaque;

    if (milliseconds > 0)
        client->throttled += (uint64_t)milliseconds;
}

static int
make_handle(struct client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf, struct error *error)
{
    char text[512];

    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_throttle_cb(conf, on_throttle);
    client->handle = rd_kafka_new(type, conf, text, sizeof(text));
    if (!client->handle)
        return error_set(error, -EINVAL, "[kafka]: librdkafka refuses the settings: %s", text);
    return 0;
}

int
client_open(struct client *client, bool consumer, rd_kafka_conf_t *conf, struct error *error)
{
    int result;

    client->event_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK); /* for what is there at first */
    if (client->event_fd < 0)
        result = error_set(error, -errno, "eventfd: %s", strerror(errno));
    else
        result = make_handle(client, consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, error);
    if (result < 0) {
        if (client->event_fd >= 0)
            close(client->event_fd);
        rd_kafka_conf_destroy(conf);
        return result;
    }
    if (consumer)
        rd_kafka_poll_set_consumer(client->handle);
    client->queue = consumer ? rd_kafka_queue_get_consumer(client->handle)
                             : rd_kafka_queue_get_main(client->handle);
    rd_kafka_set_log_queue(client->handle, client->queue);
    /*
     * Before anything is assigned: librdkafka writes to the descriptor when an empty queue gets an
     * entry. What it logged about the settings is there already, and hides all that follows until
     * it is taken out.
     */
    rd_kafka_queue_io_event_enable(client->queue, client->event_fd, &(uint64_t){1},
                                   sizeof(uint64_t));
    return 0;
}

void
client_acknowledge(struct client *client)
{
    uint64_t count;

    while (read(client->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
}
