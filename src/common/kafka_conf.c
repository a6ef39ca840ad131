/* SPDX-License-Identifier: MIT */

/* Which of librdkafka's properties are ours to set, and why. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "common/cleanup.h"
#include "common/kafka_conf.h"
#include "common/secret.h"

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

static int
set_property(rd_kafka_conf_t *conf, const struct settings *settings,
             const struct setting_value *property, struct error *error)
{
    const struct refusal *refusal = find_refusal(property->key);
    cleanup(free) char *secret = NULL;
    const char *value = property->value;
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
    if (rd_kafka_conf_set(conf, property->key, value, text, sizeof(text)) != RD_KAFKA_CONF_OK)
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

int
kafka_conf_check(const struct kafka_conf_settings *conf_settings,
                 const struct settings_reporter *reporter)
{
    cleanup(rd_kafka_conf_destroy) rd_kafka_conf_t *conf = NULL;
    struct error error = ERROR_INIT;
    int result = kafka_conf_new(&conf, conf_settings, reporter, &error);

    if (result < 0)
        reporter->mistake(reporter->userdata, error.text);
    return result == 0 ? 0 : KAFKA_CONF_E_MISTAKES;
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

const char *
kafka_conf_library_version(void)
{
    return rd_kafka_version_str();
}
