/* SPDX-License-Identifier: MIT */

/*
 * What is there is looked up in the list of all topics. Asking for one by its name would have a
 * broker with auto.create.topics.enable make it, with a number of partitions of its own; so would a
 * topic handle of the producer, which therefore comes after this.
 *
 * All topics go through the same steps side by side: each check reads the answer to the last
 * request, looks at the list once if any topic waits for it, and sends one request for all topics
 * that are to be deleted, or for all that are to be made.
 *
 *     LOOK ── right ─────────────────────────────────────────────────► GOOD
 *      ├───── missing ──────────────────────────► MAKE ──► LISTED ───► GOOD
 *      └───── to be made anew ► TRY ► DELETE ► GONE ─┘
 *
 * Deletion is the one step that can't be taken back. So it waits until every topic has been looked
 * at and the brokers have said that they would make the new one (TRY).
 *
 * It is also asynchronous. A broker goes on listing the old topic for a while, and takes reports for
 * it, which then go with it. Therefore the topic must have been seen missing for a while before it
 * is made (GONE), and is believed to be there only after its making has been answered (LISTED).
 *
 * Last, when all are good, each leader is asked for the ends of its partitions. A broker is listed as
 * a leader a moment before it is one, when a topic has just been made or the broker has just been
 * started. Of several batches on their way at that moment the first may be refused, and the second
 * taken: from a producer that it does not know a broker takes any number to begin with. The first is
 * then sent again, is taken for a duplicate, and so is acknowledged and lost.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "common/cleanup.h"
#include "stream/topics.h"

#define REQUEST_TIMEOUT_MSEC   10000
#define OPERATION_TIMEOUT_MSEC 5000
#define METADATA_TIMEOUT_MSEC  1000

#define LOOKS_GONE     5  /* in a row, each at whatever broker answers */
#define LOOKS_IN_VAIN  25 /* until that is worth a message, or another try */
#define TRIED_NAME_MAX 48

CLEANUP_DEFINE(rd_kafka_AdminOptions_t *, rd_kafka_AdminOptions_destroy);
CLEANUP_DEFINE(rd_kafka_event_t *, rd_kafka_event_destroy);
CLEANUP_DEFINE(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy);
CLEANUP_DEFINE(struct topics *, topics_free);

enum step { LOOK, TRY, DELETE, GONE, MAKE, LISTED, GOOD };

struct topic {
    const struct topic_settings *settings;
    enum step step;
    bool may_be_deleted;
    bool told;        /* that it is deleted */
    unsigned looks;   /* at the list, in this step */
    unsigned missing; /* in so many of them, in a row */
};

struct topics {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue; /* the answers to requests */
    const struct topics_plan *plan;
    struct topic *topics;
    struct topic **asked;   /* those in the request that is under way, in its order */
    size_t n_asked;         /* 0: there is none */
    enum step asked_for;    /* TRY, DELETE or MAKE */
    unsigned asked_leaders; /* how often */
};

int
topics_new(struct topics **topicsp, rd_kafka_t *client, const struct topics_plan *plan)
{
    cleanup(topics_free) struct topics *topics = calloc(1, sizeof(*topics));

    if (!topics)
        return -ENOMEM;
    topics->client = client;
    topics->queue = rd_kafka_queue_new(client);
    topics->plan = plan;
    topics->topics = calloc(plan->n_topics, sizeof(*topics->topics));
    topics->asked = calloc(plan->n_topics, sizeof(struct topic *));
    if (!topics->topics || !topics->asked)
        return -ENOMEM;
    for (size_t i = 0; i < plan->n_topics; i++) {
        const struct topic_settings *settings = &plan->settings[i];

        topics->topics[i].settings = settings;
        topics->topics[i].may_be_deleted =
            settings->if_exists == TOPIC_RECREATE &&
            !plan->handlers->is_covered(plan->userdata, settings->name);
    }
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
    free(topics->topics);
    free(topics->asked);
    free(topics);
}

