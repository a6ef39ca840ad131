/* SPDX-License-Identifier: MIT */

/*
 * Copies of records, from a topic of librdkafka's mock cluster to another one, both in this
 * process. What arrives is looked at with a plain consumer. Clients of ours are left to the end of
 * the process, as everywhere.
 */

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/loop.h"
#include "reader/dead_letters.h"
#include "reader/outbox.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define N_SLOTS           2
#define PATIENCE_MS       20000
#define PENDING_MAX       20000      /* as outbox.h promises a bound, and outbox.c has it */
#define BYTES_MAX         (32 << 20) /* likewise */
#define LARGE             500000     /* bytes of a payload */
#define PRODUCE           0          /* the request's number in the protocol */

static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *cluster;

static rd_kafka_t *
new_client(rd_kafka_type_t type)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];
    rd_kafka_t *client;

    if (cluster)
        rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster),
                          NULL, 0);
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
    client = rd_kafka_new(type, conf, text, sizeof(text));
    if (!client)
        fail_msg("%s", text);
    return client;
}

static int
start_cluster(void **state)
{
    host = new_client(RD_KAFKA_PRODUCER);
    cluster = rd_kafka_mock_cluster_new(host, 1);
    return cluster ? 0 : -1;
}

static int
stop_cluster(void **state)
{
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    return 0;
}

static void
make_topic(const char *name, int n_partitions)
{
    assert_int_equal(rd_kafka_mock_topic_create(cluster, name, n_partitions, 1), 0);
}

/* What a test sends, and expects to arrive. */
struct record {
    int32_t partition;
    const char *key, *payload; /* NULL: none */
    int64_t timestamp;
    const char *header; /* NULL: none */
};

static const struct record records[] = {
    {0, "StationA", "no report", 1577836800123, NULL},
    {0, NULL, "without key", 1577836800124, "trace"},
    {0, "tombstone", NULL, 1577836800125, NULL},
    {1, "StationB", "", 1577836800126, "trace"},
    {1, "StationC", "{\"date\":\"2000-01-01\"}", 1, NULL},
};

static void
produce(rd_kafka_t *client, const char *topic, const struct record *record)
{
    rd_kafka_headers_t *headers = NULL;

    if (record->header) {
        headers = rd_kafka_headers_new(2);
        rd_kafka_header_add(headers, record->header, -1, "one", -1);
        rd_kafka_header_add(headers, record->header, -1, NULL, 0);
    }
    assert_int_equal(
        rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(record->partition),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY(record->key, record->key ? strlen(record->key) : 0),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)record->payload,
                                           record->payload ? strlen(record->payload) : 0),
                          RD_KAFKA_V_TIMESTAMP(record->timestamp), RD_KAFKA_V_HEADERS(headers),
                          RD_KAFKA_V_END),
        0);
}

static void
fill(const char *topic, const struct record *from, size_t n)
{
    rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER);

    make_topic(topic, N_SLOTS);
    for (size_t i = 0; i < n; i++)
        produce(client, topic, &from[i]);
    assert_int_equal(rd_kafka_flush(client, PATIENCE_MS), 0);
    rd_kafka_destroy(client);
}

static void
ignore_source_event(void *userdata, enum client_event event, const char *text)
{
}

