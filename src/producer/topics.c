/* SPDX-License-Identifier: MIT */

/*
 * What is there is looked up in the list of all topics. Asking for one by its name would have a
 * broker with auto.create.topics.enable make it, with a number of partitions of its own; so would a
 * topic handle of the producer, which therefore comes after this.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "common/cleanup.h"
#include "producer/topics.h"

#define REQUEST_TIMEOUT_MSEC   10000
#define OPERATION_TIMEOUT_MSEC 5000
#define METADATA_TIMEOUT_MSEC  1000

CLEANUP_DEFINE(rd_kafka_AdminOptions_t *, rd_kafka_AdminOptions_destroy);
CLEANUP_DEFINE(rd_kafka_event_t *, rd_kafka_event_destroy);
CLEANUP_DEFINE(struct topics *, topics_free);

struct topics {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue; /* the answers to requests */
    const struct topic_settings *settings;
    size_t n_topics;
    size_t next;   /* the first that has not been found good */
    bool asked;    /* a request for it is under way, */
    bool answered; /* or has been answered, with this: */
    rd_kafka_resp_err_t answer;
    char reason[512];
};

int
topics_new(struct topics **topicsp, rd_kafka_t *client, const struct topic_settings *settings,
           size_t n_topics)
{
    cleanup(topics_free) struct topics *topics = calloc(1, sizeof(*topics));

    if (!topics)
        return -ENOMEM;
    topics->client = client;
    topics->queue = rd_kafka_queue_new(client);
    topics->settings = settings;
    topics->n_topics = n_topics;
    *topicsp = topics;
    topics = NULL;
    return 0;
}

void
topics_free(struct topics *topics)
{
    if (!topics)
        return;
    if (topics->queue)
        rd_kafka_queue_destroy(topics->queue);
    free(topics);
}

static void
ask(struct topics *topics, const struct topic_settings *settings)
{
    cleanup(rd_kafka_AdminOptions_destroy) rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(topics->client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(settings->name, settings->partitions, settings->replication_factor,
                              topics->reason, sizeof(topics->reason));

    topics->asked = true;
    topics->answered = !topic;
    topics->answer = RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!topic)
        return;
    rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_TIMEOUT_MSEC, NULL, 0);
    rd_kafka_AdminOptions_set_operation_timeout(options, OPERATION_TIMEOUT_MSEC, NULL, 0);
    rd_kafka_CreateTopics(topics->client, &topic, 1, options, topics->queue);
    rd_kafka_NewTopic_destroy(topic);
}

static void
read_answer(struct topics *topics)
{
    cleanup(rd_kafka_event_destroy) rd_kafka_event_t *event = rd_kafka_queue_poll(topics->queue, 0);
    const rd_kafka_topic_result_t *const *results;
    const char *reason;
    size_t n = 0;

    if (!event)
        return;
    topics->answered = true;
    topics->answer = rd_kafka_event_error(event);
    reason = rd_kafka_event_error_string(event);
    if (topics->answer == RD_KAFKA_RESP_ERR_NO_ERROR) {
        results =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &n);
        if (n == 1) {
            topics->answer = rd_kafka_topic_result_error(results[0]);
            reason = rd_kafka_topic_result_error_string(results[0]);
        }
    }
    if (!reason)
        reason = rd_kafka_err2str(topics->answer);
    snprintf(topics->reason, sizeof(topics->reason), "%s", reason);
}

static int
find_topic(const struct rd_kafka_metadata *metadata, const char *name, struct error *message)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *topic = &metadata->topics[i];

        if (strcmp(topic->topic, name) != 0)
            continue;
        if (topic->err && topic->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
            return error_set(message, -EIO, "topic %s: %s", name, rd_kafka_err2str(topic->err));
        return topic->partition_cnt;
    }
    return 0;
}

/*
 * How many partitions there are; 0 when the topic is not there; -EIO with a message when the
 * brokers can't say.
 */
static int
count_partitions(struct topics *topics, const char *name, struct error *message)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(topics->client, 1, NULL, &metadata, METADATA_TIMEOUT_MSEC);
    int count;

    if (code)
        return error_set(message, -EIO, "topic %s: can't ask for it: %s", name,
                         rd_kafka_err2str(code));
    count = find_topic(metadata, name, message);
    rd_kafka_metadata_destroy(metadata);
    return count;
}

/* Answers that a second try will not change. */
static bool
is_final(rd_kafka_resp_err_t answer)
{
    switch (answer) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
        return true;
    default:
        return false;
    }
}

/* The topic is not there: have it made. */
static int
make(struct topics *topics, const struct topic_settings *settings, struct error *message)
{
    if (!topics->asked)
        ask(topics, settings);
    read_answer(topics);
    if (!topics->answered)
        return TOPICS_E_PENDING;
    if (is_final(topics->answer))
        return error_set(message, TOPICS_E_REFUSED, "topic %s can't be made: %s", settings->name,
                         topics->reason);
    if (topics->answer != RD_KAFKA_RESP_ERR_NO_ERROR &&
        topics->answer != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        topics->asked = false; /* ask again */
        return error_set(message, TOPICS_E_PENDING, "topic %s can't be made yet: %s",
                         settings->name, topics->reason);
    }
    return TOPICS_E_PENDING; /* until it is in the list */
}

static int
check_one(struct topics *topics, const struct topic_settings *settings, struct error *message)
{
    int count = count_partitions(topics, settings->name, message);

    if (count < 0)
        return TOPICS_E_PENDING;
    if (count == 0)
        return make(topics, settings, message);
    if (count != settings->partitions)
        return error_set(
            message, TOPICS_E_MISMATCH,
            "topic %s has %d partitions, [topic %s] partitions says %d; change the one "
            "or the other",
            settings->name, count, settings->name, settings->partitions);
    return 0;
}

int
topics_check(struct topics *topics, struct error *message)
{
    while (topics->next < topics->n_topics) {
        int result = check_one(topics, &topics->settings[topics->next], message);

        if (result != 0)
            return result;
        topics->asked = topics->answered = false;
        topics->next++;
    }
    return 0;
}