static void
go_to(struct topic *topic, enum step step)
{
    topic->step = step;
    topic->looks = topic->missing = 0;
}

/* ---- answers ---- */

/* Answers that a second try will not change. */
static bool
is_final(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_DELETION_DISABLED:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_REQUEST:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
        return true;
    default:
        return false;
    }
}

/* The first thing that is pending is told; the others have their turn when it is done. */
static int
pend(struct error *message, const struct topic *topic, const char *what, const char *reason)
{
    if (!message->text[0])
        error_set(message, 0, "topic %s %s: %s", topic->settings->name, what, reason);
    return TOPICS_E_PENDING;
}

static int
refuse(struct error *message, const struct topic *topic, rd_kafka_resp_err_t code,
       const char *reason)
{
    const char *name = topic->settings->name;

    if (topic->step == DELETE)
        return error_set(message, TOPICS_E_REFUSED,
                         "topic %s can't be deleted: %s; allow it, or set [topic %s] if_exists = "
                         "keep",
                         name, reason, name);
    if (code == RD_KAFKA_RESP_ERR_INVALID_CONFIG)
        return error_set(message, TOPICS_E_SETTINGS,
                         "topic %s can't be made: %s; correct [topic %s] config.*", name, reason,
                         name);
    return error_set(message, TOPICS_E_REFUSED, "topic %s can't be made: %s", name, reason);
}

/*
 * Answers that hang on the name say nothing, because the name was another one: the request that
 * counts will be answered.
 */
static int
take_try(struct topic *topic, rd_kafka_resp_err_t code, const char *reason, struct error *message)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
        return refuse(message, topic, code, reason);
    default:
        break;
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS &&
        !is_final(code))
        return pend(message, topic, "can't be made yet", reason);
    if (topic->step == TRY)
        go_to(topic, DELETE);
    return TOPICS_E_PENDING;
}

static int
take_deletion(struct topic *topic, rd_kafka_resp_err_t code, const char *reason,
              struct error *message)
{
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        go_to(topic, GONE);
        return TOPICS_E_PENDING;
    }
    if (is_final(code))
        return refuse(message, topic, code, reason);
    return pend(message, topic, "can't be deleted yet", reason);
}

static int
take_making(struct topic *topic, rd_kafka_resp_err_t code, const char *reason,
            struct error *message)
{
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        go_to(topic, LISTED);
        return TOPICS_E_PENDING;
    }
    /*
     * Somebody else has made it, or an earlier request of ours that was not answered. In what way
     * it was made shows in the list; one that is to be made anew is deleted again.
     */
    if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        go_to(topic, topic->may_be_deleted ? DELETE : LISTED);
        return TOPICS_E_PENDING;
    }
    if (is_final(code))
        return refuse(message, topic, code, reason);
    return pend(message, topic, "can't be made yet", reason);
}

/* What is not answered stays in its step, and is asked for again. */
static int
take_answer(struct topics *topics, struct topic *topic, const rd_kafka_topic_result_t *result,
            struct error *message)
{
    rd_kafka_resp_err_t code = rd_kafka_topic_result_error(result);
    const char *reason = rd_kafka_topic_result_error_string(result);

    if (!reason)
        reason = rd_kafka_err2str(code);
    switch (topics->asked_for) {
    case TRY:
        return take_try(topic, code, reason, message);
    case DELETE:
        return take_deletion(topic, code, reason, message);
    default:
        return take_making(topic, code, reason, message);
    }
}

/* The request as a whole went wrong: it did not arrive, or nothing came back. */
static int
take_failure(struct topics *topics, rd_kafka_resp_err_t code, const char *reason,
             struct error *message)
{
    struct topic *first = topics->asked[0];

    if (is_final(code) && topics->asked_for != TRY)
        return refuse(message, first, code, reason);
    if (is_final(code)) /* a broker that is too old to be asked */
        return take_try(first, code, reason, message);
    return pend(message, first, "can't be asked for", reason);
}

