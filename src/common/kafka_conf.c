/* SPDX-License-Identifier: MIT */

/* Which of librdkafka's properties are ours to set, and why. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "common/cleanup.h"
#include "common/kafka_conf.h"
#include "common/secret.h"
#include "common/values.h"

CLEANUP_DEFINE(rd_kafka_conf_t *, rd_kafka_conf_destroy);

/*
 * A name that ends with a star stands for all that begin so. own: the value that is weatherd's,
 * where it is the same everywhere.
 */
struct refusal {
    const char *name;
    const char *own;
    const char *reason;
};

#define REASON_ACKS     "a report counts as sent only when all in-sync replicas have it"
#define REASON_COMMIT   "the offset lies in partition-N.json, together with the statistics"
#define REASON_RETRIES  "giving a report up would leave a gap; see [producer] retries"
#define REASON_ORDER    "without it a retry could overtake or repeat an earlier report"
#define REASON_POSITION "reading begins where partition-N.json says, never elsewhere"

static const struct refusal refusals[] = {
    {"enable.auto.commit", "false", REASON_COMMIT},
    {"auto.commit.enable", "false", REASON_COMMIT},
    {"enable.auto.offset.store", "false", REASON_COMMIT},
    {"auto.offset.reset", "error", REASON_POSITION},
    {"enable.partition.eof", "true", "the end of a partition must be noticed"},
    {"acks", "all", REASON_ACKS},
    {"request.required.acks", "all", REASON_ACKS},
    {"enable.idempotence", "true", REASON_ORDER},
    {"enable.gapless.guarantee", NULL, REASON_ORDER},
    {"retries", "2147483647", REASON_RETRIES},
    {"message.send.max.retries", "2147483647", REASON_RETRIES},
    {"message.timeout.ms", "0", REASON_RETRIES},
    {"delivery.timeout.ms", "0", REASON_RETRIES},
    {"transactional.id", NULL, "the producer's checkpoint does what a transaction would"},
    {"partitioner", "murmur2_random",
     "a station must lie where the clients in Java and Python put it"},
    {"queuing.strategy", "fifo", REASON_ORDER},
    {"delivery.report.only.error", "false", "producer.json covers what has been acknowledged"},
    {"log.queue", "true", "librdkafka's lines go to weatherd's log"},
    {"group.instance.id", NULL, "partitions are assigned by hand, no group is joined"},
    {"test.mock.*", NULL, "it is for tests of librdkafka"},
    {"plugin.library.paths", NULL, "it loads code into the process"},
};

static const struct refusal *
find_refusal(const char *name)
{
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        size_t length = strlen(refusals[i].name);

        if (refusals[i].name[length - 1] == '*' ? strncmp(name, refusals[i].name, length - 1) == 0
                                                : strcmp(name, refusals[i].name) == 0)
            return &refusals[i];
    }
    return NULL;
}

/* The words of librdkafka's own table: "name | C/P | range | …", a line each. */
static size_t
split_names(char *table, const char **names, size_t n_max)
{
    size_t n = 0;
    char *rest;

    for (char *line = strtok_r(table, "\n", &rest); line && n < n_max;
         line = strtok_r(NULL, "\n", &rest)) {
        size_t length = strcspn(line, " |");

        if (!strstr(line, " | "))
            continue;
        line[length] = '\0';
        if (!find_refusal(line))
            names[n++] = line;
    }
    return n;
}

static int
refuse_name(const char *name, const char *text, struct error *error)
{
    const char *names[500]; /* about 200 are used */
    cleanup(free) char *table = NULL;
    const char *suggestion = NULL;
    size_t length;
    FILE *stream = open_memstream(&table, &length);

    if (stream) {
        rd_kafka_conf_properties_show(stream);
        if (fclose(stream) == 0)
            suggestion = value_suggest(name, names,
                                       split_names(table, names, sizeof(names) / sizeof(names[0])));
    }
    error_set(error, -EINVAL, "[kafka] %s: %s", name, text);
    return suggestion ? error_append(error, -EINVAL, "; did you mean \"%s\"?", suggestion)
                      : -EINVAL;
}

