/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The log of a daemon: to the journal with its fields when stderr is the
 * journal, otherwise plain lines "weatherd-consumer: warning: …" on stderr. Only mains
 * and the daemons' own modules log; what lies below them returns a struct error.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/message.h"
#include "common/sampler.h"

enum log_level { /* syslog's numbers */
                 LOG_LEVEL_ERR = 3,
                 LOG_LEVEL_WARNING = 4,
                 LOG_LEVEL_NOTICE = 5,
                 LOG_LEVEL_INFO = 6,
                 LOG_LEVEL_DEBUG = 7,
};

struct log {
    const char *program; /* borrowed */
    enum log_level level;
    bool journal;
};

/* Finds out whether stderr is the journal. The level is LOG_LEVEL_INFO until it is set. */
void log_init(struct log *log, const char *program);

/* "debug", "info", "notice", "warning", "err". False when it is none of them. */
bool log_level_parse(const char *text, enum log_level *levelp);

/* How the line of a partition begins. */
enum log_prefix {
    LOG_PREFIX_PARTITION, /* "temperatures partition 3: " */
    LOG_PREFIX_RECORD,    /* "temperatures partition 3 offset 17: " */
    LOG_PREFIX_NONE,      /* the text names the partition's file */
};

/* What a line is about, WEATHERD_TOPIC and so on in the journal, as far as it is known. */
struct log_fields {
    const char *topic;   /* NULL: none */
    int32_t partition;   /* -1: none */
    int64_t offset;      /* below 0: none */
    const char *station; /* NULL: none; left out where it is not text, too */
    enum log_prefix prefix;
};
#define LOG_NO_FIELDS ((struct log_fields){.partition = -1, .offset = -1})

/*
 * Writes a line when its level is at or above the log's and the sampler (NULL: none) passes it, with the number of
 * those that it did not; false when not. Line feeds, control characters and what is not UTF-8 become question marks.
 */
bool log_event_sampled(const struct log *log, struct sampler *sampler, enum message message,
                       struct log_fields fields, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* With the sampler of the message, of N_MESSAGES. */
#define log_repeated(log, samplers, message, ...)                                                  \
    log_event_sampled(log, &(samplers)[message], message, __VA_ARGS__)

#define log_event_at(log, message, fields, ...)                                                    \
    log_event_sampled(log, NULL, message, fields, __VA_ARGS__)
#define log_event(log, message, ...) log_event_at(log, message, LOG_NO_FIELDS, __VA_ARGS__)
#define log_err(log, ...)            log_event(log, MESSAGE_ERR, __VA_ARGS__)
#define log_warning(log, ...)        log_event(log, MESSAGE_WARNING, __VA_ARGS__)
#define log_notice(log, ...)         log_event(log, MESSAGE_NOTICE, __VA_ARGS__)
#define log_info(log, ...)           log_event(log, MESSAGE_INFO, __VA_ARGS__)
#define log_debug(log, ...)          log_event(log, MESSAGE_DEBUG, __VA_ARGS__)
