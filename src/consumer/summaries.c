/* SPDX-License-Identifier: MIT */

/*
 * The statistics as a changelog: what has changed goes to the summary_topic, a record a station. It
 * is sent only while memory is what the files say, right after a checkpoint, so that nothing on the
 * topic is ever ahead of what a crash leaves behind. All values are absolute, and one client sends
 * them in order, so it does no harm to send them again.
 *
 * That the topic says what a file says is kept in a file of its own (summary_mark.h), but only where
 * it stays so for a while, because all that it spares is to send everything again at the next start.
 *
 * A station whose reports lie in several partitions is put together from those that are held. So all
 * of the topic's must be, unless the records' keys see to it that a station lies in one.
 */

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/cleanup.h"
#include "consumer/summaries_private.h"
#include "consumer/summary_mark.h"

#define LOOK_USEC  (SECOND / 5) /* between two looks whether the topics are there, */
#define LOOK_MAX   SECOND       /* each of which may take that long */
#define DRAIN_USEC (2 * SECOND) /* for the last ones, from when leaving began; */
#define MARK_USEC  (SECOND / 2) /* for the files after that */

static const struct consumer_topic *
topic_settings_of(const struct consumer_partition *partition)
{
    return consumer_topic_of(partition->base->fixed);
}

static struct summary_topic *
topic_of(const struct consumer *consumer, const struct consumer_partition *partition)
{
    size_t index = (size_t)(partition->base - consumer->reader.partitions);
    struct summary_topic *topic = consumer->summaries->topics;

    while (index < topic->first || index >= topic->end)
        topic++;
    return topic;
}

/* ---- the topics ---- */

static void
complain_of_topics(struct consumer *consumer, int result, const struct error *text)
{
    struct summaries *summaries = consumer->summaries;

    if (!text->text[0] || strcmp(text->text, summaries->complaint.text) == 0)
        return;
    if (log_repeated(consumer->reader.log, consumer->reader.samplers,
                     result == TOPICS_E_PENDING ? MESSAGE_SUMMARY_TOPIC_WAITING
                                                : MESSAGE_SUMMARY_TOPIC_REFUSES,
                     LOG_NO_FIELDS, "%s (summary_topic)%s", text->text,
                     result == TOPICS_E_PENDING
                         ? "; summaries wait for it"
                         : "; make it, with cleanup.policy=compact, or grant CREATE, WRITE and "
                           "DESCRIBE on it"))
        summaries->complaint = *text;
}

/*
 * It has nothing of what was sent before. That is on the disk before the topic is there, or a death
 * between the two would leave it empty.
 */
static void
on_making(void *userdata, const char *name)
{
    struct consumer *consumer = userdata;
    const struct summary_topic *topic = consumer->summaries->topics;

    while (strcmp(topic->name, name) != 0)
        topic++;
    for (size_t i = topic->first; i < topic->end; i++) {
        summary_mark_remove(consumer_partition(consumer, i)->base->number,
                            consumer_partition(consumer, i)->base->stream.directory_fd);
        summaries_mark_all(consumer_partition(consumer, i));
    }
}

static int
begin_sending(struct consumer *consumer, struct error *error)
{
    struct summaries *summaries = consumer->summaries;

    for (size_t i = 0; i < summaries->n_topics; i++) {
        const struct summary_topic *topic = &summaries->topics[i];
        int result = sink_add_topic(summaries->sink, topic->name, error);

        if (result < 0)
            return result;
    }
    topics_free(summaries->making);
    summaries->making = NULL;
    return 0;
}

/* Whether the topics are there. May wait for a second. */
static bool
look_for_topics(struct consumer *consumer)
{
    struct summaries *summaries = consumer->summaries;
    struct error message = ERROR_INIT;
    int result;

    if (!summaries->making)
        return true;
    /* As long as no broker answers, only signals are to have their turn. */
    if (consumer->reader.down || consumer->reader.heard == 0)
        return false;
    summaries->looked = true;
    result = topics_check(summaries->making, &message);
    if (result == 0)
        result = begin_sending(consumer, &message);
    if (result == 0)
        return true;
    complain_of_topics(consumer, result, &message);
    if (result != TOPICS_E_PENDING) {
        summaries->broken = true;
        reader_leave(&consumer->reader, EX_UNAVAILABLE);
    }
    return false;
}

