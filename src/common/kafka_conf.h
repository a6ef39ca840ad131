/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * From [kafka] to librdkafka's configuration. Every property of librdkafka may be set, but for
 * those that a promise of weatherd's depends on: these are refused with the reason, under each of
 * their names.
 */

#include "common/settings.h"

struct rd_kafka_conf_s;

/*
 * What a program sets itself. The user may override it unless fixed; a value equal to it is always
 * accepted.
 */
struct kafka_property {
    const char *name;
    const char *value;
    bool optional; /* only where this version of librdkafka knows it */
};

struct kafka_conf_settings {
    const struct kafka_property *properties; /* ends with a name of NULL */
    const struct settings *settings;         /* [kafka] of these */
    const char *client_id;                   /* the default of client.id */
};

/*
 * Makes the configuration; release with rd_kafka_conf_destroy(), or give it to a client. 0;
 * KAFKA_CONF_E_MISTAKES, each reported as "ORIGIN: message"; -ENOMEM.
 */
enum { KAFKA_CONF_E_MISTAKES = 1 };
int kafka_conf_new(struct rd_kafka_conf_s **confp, const struct kafka_conf_settings *conf_settings,
                   const struct settings_reporter *reporter, struct error *error);

/*
 * Makes and releases it: 0, or KAFKA_CONF_E_MISTAKES when anything at all is wrong, all of it
 * reported.
 */
int kafka_conf_check(const struct kafka_conf_settings *conf_settings,
                     const struct settings_reporter *reporter);

/* Things that are allowed and unwise, as a message to log; "" when there is none. */
void kafka_conf_warn(const struct settings *settings, struct error *warning);

/*
 * For the rows of both programs' tables. What may hold a secret is masked wherever settings are
 * shown.
 */
#define KAFKA_CONF_SETTING_ROWS                                                                    \
    {"kafka",                                                                                      \
     "bootstrap.servers",                                                                          \
     "localhost:9092",                                                                             \
     "HOST:PORT[,HOST:PORT]...",                                                                   \
     "brokers to ask for the others",                                                              \
     setting_parse_string,                                                                         \
     0,                                                                                            \
     0},                                                                                           \
        {"kafka", "*password*",  NULL, "TEXT", "any secret of librdkafka's", setting_parse_any,    \
         0,       SETTING_SECRET},                                                                 \
        {"kafka", "*secret*", NULL, "TEXT", "likewise", setting_parse_any, 0, SETTING_SECRET},     \
        {"kafka", "ssl.key.pem", NULL, "TEXT", "likewise", setting_parse_any, 0, SETTING_SECRET},  \
        {"kafka",    "sasl.oauthbearer.config", NULL, "TEXT",                                      \
         "likewise", setting_parse_any,         0,    SETTING_SECRET},                             \
    {                                                                                              \
        "kafka", NULL, NULL, "VALUE", "any other property of librdkafka", setting_parse_any, 0, 0  \
    }

/* librdkafka's version, of the library in use. */
const char *kafka_conf_library_version(void);
