/* SPDX-License-Identifier: MIT */

/*
 * weatherctl tail: records as they come, a line each. The one place where weatherd joins a group: the
 * broker shares the partitions out among those who tail with the same name.
 *
 * Nothing is committed or stored, so each run begins at the end, or with --from-beginning at the
 * beginning. Only when the group changes while it runs, a partition that comes back goes on where it
 * was left: otherwise whoever else joins would make a hole in what this one prints.
 *
 * As source.c it never waits for librdkafka's good-bye without a limit, which takes minutes in 2.0.2.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "common/cleanup.h"
#include "common/loop.h"
#include "common/values.h"
#include "ctl/ctl.h"
#include "ctl/line.h"

enum { OPTION_BEGINNING = 'B', OPTION_GROUP = 'G', OPTION_RAW = 'R', OPTION_NUMBER = 'n' };

static const struct option_row options[] = {
    {"from-beginning", OPTION_BEGINNING, NULL, "begin with the first record, not at the end"},
    {"group", OPTION_GROUP, "NAME", "the group to join [debug]"},
    {"raw", OPTION_RAW, NULL, "print key and value as they are, of any topic"},
    {"number", OPTION_NUMBER, "N", "end after N records"},
};

#define SERVE_USEC UINT64_C(500000) /* librdkafka wants to be asked, also while nothing comes */
#define BATCH      500
#define LEAVE_USEC UINT64_C(1000000)

CLEANUP_DEFINE(rd_kafka_topic_partition_list_t *, rd_kafka_topic_partition_list_destroy);
CLEANUP_DEFINE(rd_kafka_error_t *, rd_kafka_error_destroy);

struct tail {
    const struct log *log;
    const char *topic;
    bool raw;
    int64_t start;    /* of a partition that is met for the first time */
    int64_t n_wanted; /* records; INT64_MAX: all */
    struct report_reader reader;
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
    int event_fd;
    struct loop *loop;
    struct loop_timer *timer;
    size_t n_positions;
    int64_t *positions;  /* by partition: of the next record; -1: not met yet */
    bool worked;         /* a partition was assigned: a refusal is a trouble that passes */
    char complaint[256]; /* logged last, not to be repeated */
};

static void
complain(struct tail *tail, const char *what, const char *why)
{
    char text[sizeof(tail->complaint)];

    snprintf(text, sizeof(text), "%s: %s", what, why);
    if (strcmp(text, tail->complaint) == 0)
        return;
    strcpy(tail->complaint, text);
    log_warning(tail->log, "%s", text);
}

static void
refuse(struct tail *tail, const char *what, const char *why)
{
    if (tail->worked) {
        complain(tail, what, why);
        return;
    }
    log_err(tail->log, "%s: %s", what, why);
    loop_quit(tail->loop, EX_UNAVAILABLE);
}

static void
on_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    switch ((rd_kafka_resp_err_t)code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        refuse(opaque, "Kafka refuses this client", reason);
        break;
    default:
        complain(opaque, "Kafka", reason);
    }
}

static void
on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    const struct tail *tail = rd_kafka_opaque(client);

    log_debug(tail->log, "librdkafka: %s: %s", facility, text);
}

/* Where the partition's next record is kept; NULL when memory is out. */
static int64_t *
find_position(struct tail *tail, int32_t partition)
{
    size_t wanted = (size_t)partition + 1;

    if (wanted > tail->n_positions) {
        int64_t *positions = reallocarray(tail->positions, wanted, sizeof(*positions));

        if (!positions)
            return NULL;
        tail->positions = positions;
        while (tail->n_positions < wanted)
            positions[tail->n_positions++] = -1;
    }
    return &tail->positions[partition];
}

static void
on_rebalance(rd_kafka_t *client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *list,
             void *opaque)
{
    struct tail *tail = opaque;

    if (code != RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        rd_kafka_assign(client, NULL);
        return;
    }
    for (int i = 0; i < list->cnt; i++) {
        const int64_t *position = find_position(tail, list->elems[i].partition);

        list->elems[i].offset = position && *position >= 0 ? *position : tail->start;
        log_debug(tail->log, "partition %d from offset %" PRId64, list->elems[i].partition,
                  list->elems[i].offset);
    }
    tail->worked = true;
    tail->complaint[0] = '\0';
    rd_kafka_assign(client, list);
}