/* The results for each topic, in the order of the request: librdkafka sees to that. */
static const rd_kafka_topic_result_t *const *
get_results(rd_kafka_event_t *event, size_t *np)
{
    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DELETETOPICS_RESULT)
        return rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), np);
    return rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), np);
}

static int
read_answer(struct topics *topics, struct error *message)
{
    cleanup(rd_kafka_event_destroy) rd_kafka_event_t *event = rd_kafka_queue_poll(topics->queue, 0);
    const rd_kafka_topic_result_t *const *results;
    size_t n, n_asked = topics->n_asked;
    int result = TOPICS_E_PENDING;

    if (!event)
        return TOPICS_E_PENDING;
    topics->n_asked = 0;
    if (rd_kafka_event_error(event))
        return take_failure(topics, rd_kafka_event_error(event), rd_kafka_event_error_string(event),
                            message);
    results = get_results(event, &n);
    for (size_t i = 0; i < n_asked && i < n && result == TOPICS_E_PENDING; i++)
        result = take_answer(topics, topics->asked[i], results[i], message);
    return result;
}

/* ---- the list ---- */

/*
 * How many partitions there are; 0 when the topic is not there; -EIO with a message when the
 * brokers can't say.
 */
static int
count_partitions(const struct rd_kafka_metadata *metadata, const struct topic *topic,
                 struct error *message)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const rd_kafka_metadata_topic_t *listed = &metadata->topics[i];

        if (strcmp(listed->topic, topic->settings->name) != 0)
            continue;
        if (listed->err && listed->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
            pend(message, topic, "is there, but", rd_kafka_err2str(listed->err));
            return -EIO;
        }
        return listed->partition_cnt;
    }
    return 0;
}

static int
settle(struct topic *topic, int count, struct error *message)
{
    const struct topic_settings *settings = topic->settings;

    if (settings->partitions != TOPIC_DEFAULT && count != settings->partitions)
        return error_set(
            message, TOPICS_E_SETTINGS,
            "topic %s has %d partitions, [topic %s] partitions says %lld; change the one "
            "or the other",
            settings->name, count, settings->name, (long long)settings->partitions);
    go_to(topic, GOOD);
    return TOPICS_E_PENDING;
}

/* One that does not go was made again by somebody, or the brokers have lost the request. */
static int
see_gone(struct topic *topic, int count, struct error *message)
{
    topic->missing = count == 0 ? topic->missing + 1 : 0;
    if (topic->missing == LOOKS_GONE) {
        go_to(topic, MAKE);
    } else if (++topic->looks == LOOKS_IN_VAIN) {
        go_to(topic, DELETE);
        pend(message, topic, "was deleted and is still there", "it is deleted again");
    }
    return TOPICS_E_PENDING;
}

static int
see_listed(struct topic *topic, int count, struct error *message)
{
    if (count > 0)
        return settle(topic, count, message);
    if (++topic->looks < LOOKS_IN_VAIN)
        return TOPICS_E_PENDING;
    go_to(topic, MAKE);
    return pend(message, topic, "is there, but the brokers do not list it", "grant DESCRIBE on it");
}

static int
see(struct topic *topic, int count, struct error *message)
{
    if (count < 0)
        return TOPICS_E_PENDING;
    switch (topic->step) {
    case LOOK:
        if (count > 0 && !topic->may_be_deleted)
            return settle(topic, count, message);
        go_to(topic, count > 0 ? TRY : MAKE);
        return TOPICS_E_PENDING;
    case GONE:
        return see_gone(topic, count, message);
    default:
        return see_listed(topic, count, message);
    }
}

static bool
waits_for_list(const struct topic *topic)
{
    return topic->step == LOOK || topic->step == GONE || topic->step == LISTED;
}