void
consumer_send_summaries(struct consumer *consumer, uint64_t now)
{
    struct summaries *summaries = consumer->summaries;

    if (!summaries || summaries->broken)
        return;
    /* The first look is at the first checkpoint, the others are the timer's. */
    if (summaries->making && (summaries->looked || !look_for_topics(consumer)))
        return;
    for (size_t i = 0; i < summaries->n_topics; i++)
        summaries_send(consumer, &summaries->topics[i], now);
}

/* ---- the client ---- */

static void
on_acknowledged(void *userdata, uint64_t number)
{
    struct consumer *consumer = userdata;
    struct summary_topic *topic = &consumer->summaries->topics[number];

    if (--topic->pending > 0)
        return;
    for (size_t i = topic->first; i < topic->end; i++)
        consumer_partition(consumer, i)->acknowledged = consumer_partition(consumer, i)->handed;
}

static void
on_failed(void *userdata, uint64_t number, bool final, const char *reason)
{
    static const struct reader_sink sink = {"summary_topic", MESSAGE_SUMMARY_TOPIC_REFUSES,
                                            MESSAGE_SUMMARY_TOPIC_WAITING};
    struct consumer *consumer = userdata;
    struct summaries *summaries = consumer->summaries;

    if (summaries->broken)
        return;
    summaries->broken = true;
    if (!final) {
        reader_hear_sink(&consumer->reader, &sink, CLIENT_FATAL, reason);
        return;
    }
    log_event(consumer->reader.log, MESSAGE_SUMMARY_TOPIC_REFUSES,
              "topic %s (summary_topic) does not take a summary: %s; see the topic's "
              "max.message.bytes and permissions",
              summaries->topics[number].name, reason);
    reader_leave(&consumer->reader, EX_UNAVAILABLE);
}

static void
on_event(void *userdata, enum client_event event, const char *text)
{
    static const struct reader_sink sink = {"summary_topic", MESSAGE_SUMMARY_TOPIC_REFUSES,
                                            MESSAGE_SUMMARY_TOPIC_WAITING};
    struct consumer *consumer = userdata;

    if (event == CLIENT_FATAL || event == CLIENT_GIVEN_UP)
        consumer->summaries->broken = true;
    reader_hear_sink(&consumer->reader, &sink, event, text);
}

void
consumer_serve_summaries(struct consumer *consumer)
{
    if (!consumer->summaries)
        return;
    sink_serve(consumer->summaries->sink);
    if (consumer->reader.leaving)
        return;
    consumer_send_summaries(consumer, loop_now());
    if (consumer->reader.finishing)
        loop_go_on(consumer->reader.loop);
}

static void
on_readable(void *userdata)
{
    consumer_serve_summaries(userdata);
}

static void
on_timer(void *userdata)
{
    struct consumer *consumer = userdata;

    if (!look_for_topics(consumer)) {
        loop_set_timer(consumer->summaries->timer, loop_now() + LOOK_USEC);
        return;
    }
    consumer_serve_summaries(consumer);
}

/* ---- which partitions are held ---- */

void
consumer_follow_topic(struct consumer *consumer, struct consumer_partition *partition,
                      bool other_cluster)
{
    const struct summary_topic *topic;

    if (!partition->summarised)
        return;
    topic = topic_of(consumer, partition);
    partition->keyed =
        partition->base->stream.identity.partitions != (int32_t)(topic->end - topic->first);
    partition->partition.key = NULL;
    if (other_cluster)
        summaries_mark_all(partition);
}

