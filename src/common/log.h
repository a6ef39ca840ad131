/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The log of a daemon: to the journal with its fields when stderr is the
 * journal, otherwise plain lines "weatherd-consumer: warning: …" on stderr. Only mains
 * and the daemons' own modules log; what lies below them returns a struct error.
 */

#include <stdbool.h>
#include <stdint.h>

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

/*
 * Writes one line when its level is at or above the log's. Line feeds, control characters and bytes
 * that are not UTF-8 become question marks.
 */
void log_write(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_err(log, ...)     log_write(log, LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warning(log, ...) log_write(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...)  log_write(log, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...)    log_write(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...)   log_write(log, LOG_LEVEL_DEBUG, __VA_ARGS__)

/* "debug", "info", "notice", "warning", "err". False when it is none of them. */
bool log_level_parse(const char *text, enum log_level *levelp);

/*
 * Keeps a line that may repeat a million times from filling the log: passes the first of each
 * interval of SAMPLER_INTERVAL seconds and counts the rest, to be told with the next that passes.
 */
#define SAMPLER_INTERVAL 10
struct sampler {
    uint64_t next_usec; /* CLOCK_MONOTONIC; zero-initialise */
    uint64_t suppressed;
};

/*
 * True when the line may be written now; *suppressedp is then how many were not since the last one.
 */
bool sampler_pass(struct sampler *sampler, uint64_t now_usec, uint64_t *suppressedp);