static int
look(struct topics *topics, struct error *message)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(topics->client, 1, NULL, &metadata, METADATA_TIMEOUT_MSEC);
    int result = TOPICS_E_PENDING;

    if (code)
        return pend(message, &topics->topics[0], "can't be asked for", rd_kafka_err2str(code));
    for (size_t i = 0; i < topics->plan->n_topics && result == TOPICS_E_PENDING; i++)
        if (waits_for_list(&topics->topics[i]))
            result = see(&topics->topics[i],
                         count_partitions(metadata, &topics->topics[i], message), message);
    rd_kafka_metadata_destroy(metadata);
    return result;
}

/* ---- leaders ---- */

/* The partitions that have a leader; those of the others have to wait, and what goes to them. */
static rd_kafka_topic_partition_list_t *
list_led(const struct topics *topics, const struct rd_kafka_metadata *metadata)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(0);

    for (size_t i = 0; i < topics->plan->n_topics; i++)
        for (int j = 0; j < metadata->topic_cnt; j++) {
            const rd_kafka_metadata_topic_t *topic = &metadata->topics[j];

            if (strcmp(topic->topic, topics->topics[i].settings->name) != 0)
                continue;
            for (int k = 0; k < topic->partition_cnt; k++)
                if (topic->partitions[k].leader >= 0)
                    rd_kafka_topic_partition_list_add(list, topic->topic, topic->partitions[k].id)
                        ->offset = RD_KAFKA_OFFSET_END;
        }
    return list;
}

/* What the leaders answer, the first that is wrong. A right to look that is lacking is none of it. */
static rd_kafka_resp_err_t
ask_list(struct topics *topics, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_resp_err_t code;

    if (list->cnt == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    code = rd_kafka_offsets_for_times(topics->client, list, METADATA_TIMEOUT_MSEC);
    for (int i = 0; i < list->cnt && !code; i++)
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
            code = list->elems[i].err;
    return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ? RD_KAFKA_RESP_ERR_NO_ERROR : code;
}

/* A moment is not worth a message. */
static int
ask_leaders(struct topics *topics, struct error *message)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list = NULL;
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(topics->client, 1, NULL, &metadata, METADATA_TIMEOUT_MSEC);

    if (!code) {
        list = list_led(topics, metadata);
        rd_kafka_metadata_destroy(metadata);
        code = ask_list(topics, list);
    }
    if (!code)
        return 0;
    if (++topics->asked_leaders % LOOKS_IN_VAIN == 0)
        pend(message, &topics->topics[0], "or another can't be written to yet",
             rd_kafka_err2str(code));
    return TOPICS_E_PENDING;
}

/* ---- requests ---- */

static rd_kafka_AdminOptions_t *
new_options(struct topics *topics, rd_kafka_admin_op_t operation)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(topics->client, operation);

    rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_TIMEOUT_MSEC, NULL, 0);
    rd_kafka_AdminOptions_set_operation_timeout(options, OPERATION_TIMEOUT_MSEC, NULL, 0);
    return options;
}

static int
send_deletion(struct topics *topics)
{
    cleanup(rd_kafka_AdminOptions_destroy) rd_kafka_AdminOptions_t *options = NULL;
    cleanup(free) rd_kafka_DeleteTopic_t **requests = calloc(topics->n_asked, sizeof(*requests));
    const struct topics_plan *plan = topics->plan;

    if (!requests)
        return -ENOMEM;
    options = new_options(topics, RD_KAFKA_ADMIN_OP_DELETETOPICS);
    for (size_t i = 0; i < topics->n_asked; i++) {
        struct topic *topic = topics->asked[i];

        requests[i] = rd_kafka_DeleteTopic_new(topic->settings->name);
        if (!topic->told)
            plan->handlers->deleting(plan->userdata, topic->settings->name);
        topic->told = true;
    }
    rd_kafka_DeleteTopics(topics->client, requests, topics->n_asked, options, topics->queue);
    rd_kafka_DeleteTopic_destroy_array(requests, topics->n_asked);
    return 0;
}