bool
consumer_admit_key(struct consumer *consumer, struct consumer_partition *partition,
                   const struct source_record *record, const struct error *reason)
{
    const struct summary_topic *topic = topic_of(consumer, partition);

    if (!partition->base->described)
        reader_learn(&consumer->reader);
    if (consumer->reader.leaving || !partition->keyed)
        return !consumer->reader.leaving;
    if (!partition->base->described) {
        partition->base->flow = FLOW_HELD;
        return false;
    }
    log_event_at(consumer->reader.log, MESSAGE_KEY_FOREIGN,
                 reader_at(partition->base, record->offset),
                 "%s, so it may lie in any partition, and of the topic's %d only %zu are read "
                 "here: %s (summary_topic) would have parts of it; stopping before it; read all "
                 "partitions in one process, or key the records by their station",
                 reason->text, (int)partition->base->stream.identity.partitions,
                 topic->end - topic->first, topic->name);
    consumer->summaries->broken = true;
    reader_leave(&consumer->reader, EX_CONFIG);
    return false;
}

/* ---- the marks ---- */

static struct summary_mark
mark_of(const struct summary_topic *topic, const struct consumer_partition *partition,
        int64_t offset)
{
    return (struct summary_mark){.partition = partition->base->number,
                                 .topic = topic->name,
                                 .fields = topic->fields_text,
                                 .offset = offset};
}

void
consumer_mark_summaries(struct consumer *consumer, uint64_t until)
{
    struct error error = ERROR_INIT;

    for (size_t i = 0;
         consumer->summaries && i < consumer->reader.n_partitions && loop_now() < until; i++) {
        struct consumer_partition *partition = consumer_partition(consumer, i);
        struct summary_mark mark;

        if (!partition->summarised || partition->base->stream.dirty ||
            partition->acknowledged < 0 || partition->acknowledged != partition->base->durable ||
            partition->marked == partition->base->durable)
            continue;
        mark = mark_of(topic_of(consumer, partition), partition, partition->base->durable);
        if (summary_mark_store(&mark, partition->base->stream.directory_fd, &error) == 0)
            partition->marked = partition->base->durable;
        else
            log_debug(consumer->reader.log, "%s/%s", partition->base->stream.directory, error.text);
    }
}

/* ---- beginning ---- */

/* Two topics would write over each other, and one that is read is no place for summaries. */
static int
check_name(const struct consumer *consumer, const char *source, const char *name)
{
    for (size_t i = 0; i < consumer->reader.n_partitions; i++) {
        const struct consumer_partition *partition = consumer_partition(consumer, i);
        const char *theirs = topic_settings_of(partition)->summary_topic;
        bool is_read = strcmp(partition->base->topic, name) == 0;

        if (strcmp(partition->base->topic, source) == 0 ||
            (!is_read && (!theirs || strcmp(theirs, name) != 0)))
            continue;
        log_event(consumer->reader.log, MESSAGE_SETTINGS_WRONG,
                  "summary_topic of topic %s is %s, %s %s; give it one of its own in [topic %s]",
                  source, name, is_read ? "which is read as well, beside" : "as is that of topic",
                  is_read ? source : partition->base->topic, source);
        return EX_CONFIG;
    }
    return EX_OK;
}

/* The partitions from first to before end are those of one topic, which has a summary_topic. */
static int
add_topic(struct consumer *consumer, size_t first, size_t end)
{
    struct summaries *summaries = consumer->summaries;
    const struct consumer_partition *partition = consumer_partition(consumer, first);
    const struct consumer_topic *fixed = topic_settings_of(partition);
    struct summary_topic *topic = &summaries->topics[summaries->n_topics];
    struct error error = ERROR_INIT;
    static char policy[] = "cleanup.policy", compact[] = "compact";
    static struct topic_property properties[] = {{policy, compact}};

    *topic = (struct summary_topic){
        .source = partition->base->topic,
        .name = fixed->summary_topic,
        .fields_text = fixed->summary_fields ? fixed->summary_fields : SUMMARY_FIELDS,
        .first = first,
        .end = end,
    };
    if (summary_fields_parse(&topic->fields, topic->fields_text, &error) < 0)
        return EX_SOFTWARE;
    summaries->wanted[summaries->n_topics++] = (struct topic_settings){
        .name = fixed->summary_topic,
        .partitions = TOPIC_DEFAULT,
        .replication_factor = TOPIC_DEFAULT,
        .n_properties = 1,
        .properties = properties,
        .if_exists = TOPIC_KEEP,
    };
    return check_name(consumer, topic->source, topic->name);
}