/* False when it can't be printed, and the loop has been told to end. */
static bool
print_record(struct tail *tail, const rd_kafka_message_t *message)
{
    const struct line_record record = {
        .partition = message->partition,
        .offset = message->offset,
        .key = message->key,
        .key_length = message->key_len,
        .payload = message->payload,
        .payload_length = message->len,
    };
    int64_t *position = find_position(tail, message->partition);
    int result = tail->raw ? line_write_raw(stdout, &record)
                           : line_write_report(stdout, &record, &tail->reader);

    if (position)
        *position = message->offset + 1;
    if (result == 0)
        return true;
    log_err(tail->log, "standard output: %s", strerror(-result));
    loop_quit(tail->loop, result == -ENOMEM ? EX_SOFTWARE : EX_IOERR);
    return false;
}

static void
take_failure(struct tail *tail, const rd_kafka_message_t *message)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        break;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        complain(tail, tail->topic, "the topic does not exist yet; waiting for it");
        break;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        refuse(tail, tail->topic,
               "the broker refuses access to the topic; grant READ and DESCRIBE on it");
        break;
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        refuse(tail, "group",
               "the broker refuses access; grant READ on it, or name another by --group");
        break;
    default:
        complain(tail, tail->topic, rd_kafka_message_errstr(message));
    }
}

static void
serve(struct tail *tail)
{
    rd_kafka_message_t *message = NULL;
    bool good = true;
    int taken;

    for (taken = 0; taken < BATCH && tail->n_wanted > 0 && good; taken++) {
        message = rd_kafka_consumer_poll(tail->client, 0);
        if (!message)
            break;
        if (message->err) {
            take_failure(tail, message);
        } else {
            good = print_record(tail, message);
            tail->n_wanted--;
        }
        rd_kafka_message_destroy(message);
    }
    fflush(stdout); /* somebody watches: what has come is seen before the next wait */
    if (!good)
        return;
    if (tail->n_wanted == 0)
        loop_quit(tail->loop, EX_OK);
    else if (taken == BATCH)
        loop_go_on(tail->loop);
}

static void
on_event(void *userdata)
{
    struct tail *tail = userdata;
    uint64_t count;

    while (read(tail->event_fd, &count, sizeof(count)) < 0 && errno == EINTR)
        ;
    serve(tail);
}

static void
on_timer(void *userdata)
{
    struct tail *tail = userdata;

    loop_set_timer(tail->timer, loop_now() + SERVE_USEC);
    serve(tail);
}

static void
on_go_on(void *userdata)
{
    serve(userdata);
}

static void
on_stop(void *userdata, int signal_number)
{
    const struct tail *tail = userdata;

    loop_quit(tail->loop, EX_OK);
}

static void
on_nothing(void *userdata)
{
}

/* Nobody reads any more: ends as the next line would, without waiting for it. */
static void
on_closed(void *userdata)
{
    struct pollfd output = {.fd = STDOUT_FILENO};

    if (poll(&output, 1, 0) == 1 && output.revents & POLLERR)
        raise(SIGPIPE);
}

static int
start_loop(struct tail *tail, struct error *error)
{
    static const struct loop_handlers handlers = {on_stop, on_nothing, on_nothing, on_go_on};
    struct stat st;
    int result = loop_new(&tail->loop, &handlers, tail, error);

    /* The loop ignores it. librdkafka's threads, which write to sockets, block it. */
    signal(SIGPIPE, SIG_DFL);
    if (result == 0)
        result = loop_add_timer(tail->loop, on_timer, &tail->timer, error);
    if (result == 0)
        result = loop_watch(tail->loop, tail->event_fd, on_event, error);
    if (result == 0 && fstat(STDOUT_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
        result = loop_watch(tail->loop, STDOUT_FILENO, on_closed, error);
    return result;
}

/* What makes a looker-on of the consumer's client, over whatever the settings say. */
static int
configure(rd_kafka_conf_t *conf, const char *group, struct tail *tail, struct error *error)
{
    const char *const properties[][2] = {
        {"group.id", group},
        {"auto.offset.reset", "latest"},
        {"enable.partition.eof", "false"},
        {"allow.auto.create.topics", "false"},
        {"partition.assignment.strategy", "range,roundrobin"}, /* which on_rebalance() knows */
        {"topic.metadata.refresh.interval.ms", "2000"},        /* a topic that is waited for */
    };
    char text[512];

    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof(text)))
            return error_set(error, -EINVAL, "%s", text);
    rd_kafka_conf_set_opaque(conf, tail);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    return 0;
}

