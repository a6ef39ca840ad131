/* SPDX-License-Identifier: MIT */

/*
 * Sends records of any kind, fast: those that no console tool can write, with bytes, headers and
 * times of their own.
 *
 *     flood ADDRESS TOPIC [commit|abort] <RECORDS
 *
 * The word makes them one transaction, which ends so at the end of the input.
 *
 * A record is 24 bytes, little-endian: partition (-1: by the key, as Java's client), length of the
 * key and of the value (-1: null), number of headers (int32 each), timestamp (int64, 0: now); then
 * key and value; then of each header the lengths of name and value (-1: null), name and value. It
 * ends when all are acknowledged, in order.
 */

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

struct record {
    int32_t partition, key_length, value_length, n_headers;
    int64_t timestamp;
};

static size_t failed;

static void
fail(const char *what)
{
    fprintf(stderr, "flood: %s\n", what);
    exit(1);
}

static void
on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    failed += message->err != 0;
}

static void
check(rd_kafka_error_t *error)
{
    if (error)
        fail(rd_kafka_error_string(error));
}

static rd_kafka_t *
connect_to(const char *address, bool transaction)
{
    static const char *const properties[][2] = {
        {"enable.idempotence", "true"},
        {"partitioner", "murmur2_random"},
        {"linger.ms", "20"},
        {"queue.buffering.max.messages", "2000000"},
        {"message.max.bytes", "2000000"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *client;
    char text[512];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", address, text, sizeof(text)))
        fail(text);
    for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
        if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof(text)))
            fail(text);
    if (transaction && rd_kafka_conf_set(conf, "transactional.id", "flood", text, sizeof(text)))
        fail(text);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!client)
        fail(text);
    if (transaction) {
        check(rd_kafka_init_transactions(client, 60000));
        check(rd_kafka_begin_transaction(client));
    }
    return client;
}

/* NULL for a length below 0; empty is not NULL. */
static void *
read_bytes(int32_t length)
{
    char *bytes;

    if (length < 0)
        return NULL;
    bytes = malloc((size_t)length + 1);
    if (!bytes || fread(bytes, 1, (size_t)length, stdin) != (size_t)length)
        fail("the input is cut");
    return bytes;
}

static rd_kafka_headers_t *
read_headers(int32_t count)
{
    rd_kafka_headers_t *headers = count > 0 ? rd_kafka_headers_new((size_t)count) : NULL;

    for (int32_t i = 0; i < count; i++) {
        int32_t lengths[2];
        char *name, *value;

        if (fread(lengths, sizeof(lengths), 1, stdin) != 1)
            fail("the input is cut");
        name = read_bytes(lengths[0]);
        value = read_bytes(lengths[1]);
        rd_kafka_header_add(headers, name, lengths[0], value, value ? lengths[1] : 0);
        free(name);
        free(value);
    }
    return headers;
}

static void
send_record(rd_kafka_t *client, const char *topic, const struct record *record)
{
    char *key = read_bytes(record->key_length), *value = read_bytes(record->value_length);
    rd_kafka_headers_t *headers = read_headers(record->n_headers);
    rd_kafka_resp_err_t code;

    do {
        code = rd_kafka_producev(
            client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(record->partition),
            RD_KAFKA_V_KEY(key, key ? (size_t)record->key_length : 0),
            RD_KAFKA_V_VALUE(value, value ? (size_t)record->value_length : 0),
            RD_KAFKA_V_TIMESTAMP(record->timestamp), RD_KAFKA_V_HEADERS(headers),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        rd_kafka_poll(client, code == RD_KAFKA_RESP_ERR__QUEUE_FULL ? 100 : 0);
    } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (code)
        fail(rd_kafka_err2str(code));
    free(key);
    free(value);
}

int
main(int argc, char **argv)
{
    struct record record;
    rd_kafka_t *client;
    size_t count = 0;

    _Static_assert(BYTE_ORDER == LITTLE_ENDIAN && sizeof(record) == 24, "the input is read as is");
    if (argc != 3 &&
        (argc != 4 || (strcmp(argv[3], "commit") != 0 && strcmp(argv[3], "abort") != 0)))
        fail("flood ADDRESS TOPIC [commit|abort] <RECORDS");
    client = connect_to(argv[1], argc == 4);
    for (; fread(&record, sizeof(record), 1, stdin) == 1; count++)
        send_record(client, argv[2], &record);
    if (rd_kafka_flush(client, 120000) || failed > 0)
        fail("not all records were taken");
    if (argc == 4)
        check(argv[3][0] == 'c' ? rd_kafka_commit_transaction(client, 60000)
                                : rd_kafka_abort_transaction(client, 60000));
    printf("%zu records sent\n", count);
    return 0;
}