/* Until the topic's partitions are known, others may be read elsewhere. */
static int
follow_partition(struct consumer *consumer, struct consumer_partition *partition)
{
    const struct summary_mark mark =
        mark_of(topic_of(consumer, partition), partition, partition->base->durable);

    if (changes_reserve(&partition->changes, partition->partition.stations.n_stations) < 0)
        return EX_SOFTWARE;
    partition->summarised = partition->keyed = true;
    partition->partition.changes = &partition->changes;
    if (partition->base->durable < 0)
        return EX_OK;
    if (summary_mark_is_there(&mark, partition->base->stream.directory_fd))
        partition->handed = partition->acknowledged = partition->marked = partition->base->durable;
    else
        summaries_mark_all(partition);
    return EX_OK;
}

static int
follow_partitions(struct consumer *consumer)
{
    struct summaries *summaries = consumer->summaries;
    size_t end;
    int exit_code = EX_OK;
    static const struct topics_handlers handlers = {.making = on_making};

    for (size_t first = 0; first < consumer->reader.n_partitions && exit_code == EX_OK;
         first = end) {
        for (end = first; end < consumer->reader.n_partitions &&
                          consumer_partition(consumer, end)->base->topic ==
                              consumer_partition(consumer, first)->base->topic;)
            end++;
        if (!topic_settings_of(consumer_partition(consumer, first))->summary_topic)
            continue;
        exit_code = add_topic(consumer, first, end);
        for (size_t i = first; i < end && exit_code == EX_OK; i++)
            exit_code = follow_partition(consumer, consumer_partition(consumer, i));
    }
    summaries->plan = (struct topics_plan){
        .settings = summaries->wanted,
        .n_topics = summaries->n_topics,
        .handlers = &handlers,
        .userdata = consumer,
    };
    return exit_code;
}

static int
open_sink(struct consumer *consumer, struct error *error)
{
    static const struct sink_handlers handlers = {
        .acknowledged = on_acknowledged,
        .failed = on_failed,
        .event = on_event,
    };
    const struct settings_reporter reporter = daemon_reporter(consumer->reader.daemon);
    struct summaries *summaries = consumer->summaries;
    struct rd_kafka_conf_s *conf;
    int result = reader_settings_kafka_sink(&conf, &consumer_kind, consumer->reader.settings,
                                            &reporter, error);

    if (result == 0 && consumer->reader.log->level == LOG_LEVEL_DEBUG)
        kafka_conf_debug(conf);
    if (result == 0)
        result = sink_new(&summaries->sink, conf, &handlers, consumer, error);
    if (result == 0)
        result = topics_new(&summaries->making, sink_client(summaries->sink), &summaries->plan);
    if (result == 0)
        result = loop_add_timer(consumer->reader.loop, on_timer, &summaries->timer, error);
    if (result == 0)
        result =
            loop_watch(consumer->reader.loop, sink_descriptor(summaries->sink), on_readable, error);
    return result;
}

static bool
is_wanted(const struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->reader.n_partitions; i++)
        if (topic_settings_of(consumer_partition(consumer, i))->summary_topic)
            return true;
    return false;
}

int
consumer_open_summaries(struct consumer *consumer)
{
    const size_t n_topics = consumer->reader.assignment.n_topics;
    struct error error = ERROR_INIT;
    int exit_code;

    if (!is_wanted(consumer))
        return EX_OK;
    consumer->summaries = calloc(1, sizeof(*consumer->summaries));
    if (!consumer->summaries)
        return EX_SOFTWARE;
    consumer->summaries->topics = calloc(n_topics, sizeof(*consumer->summaries->topics));
    consumer->summaries->wanted = calloc(n_topics, sizeof(*consumer->summaries->wanted));
    if (!consumer->summaries->topics || !consumer->summaries->wanted)
        return EX_SOFTWARE;
    exit_code = follow_partitions(consumer);
    if (exit_code != EX_OK)
        return exit_code;
    if (open_sink(consumer, &error) != 0) {
        log_event(consumer->reader.log, MESSAGE_SETTINGS_WRONG, "%s", error.text);
        return EX_CONFIG;
    }
    loop_set_timer(consumer->summaries->timer, loop_now());
    return EX_OK;
}