static int
set_property(rd_kafka_conf_t *conf, const struct settings *settings,
             const struct setting_value *property, struct error *error)
{
    const struct refusal *refusal = find_refusal(property->key);
    cleanup(free) char *secret = NULL;
    const char *value = property->value;
    rd_kafka_conf_res_t outcome;
    char text[512];

    if (refusal) {
        if (refusal->own && strcmp(value, refusal->own) == 0)
            return 0;
        return error_set(error, -EINVAL, "[kafka] %s can't be set: %s; remove the line",
                         property->key, refusal->reason);
    }
    if (settings_is_secret(settings, "kafka", property->key)) {
        int result = secret_read(value, &secret, error);

        if (result < 0)
            return error_prefix(error, result, "[kafka] %s: ", property->key);
        value = secret;
    }
    outcome = rd_kafka_conf_set(conf, property->key, value, text, sizeof(text));
    if (outcome == RD_KAFKA_CONF_UNKNOWN) /* its message has the name and not the value */
        return refuse_name(property->key, text, error);
    if (outcome != RD_KAFKA_CONF_OK)
        return error_set(error, -EINVAL, "[kafka] %s: %s", property->key,
                         secret ? "librdkafka refuses the secret" : text);
    return 0;
}

/*
 * What the program needs; a value the library does not take is a bug of ours, found by the first
 * test.
 */
static int
set_own(rd_kafka_conf_t *conf, const struct kafka_conf_settings *conf_settings, struct error *error)
{
    char text[512];

    for (const struct kafka_property *own = conf_settings->properties; own->name; own++) {
        rd_kafka_conf_res_t outcome =
            rd_kafka_conf_set(conf, own->name, own->value, text, sizeof(text));

        if (outcome == RD_KAFKA_CONF_UNKNOWN && own->optional)
            continue;
        if (outcome != RD_KAFKA_CONF_OK)
            return error_set(error, -EINVAL, "librdkafka %s: %s", rd_kafka_version_str(), text);
    }
    if (rd_kafka_conf_set(conf, "client.id", conf_settings->client_id, text, sizeof(text)))
        return error_set(error, -EINVAL, "%s", text);
    return 0;
}

int
kafka_conf_new(rd_kafka_conf_t **confp, const struct kafka_conf_settings *conf_settings,
               const struct settings_reporter *reporter, struct error *error)
{
    cleanup(rd_kafka_conf_destroy) rd_kafka_conf_t *conf = rd_kafka_conf_new();
    struct setting_value property;
    bool mistaken = false;
    int result = set_own(conf, conf_settings, error);

    if (result < 0)
        return result;
    for (size_t i = 0; settings_each(conf_settings->settings, "kafka", i, &property); i++) {
        struct error mistake = ERROR_INIT;

        if (set_property(conf, conf_settings->settings, &property, &mistake) < 0) {
            error_prefix(&mistake, 0, "%s: ", property.origin);
            reporter->mistake(reporter->userdata, mistake.text);
            mistaken = true;
        }
    }
    if (mistaken)
        return KAFKA_CONF_E_MISTAKES;
    *confp = conf;
    conf = NULL;
    return 0;
}

/*
 * Certificates, keys and what does not go together are looked at only when a client is made. This one
 * knows of no broker, renews no ticket, and so is destroyed in a moment, unlike one that has worked.
 */
static int
try(rd_kafka_conf_t *conf, bool is_producer, struct error *error)
{
    static const char *const left_out[][2] = {
        {"bootstrap.servers", NULL}, /* its default: none */
        {"sasl.kerberos.min.time.before.relogin", "0"},
    };
    cleanup(rd_kafka_conf_destroy) rd_kafka_conf_t *copy = rd_kafka_conf_dup(conf);
    char text[512];
    rd_kafka_t *client;

    for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
        rd_kafka_conf_set(copy, left_out[i][0], left_out[i][1], text, sizeof(text));
    client =
        rd_kafka_new(is_producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, copy, text, sizeof(text));
    if (!client)
        return error_set(error, -EINVAL, "[kafka]: librdkafka refuses the settings: %s", text);
    copy = NULL; /* the client's */
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    return 0;
}

int
kafka_conf_check(const struct kafka_conf_settings *conf_settings,
                 const struct settings_reporter *reporter)
{
    cleanup(rd_kafka_conf_destroy) rd_kafka_conf_t *conf = NULL;
    struct error error = ERROR_INIT;
    int result = kafka_conf_new(&conf, conf_settings, reporter, &error);

    if (result == 0)
        result = try(conf, conf_settings->is_producer, &error);
    if (result < 0)
        reporter->mistake(reporter->userdata, error.text);
    return result == 0 ? 0 : KAFKA_CONF_E_MISTAKES;
}

