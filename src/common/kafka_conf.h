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
    bool is_producer;
};

/*
 * Makes the configuration; release with rd_kafka_conf_destroy(), or give it to a client. 0;
 * KAFKA_CONF_E_MISTAKES, each reported as "ORIGIN: message"; -ENOMEM.
 */
enum { KAFKA_CONF_E_MISTAKES = 1 };
int kafka_conf_new(struct rd_kafka_conf_s **confp, const struct kafka_conf_settings *conf_settings,
                   const struct settings_reporter *reporter, struct error *error);

/*
 * Makes and releases it, and a client of it, which contacts nothing: 0, or KAFKA_CONF_E_MISTAKES when
 * anything at all is wrong, all of it reported.
 */
int kafka_conf_check(const struct kafka_conf_settings *conf_settings,
                     const struct settings_reporter *reporter);

/* Has the client log its connections, unless [kafka] debug says what it is to log. */
void kafka_conf_debug(struct rd_kafka_conf_s *conf);

/* Things that are allowed and unwise, as a message to log; "" when there is none. */
void kafka_conf_warn(const struct settings *settings, struct error *warning);

/*
 * What the client shows the brokers to be let in: the values of all properties that a reload has a
 * new client for, and the content of the files that they name. For comparing, not for showing: it
 * holds secrets. NULL when memory is out; free() it.
 */
char *kafka_conf_credentials(const struct settings *settings);

/*
 * The parser of bootstrap.servers: HOST or HOST:PORT, several with commas between them. librdkafka
 * itself takes anything, and goes to another port where a number is too large. Writes nothing.
 */
int kafka_conf_parse_servers(const struct setting_row *row, const char *value, void *destination,
                             struct error *error);

/*
 * For the rows of both programs' tables. What may hold a secret is masked wherever settings are
 * shown. The rows with SETTING_RELOAD are the credentials.
 */
#define KAFKA_CONF_ANY(key, form, help, flags)                                                     \
    {                                                                                              \
        "kafka", key, NULL, form, help, setting_parse_any, 0, flags                                \
    }
#define KAFKA_CONF_SECRET(key, help)                                                               \
    KAFKA_CONF_ANY(key, "TEXT", help, SETTING_SECRET | SETTING_RELOAD)
#define KAFKA_CONF_SETTING_ROWS                                                                    \
    {"kafka",                                                                                      \
     "bootstrap.servers",                                                                          \
     "localhost:9092",                                                                             \
     "HOST:PORT[,HOST:PORT]...",                                                                   \
     "brokers to ask for the others",                                                              \
     kafka_conf_parse_servers,                                                                     \
     0,                                                                                            \
     0},                                                                                           \
        KAFKA_CONF_SECRET("*password*", "any secret of librdkafka's"),                             \
        KAFKA_CONF_SECRET("*secret*", "likewise"), KAFKA_CONF_SECRET("ssl.key.pem", "likewise"),   \
        KAFKA_CONF_SECRET("sasl.oauthbearer.config", "likewise"),                                  \
        KAFKA_CONF_ANY("sasl.*", "VALUE", "authentication; a reload makes a new client",           \
                       SETTING_RELOAD),                                                            \
        KAFKA_CONF_ANY("ssl.*", "VALUE", "TLS; likewise", SETTING_RELOAD),                         \
        KAFKA_CONF_ANY(NULL, "VALUE", "any other property of librdkafka", 0)

/* librdkafka's version, of the library in use. */
const char *kafka_conf_library_version(void);