static int
subscribe(struct tail *tail, rd_kafka_conf_t *conf, struct error *error)
{
    cleanup(rd_kafka_topic_partition_list_destroy) rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t code;
    char text[512];

    tail->client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (!tail->client) {
        rd_kafka_conf_destroy(conf);
        return error_set(error, -EINVAL, "[kafka]: librdkafka refuses the settings: %s", text);
    }
    rd_kafka_poll_set_consumer(tail->client);
    tail->queue = rd_kafka_queue_get_consumer(tail->client);
    rd_kafka_set_log_queue(tail->client, tail->queue);
    rd_kafka_queue_io_event_enable(tail->queue, tail->event_fd, &(uint64_t){1}, sizeof(uint64_t));
    rd_kafka_topic_partition_list_add(list, tail->topic, RD_KAFKA_PARTITION_UA);
    code = rd_kafka_subscribe(tail->client, list);
    return code ? error_set(error, -EINVAL, "%s: %s", tail->topic, rd_kafka_err2str(code)) : 0;
}

/*
 * The group should not wait for this member until its session ends; but not at any price. The queue
 * is a new one: librdkafka forwards the consumer's own to it.
 */
static void
leave(struct tail *tail)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(tail->client);
    uint64_t deadline = loop_now() + LEAVE_USEC;
    cleanup(rd_kafka_error_destroy) rd_kafka_error_t *failure =
        rd_kafka_consumer_close_queue(tail->client, queue);

    while (!failure && !rd_kafka_consumer_closed(tail->client) && loop_now() < deadline) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 20);

        if (event && rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
            rd_kafka_assign(tail->client, NULL);
        rd_kafka_event_destroy(event);
    }
}

static int
open_and_run(struct tail *tail, rd_kafka_conf_t *conf, const char *group, struct error *error)
{
    int result = configure(conf, group, tail, error);

    tail->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (result == 0 && tail->event_fd < 0)
        result = error_set(error, -errno, "eventfd: %s", strerror(errno));
    /* Before librdkafka's threads, which inherit the signals that it blocks. */
    if (result == 0)
        result = start_loop(tail, error);
    if (result < 0)
        rd_kafka_conf_destroy(conf);
    else
        result = subscribe(tail, conf, error);
    if (result < 0)
        return result;
    loop_set_timer(tail->timer, loop_now());
    result = loop_run(tail->loop);
    leave(tail);
    return result;
}

static int
run(struct ctl *ctl)
{
    const char *name =
        ctl->daemon.n_arguments > 0 ? ctl->daemon.arguments[0] : ctl->config.common->topic;
    const char *group = ctl->options[OPTION_GROUP] ? ctl->options[OPTION_GROUP] : "debug";
    const struct reader_topic *rules = reader_settings_topic(&ctl->config, name);
    struct tail tail = {
        .log = &ctl->daemon.log,
        .topic = name,
        .raw = ctl->options[OPTION_RAW],
        .start = ctl->options[OPTION_BEGINNING] ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END,
        .reader = {.format = rules->format,
                   .schema = rules->schema,
                   .schema_ids = &rules->schema_ids,
                   .json = {.fields = reader_settings_fields(rules)}},
    };
    struct error error = ERROR_INIT;
    rd_kafka_conf_t *conf;
    int result = ctl_take_integer(ctl, OPTION_NUMBER, INT64_MAX, &tail.n_wanted);

    if (result != EX_OK)
        return result;
    if (value_check_topic(name, &error) < 0)
        return ctl_usage_error(ctl, "%s", error.text);
    if (!group[0])
        return ctl_usage_error(ctl, "--group: the name is empty");
    if (tail.n_wanted == 0)
        return EX_OK;
    if (ctl_kafka_conf(ctl, &conf) != 0)
        return EX_CONFIG;
    result = open_and_run(&tail, conf, group, &error);
    if (result < 0)
        log_err(tail.log, "%s", error.text);
    return result < 0 ? EX_SOFTWARE : result;
}

const struct ctl_command ctl_tail = {
    .name = "tail",
    .synopsis = "[TOPIC]",
    .purpose = "Print reports as they come, a line of JSON each",
    .settings = CTL_SETTINGS_KAFKA,
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .n_arguments_max = 1,
    .run = run,
};