static struct source *
open_source(const char *topic)
{
    static const char *const properties[][2] = {
        {"group.id", "test"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"log.queue", "true"},
    };
    const struct source_partition partitions[N_SLOTS] = {{topic, 0, 0}, {topic, 1, 0}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct error error = ERROR_INIT;
    struct source *source;

    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    for (size_t i = 0; i < N_ELEMENTS(properties); i++)
        assert_int_equal(rd_kafka_conf_set(conf, properties[i][0], properties[i][1], NULL, 0), 0);
    if (source_new(&source, conf, ignore_source_event, NULL, &error) < 0 ||
        source_assign(source, partitions, N_SLOTS, &error) < 0)
        fail_msg("%s", error.text);
    return source;
}

/* Releases the batch before, and waits for one that has records. */
static size_t
take_batch(struct source *source, const struct source_record **batchp)
{
    struct pollfd readable = {.fd = source_descriptor(source), .events = POLLIN};

    source_release(source);
    for (int i = 0; i < PATIENCE_MS / 100; i++) {
        size_t entries, n = source_take(source, batchp, &entries);

        if (n > 0)
            return n;
        source_release(source);
        poll(&readable, 1, 100);
        source_acknowledge(source);
    }
    fail_msg("no record comes");
    return 0;
}

/* A record that stays taken. */
static const struct source_record *
hold_record(struct source *source)
{
    for (;;) {
        const struct source_record *batch;
        size_t n = take_batch(source, &batch);

        for (size_t i = 0; i < n; i++)
            if (batch[i].kind == SOURCE_RECORD)
                return &batch[i];
    }
}

/* What the handlers were told. */
struct told {
    unsigned n_failed;
    char topic[64], reason[256];
};

static void
on_failed(void *userdata, const struct outbox_topic *topic, const char *reason)
{
    struct told *told = userdata;

    told->n_failed++;
    snprintf(told->topic, sizeof(told->topic), "%s", topic->name);
    snprintf(told->reason, sizeof(told->reason), "%s", reason);
}

static void
on_event(void *userdata, enum client_event event, const char *text)
{
}

static const struct outbox_handlers handlers = {.failed = on_failed, .event = on_event};

/* As every sink's, but for one property. */
static rd_kafka_conf_t *
make_conf(const char *name, const char *value)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];

    for (const struct kafka_property *own = sink_kafka_properties; own->name; own++)
        if (rd_kafka_conf_set(conf, own->name, own->value, text, sizeof(text)) && !own->optional)
            fail_msg("%s", text);
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), NULL,
                      0);
    rd_kafka_conf_set(conf, "reconnect.backoff.max.ms", "100", NULL, 0);
    if (name && rd_kafka_conf_set(conf, name, value, text, sizeof(text)))
        fail_msg("%s", text);
    return conf;
}

static const struct outbox_topic *missing; /* by the last look */

static int
add_topic(struct outbox *letters, const char *name)
{
    static struct outbox_topic topics[20];
    static size_t n;
    struct outbox_topic *topic = &topics[n++];

    assert_true(n <= N_ELEMENTS(topics));
    *topic = (struct outbox_topic){
        .name = name, .setting = "invalid_topic", .what = "an invalid record"};
    return outbox_add_topic(letters, topic);
}