/* ---- the end ---- */

/* How many are not known to be on the topic: sent, or marked. */
static size_t
count_waiting(const struct consumer *consumer, const struct summary_topic *topic)
{
    size_t waiting = topic->pending;

    for (size_t i = topic->first; i < topic->end; i++)
        waiting += consumer_partition(consumer, i)->changes.n_changed;
    return waiting;
}

static bool
is_waiting(const struct consumer *consumer)
{
    if (consumer->summaries->making)
        return true;
    for (size_t i = 0; i < consumer->summaries->n_topics; i++)
        if (count_waiting(consumer, &consumer->summaries->topics[i]) > 0)
            return true;
    return false;
}

/* Whether waiting helps: what no checkpoint covers is not sent. */
static bool
can_send(const struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->summaries->n_topics; i++) {
        const struct summary_topic *topic = &consumer->summaries->topics[i];

        if (topic->pending > 0 ||
            (summaries_have_changes(consumer, topic) && summaries_are_clean(consumer, topic)))
            return true;
    }
    return false;
}

bool
consumer_finish_summaries(struct consumer *consumer)
{
    if (!consumer->summaries)
        return true;
    consumer->reader.finishing = true;
    if (!reader_save(&consumer->reader))
        return false;
    return !is_waiting(consumer) || consumer->reader.leaving;
}

static void
tell_of_waiting(const struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->summaries->n_topics; i++) {
        const struct summary_topic *topic = &consumer->summaries->topics[i];
        size_t waiting = count_waiting(consumer, topic);

        if (waiting > 0)
            log_event(consumer->reader.log, MESSAGE_SUMMARY_TOPIC_WAITING,
                      "%s (summary_topic) has not acknowledged %zu summaries; they are sent again "
                      "at the next start",
                      topic->name, waiting);
    }
}

void
consumer_drain_summaries(struct consumer *consumer)
{
    struct summaries *summaries = consumer->summaries;
    uint64_t now = loop_now(), until = consumer->reader.left + DRAIN_USEC;
    struct pollfd readable = {.events = POLLIN};

    if (!summaries)
        return;
    readable.fd = sink_descriptor(summaries->sink);
    for (; now < until && !summaries->broken && can_send(consumer); now = loop_now()) {
        uint64_t patience = summaries->making ? LOOK_USEC : until - now;

        if (summaries->making && (now + LOOK_MAX > until || consumer->reader.heard == 0))
            break;
        if (look_for_topics(consumer))
            consumer_send_summaries(consumer, now);
        poll(&readable, 1, (int)(patience / 1000) + 1);
        sink_serve(summaries->sink);
    }
    consumer_send_summaries(consumer, now); /* nothing, but that is known then */
    consumer_mark_summaries(consumer, loop_now() + MARK_USEC);
    tell_of_waiting(consumer);
}

/* ---- for those who watch ---- */

static const struct metric sent = {
    "weatherd_consumer_summaries_total", "counter",
    "Summaries that a summary_topic has acknowledged, or did not take, since the start."};

void
consumer_show_summaries(struct consumer *consumer)
{
    const struct summaries *summaries = consumer->summaries;

    metrics_family(consumer->reader.metrics, &sent);
    for (size_t i = 0; summaries && i < summaries->n_topics; i++) {
        const struct sink_counts counts = sink_counts(summaries->sink, i);
        struct metric_label labels[] = {{"topic", summaries->topics[i].source},
                                        {"summary_topic", summaries->topics[i].name},
                                        {"result", "acknowledged"},
                                        {NULL, NULL}};

        metrics_value(consumer->reader.metrics, labels, (double)counts.acknowledged);
        labels[2].value = "failed";
        metrics_value(consumer->reader.metrics, labels, (double)counts.failed);
    }
}