/* NULL with a message when librdkafka does not take it. */
static rd_kafka_NewTopic_t *
new_request(const struct topic *topic, const char *name, struct error *message)
{
    const struct topic_settings *settings = topic->settings;
    char reason[512] = "";
    rd_kafka_NewTopic_t *request = rd_kafka_NewTopic_new(
        name, (int)settings->partitions, (int)settings->replication_factor, reason, sizeof(reason));

    if (!request) {
        error_set(message, 0, "topic %s can't be made: %s", settings->name, reason);
        return NULL;
    }
    for (size_t i = 0; i < settings->n_properties; i++)
        rd_kafka_NewTopic_set_config(request, settings->properties[i].name,
                                     settings->properties[i].value);
    return request;
}

/*
 * Makes topics, or asks whether they would be made. A name that exists is refused before the rest of
 * the request is looked at, so the question goes under another one, that nobody has.
 */
static int
send_making(struct topics *topics, struct error *message)
{
    const bool only_try = topics->asked_for == TRY;
    const struct topics_plan *plan = topics->plan;
    cleanup(rd_kafka_AdminOptions_destroy) rd_kafka_AdminOptions_t *options = NULL;
    cleanup(free) rd_kafka_NewTopic_t **requests = calloc(topics->n_asked, sizeof(*requests));
    size_t n = 0;

    if (!requests)
        return -ENOMEM;
    options = new_options(topics, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_validate_only(options, only_try, NULL, 0);
    for (; n < topics->n_asked; n++) {
        const struct topic *topic = topics->asked[n];
        char tried[TRIED_NAME_MAX];

        if (!only_try && plan->handlers->making)
            plan->handlers->making(plan->userdata, topic->settings->name);
        snprintf(tried, sizeof(tried), "weatherd-never-made-%zu", n);
        requests[n] = new_request(topic, only_try ? tried : topic->settings->name, message);
        if (!requests[n])
            break;
    }
    if (n == topics->n_asked)
        rd_kafka_CreateTopics(topics->client, requests, n, options, topics->queue);
    rd_kafka_NewTopic_destroy_array(requests, n);
    return n == topics->n_asked ? 0 : -EINVAL;
}

/* The topics in a step; before a deletion all that will be made are tried. */
static bool
collect(struct topics *topics, enum step step)
{
    bool any = false;

    topics->asked_for = step;
    topics->n_asked = 0;
    for (size_t i = 0; i < topics->plan->n_topics; i++) {
        struct topic *topic = &topics->topics[i];

        any = any || topic->step == step;
        if (topic->step == step || (step == TRY && topic->step == MAKE))
            topics->asked[topics->n_asked++] = topic;
    }
    if (!any)
        topics->n_asked = 0;
    return any;
}

/* One request for all that are in the first step that needs one. */
static int
ask(struct topics *topics, struct error *message)
{
    int result = 0;

    if (collect(topics, LOOK)) /* the list did not come, or not all of it */
        topics->n_asked = 0;
    else if (collect(topics, TRY))
        result = send_making(topics, message);
    else if (collect(topics, DELETE))
        result = send_deletion(topics);
    else if (collect(topics, MAKE))
        result = send_making(topics, message);
    if (result < 0)
        topics->n_asked = 0;
    return result == -EINVAL ? TOPICS_E_REFUSED : TOPICS_E_PENDING;
}

static bool
any_waits_for_list(const struct topics *topics)
{
    for (size_t i = 0; i < topics->plan->n_topics; i++)
        if (waits_for_list(&topics->topics[i]))
            return true;
    return false;
}

int
topics_check(struct topics *topics, struct error *message)
{
    int result = TOPICS_E_PENDING;

    if (topics->n_asked > 0)
        result = read_answer(topics, message);
    if (result != TOPICS_E_PENDING || topics->n_asked > 0)
        return result;
    if (any_waits_for_list(topics))
        result = look(topics, message);
    if (result != TOPICS_E_PENDING)
        return result;
    for (size_t i = 0; i < topics->plan->n_topics; i++)
        if (topics->topics[i].step != GOOD)
            return ask(topics, message);
    return ask_leaders(topics, message);
}