static struct outbox *
open_letters(const char *name, const char *value, const char *topic, struct told *told)
{
    struct error error = ERROR_INIT;
    struct outbox *letters = NULL;

    *told = (struct told){.n_failed = 0};
    if (outbox_new(&letters, make_conf(name, value), N_SLOTS, &handlers, told, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(add_topic(letters, topic), 0);
    if (outbox_look(letters, PATIENCE_MS, &missing, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(outbox_pending(letters), 0);
    return letters;
}

static int
send_to(struct outbox *letters, const char *to, const struct source *source,
        const struct source_record *record, struct error *error)
{
    const struct dead_letter letter = {
        .topic = "in",
        .partition = (int32_t)record->slot,
        .source = source,
        .record = record,
        .undecodable = record->slot == 0,
        .reason = "it is \"so\", and ä",
    };

    struct sink_message message;
    int result;

    assert_int_equal(dead_letter_fill(&letter, &message), 0);
    result = outbox_send(letters, to, record->slot, &message, error);
    if (result != 0)
        sink_free_headers(message.headers);
    return result;
}

static void
assert_pending(const struct outbox *letters, size_t of_first, size_t of_second)
{
    assert_int_equal(outbox_pending_of(letters, 0), of_first);
    assert_int_equal(outbox_pending_of(letters, 1), of_second);
    assert_int_equal(outbox_pending(letters), of_first + of_second);
}

/* ---- what a plain consumer sees */

static void
assert_header(const rd_kafka_headers_t *headers, const char *name, size_t index, const char *value)
{
    const void *found;
    size_t length;

    if (rd_kafka_header_get(headers, index, name, &found, &length))
        fail_msg("there is no header %s [%zu]", name, index);
    if (!value) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_int_equal(length, strlen(value));
    assert_memory_equal(found, value, length);
}

static void
assert_bytes(const void *bytes, size_t length, const char *expected)
{
    assert_int_equal(bytes != NULL, expected != NULL);
    assert_int_equal(length, expected ? strlen(expected) : 0);
    if (expected)
        assert_memory_equal(bytes, expected, length);
}

/* Finds out by its timestamp which it is a copy of. */
static size_t
check_copy(rd_kafka_message_t *message, const char *topic)
{
    int64_t timestamp = rd_kafka_message_timestamp(message, NULL);
    rd_kafka_headers_t *headers;
    size_t i = 0, offset = 0;
    char number[24];

    while (i < N_ELEMENTS(records) && records[i].timestamp != timestamp)
        i++;
    if (i == N_ELEMENTS(records))
        fail_msg("a copy of time %" PRId64, timestamp);
    for (size_t j = 0; j < i; j++)
        offset += records[j].partition == records[i].partition;
    assert_bytes(message->key, message->key_len, records[i].key);
    assert_bytes(message->payload, message->len, records[i].payload);
    assert_int_equal(rd_kafka_message_headers(message, &headers), 0);
    assert_int_equal(rd_kafka_header_cnt(headers), records[i].header ? 8 : 6);
    if (records[i].header) {
        assert_header(headers, records[i].header, 0, "one");
        assert_header(headers, records[i].header, 1, NULL);
    }
    assert_header(headers, "__connect.errors.topic", 0, topic);
    snprintf(number, sizeof(number), "%" PRId32, records[i].partition);
    assert_header(headers, "__connect.errors.partition", 0, number);
    snprintf(number, sizeof(number), "%zu", offset);
    assert_header(headers, "__connect.errors.offset", 0, number);
    assert_header(headers, "__connect.errors.stage", 0,
                  records[i].partition == 0 ? "VALUE_CONVERTER" : "TASK_PUT");
    assert_header(headers, "__connect.errors.exception.class.name", 0,
                  "org.apache.kafka.connect.errors.DataException");
    assert_header(headers, "__connect.errors.exception.message", 0, "it is \"so\", and ä");
    return i;
}

static void
copies_are_what_the_records_were(void **state)
{
    struct source *source;
    struct outbox *letters;
    struct told told;
    rd_kafka_t *reader;
    rd_kafka_topic_t *topic;
    bool seen[N_ELEMENTS(records)] = {false};
    size_t n_sent = 0;

    fill("in", records, N_ELEMENTS(records));
    make_topic("copies", 1);
    letters = open_letters(NULL, NULL, "copies", &told);
    source = open_source("in");
    while (n_sent < N_ELEMENTS(records)) {
        const struct source_record *batch;
        size_t n = take_batch(source, &batch);

        for (size_t i = 0; i < n; i++) {
            struct error error = ERROR_INIT;

            if (batch[i].kind != SOURCE_RECORD)
                continue;
            if (send_to(letters, "copies", source, &batch[i], &error) != 0)
                fail_msg("%s", error.text);
            n_sent++;
        }
    }
    assert_pending(letters, 3, 2);
    outbox_drain(letters, PATIENCE_MS);
    assert_pending(letters, 0, 0);
    assert_int_equal(told.n_failed, 0);

    reader = new_client(RD_KAFKA_CONSUMER);
    topic = rd_kafka_topic_new(reader, "copies", NULL);
    assert_int_equal(rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING), 0);
    for (size_t n = 0; n < N_ELEMENTS(records); n++) {
        rd_kafka_message_t *message = rd_kafka_consume(topic, 0, PATIENCE_MS);
        size_t i;

        assert_non_null(message);
        assert_int_equal(message->err, 0);
        i = check_copy(message, "in");
        assert_false(seen[i]);
        seen[i] = true;
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consume_stop(topic, 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(reader);
}

static int64_t
count_records(const char *topic)
{
    rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER);
    int64_t low = -1, high = -1;

    assert_int_equal(rd_kafka_query_watermark_offsets(client, topic, 0, &low, &high, PATIENCE_MS),
                     0);
    rd_kafka_destroy(client);
    return high - low;
}

/* Neither made nor passed over: the first that is missing is named, and nothing is sent to it. */
static void
a_topic_is_waited_for(void **state)
{
    struct outbox *letters = NULL;
    struct error error = ERROR_INIT;
    const struct source_record *record;
    struct source *source;
    struct told told;

    fill("wait-in", records, 1);
    make_topic("wait-a", 1);
    source = open_source("wait-in");
    record = hold_record(source);
    letters = open_letters(NULL, NULL, "wait-a", &told);
    assert_int_equal(add_topic(letters, "wait-b"), 0);
    assert_int_equal(add_topic(letters, "wait-c"), 0);
    assert_int_equal(add_topic(letters, "wait-b"), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(outbox_look(letters, PATIENCE_MS, &missing, &error), OUTBOX_E_NO_TOPIC);
        assert_string_equal(error.text,
                            "topic wait-b (invalid_topic) does not exist; create it: until then "
                            "nothing is read beyond an invalid record");
        assert_int_equal(send_to(letters, "wait-b", source, record, &error), OUTBOX_E_NO_TOPIC);
        assert_int_equal(send_to(letters, "wait-c", source, record, &error), OUTBOX_E_NO_TOPIC);
        assert_pending(letters, 0, 0);
    }
    /* One that is missing does not keep another from being found. */
    make_topic("wait-c", 1);
    assert_int_equal(send_to(letters, "wait-c", source, record, &error), OUTBOX_E_NO_TOPIC);
    assert_int_equal(outbox_look(letters, PATIENCE_MS, &missing, &error), OUTBOX_E_NO_TOPIC);
    assert_non_null(strstr(error.text, "topic wait-b "));
    assert_int_equal(send_to(letters, "wait-c", source, record, &error), 0);
    assert_int_equal(send_to(letters, "wait-b", source, record, &error), OUTBOX_E_NO_TOPIC);
    make_topic("wait-b", 1);
    assert_int_equal(outbox_look(letters, PATIENCE_MS, &missing, &error), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(send_to(letters, "wait-b", source, record, &error), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_to(letters, "wait-a", source, record, &error), 0);
    assert_int_equal(outbox_pending(letters), 6);
    outbox_drain(letters, PATIENCE_MS);
    assert_pending(letters, 0, 0);
    assert_int_equal(count_records("wait-c"), 1);
    assert_int_equal(count_records("wait-b"), 2);
    assert_int_equal(count_records("wait-a"), 3);
}

static void
brokers_that_do_not_answer_are_told(void **state)
{
    struct outbox *letters = NULL;
    struct error error = ERROR_INIT;
    struct told told;

    assert_int_equal(outbox_new(&letters, make_conf("bootstrap.servers", "127.0.0.1:1"), N_SLOTS,
                                &handlers, &told, &error),
                     0);
    assert_int_equal(outbox_look(letters, 0, &missing, &error), 0); /* for no topic */
    assert_int_equal(add_topic(letters, "copies"), 0);
    assert_int_equal(outbox_look(letters, 200, &missing, &error), -EIO);
    assert_non_null(strstr(error.text, "topic copies: can't ask for it: "));
}

static void
settings_that_do_not_fit_are_told(void **state)
{
    struct outbox *letters = NULL;
    struct error error = ERROR_INIT;

    assert_int_equal(outbox_new(&letters, make_conf("acks", "1"), N_SLOTS, &handlers, NULL, &error),
                     -EINVAL);
    assert_null(letters);
    assert_non_null(strstr(error.text, "[kafka]: librdkafka refuses the settings: "));
}

/* Without a broker it stays pending; draining ends in time, and for good once it is back. */
static void
it_is_pending_until_acknowledged(void **state)
{
    const struct source_record *record;
    struct error error = ERROR_INIT;
    struct outbox *letters;
    struct source *source;
    struct told told;
    uint64_t begin;

    fill("pending-in", records, 1);
    make_topic("pending", 1);
    source = open_source("pending-in");
    record = hold_record(source);
    letters = open_letters(NULL, NULL, "pending", &told);
    begin = loop_now();
    outbox_drain(letters, PATIENCE_MS);
    assert_true(loop_now() - begin < 1000000); /* of nothing */

    rd_kafka_mock_broker_set_down(cluster, 1);
    for (size_t n = 1; n <= 3; n++) {
        assert_int_equal(send_to(letters, "pending", source, record, &error), 0);
        assert_pending(letters, n, 0);
    }
    begin = loop_now();
    outbox_drain(letters, 300);
    assert_in_range(loop_now() - begin, 290000, 5000000);
    assert_pending(letters, 3, 0);
    assert_false(outbox_is_full(letters));

    rd_kafka_mock_broker_set_up(cluster, 1);
    outbox_drain(letters, PATIENCE_MS);
    assert_pending(letters, 0, 0);
    assert_int_equal(told.n_failed, 0);
}

/* One that can't be delivered is told, and no checkpoint may ever pass it. */
static void
it_stays_pending_when_it_failed(void **state)
{
    static rd_kafka_resp_err_t errors[] = {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED};
    const struct source_record *record;
    struct error error = ERROR_INIT;
    struct outbox *letters;
    struct source *source;
    struct told told;

    fill("failed-in", records, 1);
    make_topic("failed", 1);
    make_topic("other", 1);
    source = open_source("failed-in");
    record = hold_record(source);
    letters = open_letters(NULL, NULL, "other", &told);
    assert_int_equal(add_topic(letters, "failed"), 0);
    assert_int_equal(outbox_look(letters, PATIENCE_MS, &missing, &error), 0);
    rd_kafka_mock_push_request_errors_array(cluster, PRODUCE, N_ELEMENTS(errors), errors);
    assert_int_equal(send_to(letters, "failed", source, record, &error), 0);
    for (uint64_t end = loop_now() + PATIENCE_MS * UINT64_C(1000);
         told.n_failed == 0 && loop_now() < end;)
        outbox_drain(letters, 20);
    rd_kafka_mock_clear_request_errors(cluster, PRODUCE);
    assert_int_equal(told.n_failed, 1);
    assert_string_equal(told.topic, "failed");
    assert_string_equal(told.reason, "Broker: Topic authorization failed");
    assert_pending(letters, 1, 0);
}

static void
what_is_too_large_is_never_pending(void **state)
{
    const struct source_record *record;
    struct error error = ERROR_INIT;
    struct outbox *letters;
    static char payload[2001];
    const struct record large = {1, "key", payload, 7, "trace"};
    struct source *source;
    struct told told;

    memset(payload, 'x', sizeof(payload) - 1);
    fill("large-in", &large, 1);
    make_topic("large", 1);
    source = open_source("large-in");
    record = hold_record(source);
    letters = open_letters("message.max.bytes", "1000", "large", &told);
    assert_int_equal(send_to(letters, "large", source, record, &error), -EINVAL);
    assert_non_null(strstr(error.text, "topic large: Broker: Message size too large"));
    assert_pending(letters, 0, 0);
    letters = open_letters(NULL, NULL, "large", &told);
    assert_int_equal(send_to(letters, "large", source, record, &error), 0);
    assert_pending(letters, 0, 1);
    outbox_drain(letters, PATIENCE_MS);
    assert_pending(letters, 0, 0);
}

/* librdkafka's own queue may be the smaller one. */
static void
a_full_queue_is_no_loss(void **state)
{
    const struct source_record *record;
    struct error error = ERROR_INIT;
    struct outbox *letters;
    struct source *source;
    struct told told;

    fill("queue-in", &records[3], 1);
    make_topic("queue", 1);
    source = open_source("queue-in");
    record = hold_record(source);
    letters = open_letters("queue.buffering.max.messages", "5", "queue", &told);
    rd_kafka_mock_broker_set_down(cluster, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(send_to(letters, "queue", source, record, &error), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_to(letters, "queue", source, record, &error), OUTBOX_E_FULL);
    assert_pending(letters, 0, 5);
    rd_kafka_mock_broker_set_up(cluster, 1);
    outbox_drain(letters, PATIENCE_MS);
    assert_pending(letters, 0, 0);
    assert_int_equal(send_to(letters, "queue", source, record, &error), 0);
    assert_pending(letters, 0, 1);
    outbox_drain(letters, PATIENCE_MS);
    assert_pending(letters, 0, 0);
}

/* Sends until it is full, without a broker; then lets all go. Returns how many it were. */
static size_t
fill_up(struct outbox *letters, const char *topic, struct source *source)
{
    const struct source_record *record = hold_record(source);
    size_t n = 0;

    rd_kafka_mock_broker_set_down(cluster, 1);
    while (!outbox_is_full(letters)) {
        struct error error = ERROR_INIT;

        if (send_to(letters, topic, source, record, &error) != 0)
            fail_msg("after %zu: %s", n, error.text);
        n++;
        assert_int_equal(outbox_pending(letters), n);
    }
    rd_kafka_mock_broker_set_up(cluster, 1);
    outbox_drain(letters, 3 * PATIENCE_MS);
    assert_pending(letters, 0, 0);
    assert_false(outbox_is_full(letters));
    return n;
}

static void
there_are_bounds_in_number_and_bytes(void **state)
{
    static char payload[LARGE + 1];
    const struct record small = {0, "k", "v", 1, NULL}, large = {0, NULL, payload, 1, NULL};
    struct outbox *letters;
    struct told told;

    memset(payload, 'x', LARGE);
    fill("small-in", &small, 1);
    fill("bytes-in", &large, 1);
    make_topic("bounds", 1);
    letters = open_letters(NULL, NULL, "bounds", &told);
    assert_int_equal(fill_up(letters, "bounds", open_source("small-in")), PENDING_MAX);
    /* Twice: what has been acknowledged no longer counts. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(fill_up(letters, "bounds", open_source("bytes-in")),
                         BYTES_MAX / LARGE + 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_that_do_not_fit_are_told),
        cmocka_unit_test(brokers_that_do_not_answer_are_told),
        cmocka_unit_test(a_topic_is_waited_for),
        cmocka_unit_test(copies_are_what_the_records_were),
        cmocka_unit_test(it_is_pending_until_acknowledged),
        cmocka_unit_test(it_stays_pending_when_it_failed),
        cmocka_unit_test(what_is_too_large_is_never_pending),
        cmocka_unit_test(a_full_queue_is_no_loss),
        cmocka_unit_test(there_are_bounds_in_number_and_bytes),
    };

    return cmocka_run_group_tests(tests, start_cluster, stop_cluster);
}