void
kafka_conf_debug(rd_kafka_conf_t *conf)
{
    char value[512] = "", text[512];
    size_t size = sizeof(value);

    if (rd_kafka_conf_get(conf, "debug", value, &size) == RD_KAFKA_CONF_OK && !value[0])
        rd_kafka_conf_set(conf, "debug", "broker", text, sizeof(text));
}

void
kafka_conf_warn(const struct settings *settings, struct error *warning)
{
    static const struct {
        const char *key, *value;
    } unwise[] = {
        {"enable.ssl.certificate.verification", "false"},
        {"ssl.endpoint.identification.algorithm", "none"},
    };
    struct setting_value property;

    warning->text[0] = '\0';
    for (size_t i = 0; i < sizeof(unwise) / sizeof(unwise[0]); i++)
        if (settings_get(settings, "kafka", unwise[i].key, &property) &&
            strcmp(property.value, unwise[i].value) == 0)
            error_set(warning, 0,
                      "%s: [kafka] %s = %s: anybody on the way to the broker can read and change "
                      "the records; remove the line",
                      property.origin, property.key, property.value);
}

/* A certificate is renewed in place: the file's name stays. */
static void
append_content(FILE *stream, const char *path)
{
    cleanup(fclose) FILE *file = fopen(path, "re");
    char buffer[4096];
    size_t n;

    while (file && (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
        for (size_t i = 0; i < n; i++) /* a zero byte would end the text */
            fputc(buffer[i] ? buffer[i] : '0', stream);
}

static void
append_credential(FILE *stream, const struct settings *settings,
                  const struct setting_value *property)
{
    cleanup(free) char *secret = NULL;
    struct error error = ERROR_INIT;

    fprintf(stream, "%s=%s\n", property->key, property->value);
    if (settings_is_secret(settings, "kafka", property->key)) {
        if (secret_read(property->value, &secret, &error) == 0)
            fprintf(stream, "%s\n", secret);
    } else if (property->value[0] == '/') {
        append_content(stream, property->value);
    }
}

char *
kafka_conf_credentials(const struct settings *settings)
{
    char *text = NULL;
    size_t length;
    FILE *stream = open_memstream(&text, &length);
    struct setting_value property;

    if (!stream)
        return NULL;
    for (size_t i = 0; settings_each(settings, "kafka", i, &property); i++)
        if (settings_is_reloaded(settings, "kafka", property.key))
            append_credential(stream, settings, &property);
    if (fclose(stream) == 0)
        return text;
    free(text);
    return NULL;
}

/* One of them: [PROTOCOL://]HOST[:PORT]. */
static bool
is_server(const char *text, size_t length)
{
    const char *scheme = memmem(text, length, "://", 3), *colon, *end = text + length;
    struct error error;
    char port[8];
    int64_t number;

    if (scheme)
        text = scheme + 3;
    colon = memrchr(text, ':', (size_t)(end - text));
    if (*text == '[' && end[-1] == ']') /* an IPv6 address without a port */
        colon = NULL;
    if (colon == text || text == end || memchr(text, ' ', (size_t)(end - text)) ||
        memchr(text, '\t', (size_t)(end - text)))
        return false;
    if (!colon)
        return true;
    if ((size_t)(end - colon) > sizeof(port))
        return false;
    snprintf(port, sizeof(port), "%.*s", (int)(end - colon - 1), colon + 1);
    return value_parse_integer(port, 1, UINT16_MAX, &number, &error) == 0;
}

int
kafka_conf_parse_servers(const struct setting_row *row, const char *value, void *destination,
                         struct error *error)
{
    const char *item = value;

    for (;;) {
        size_t length, blanks;

        item += strspn(item, " \t");
        length = strcspn(item, ",");
        blanks = 0;
        while (blanks < length && strchr(" \t", item[length - 1 - blanks]))
            blanks++;
        if (length == blanks || !is_server(item, length - blanks))
            return error_set(error, -EINVAL,
                             "\"%.200s\" is not a list of brokers, such as one:9092,two:9092, with "
                             "ports from 1 to 65535",
                             value);
        if (!item[length])
            return 0;
        item += length + 1;
    }
}

const char *
kafka_conf_library_version(void)
{
    return rd_kafka_version_str();
}
