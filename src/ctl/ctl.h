/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * weatherctl: what its commands have in common. A command is a row of a table: its options, its
 * help and a function that gives the exit code.
 */

#include <stdbool.h>

#include "common/daemon.h"
#include "consumer/consumer_settings.h"

struct ctl;

enum ctl_settings {
    CTL_NO_SETTINGS,   /* neither -c nor -o */
    CTL_SETTINGS,      /* what they say of Kafka need not be good: secrets may be readable for the
                          daemon alone */
    CTL_SETTINGS_LONG, /* likewise, and -o is the command's own */
    CTL_SETTINGS_KAFKA /* all of them are checked */
};

struct ctl_command {
    const char *name;
    const char *synopsis; /* of the arguments behind the options */
    const char *purpose;  /* one line */
    enum ctl_settings settings;
    const struct option_row *options; /* the command's own */
    size_t n_options;
    int n_arguments_min, n_arguments_max;
    int (*run)(struct ctl *ctl);
};

extern const struct ctl_command ctl_show, ctl_status, ctl_verify, ctl_plot, ctl_tail;

struct ctl {
    const struct ctl_command *command;
    struct daemon daemon; /* arguments, log, and how the settings are read */
    struct daemon_program program;
    struct settings *settings; /* NULL with CTL_NO_SETTINGS, as are those of */
    struct reader_settings config;
    const char *options[128]; /* by letter: the argument, or "" of one without; NULL: not given */
};

#define CTL_PROGRAM "weatherctl"

/* What is wrong with the command line; returns the exit code. */
int ctl_usage_error(struct ctl *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * An option's argument as an integer from 0 on or as a duration in microseconds, or fallback where it was not
 * given: EX_OK, or an exit code, the mistake having been told.
 */
int ctl_take_integer(struct ctl *ctl, char letter, int64_t fallback, int64_t *valuep);
int ctl_take_duration(struct ctl *ctl, char letter, uint64_t fallback, uint64_t *usecp);

/* The first argument; else [consumer] directory, $STATE_DIRECTORY, the one installed, or ".". */
const char *ctl_directory(const struct ctl *ctl);

/*
 * librdkafka's configuration, as weatherd-consumer's but under weatherctl's name. 0; a negative errno
 * or KAFKA_CONF_E_MISTAKES, which have been logged.
 */
struct rd_kafka_conf_s;
int ctl_kafka_conf(struct ctl *ctl, struct rd_kafka_conf_s **confp);

/* The whole of main(): reads the command line, carries it out, and ends the process. */
void ctl_main(int argc, char **argv) __attribute__((noreturn));
