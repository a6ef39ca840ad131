/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the daemons' mains have in common: the command line, the settings it leads to, and the
 * actions that are over before any work begins (--help, --version, --check-config, --print-config).
 */

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "common/log.h"
#include "common/options.h"
#include "common/settings.h"

/* For the rows of both programs' tables: read by daemon_load_settings() itself. */
#define SETTING_LOG_LEVEL_ROW                                                                      \
    {                                                                                              \
        "log", "level", "info", "debug|info|notice|warning|err",                                   \
            "how much is logged; -v is debug", setting_parse_choice, 0, SETTING_RELOAD             \
    }

struct daemon;

struct daemon_program {
    const char *name;
    const char *synopsis; /* of the arguments behind the options: "[[TOPIC:]PARTITIONS]..." or "" */
    const char *purpose;  /* one line */
    const char *config_file; /* default of -c */
    const struct setting_row *rows;
    size_t n_rows;
    struct option_row option; /* the program's own, a flag without an argument and a letter */
    bool option_once;         /* which a program executed again does not follow again */
    /*
     * The checks of the settings as a whole, for --check-config and before the work: 0 or an exit
     * code, mistakes reported. complete is false when a value has been refused: then only those
     * that no missing value can mislead are made.
     */
    int (*check)(const struct settings *settings, bool complete,
                 const struct settings_reporter *reporter);
    /*
     * For --check-config alone, once the settings are good: the files that they name and a start
     * reads. 0 or an exit code, mistakes logged. May be NULL.
     */
    int (*check_files)(struct daemon *daemon, const struct settings *settings);
    const char *(*protobuf_version)(void); /* for --version; of the library in use, as the others */
};

struct daemon {
    const struct daemon_program *program;
    struct log log;
    struct sampler library[256]; /* by kind of line */
    const char *config_file;
    bool config_given;
    size_t n_overrides;
    const char **overrides;
    bool verbose;
    bool flag;    /* the program's own option was given */
    int ready_fd; /* -1: none */
    bool check_config, print_config;
    bool executed_again; /* by daemon_execute_again(): it is no first start */
    int n_arguments;
    char **arguments; /* borrowed from argv */
    char **argv;      /* for daemon_execute_again() */
};

/*
 * The whole of a main(): reads the command line, carries out what is over at once (--help,
 * --version, --check-config, --print-config), reads the settings, and calls run with them, which
 * takes them over and gives the exit code. Ends the process without returning, and without
 * librdkafka's clean-up, which may never return.
 */
typedef int (*daemon_run_fn)(struct daemon *daemon, struct settings *settings);
void daemon_main(const struct daemon_program *program, int argc, char **argv, daemon_run_fn run)
    __attribute__((noreturn));

/*
 * Reads the command line alone. DAEMON_GO_ON, or the exit code of a program that has nothing more to
 * do: 0 after --help and --version, 64 after a mistake, which has been printed.
 */
enum { DAEMON_GO_ON = -1 };
int daemon_init(struct daemon *daemon, const struct daemon_program *program, int argc, char **argv);

/*
 * Reads and checks the settings. 0, or exit code 78, when each mistake has been logged. The settings
 * are released with settings_free().
 */
int daemon_load_settings(struct daemon *daemon, struct settings **settingsp);

/*
 * Reads the settings again and tells the supervisor so. When they are good, take_over is called with
 * them (they live for the call only) and what differs from the running ones and needs a restart is
 * named in the log. When they are not, or it says so itself after it has logged the reason, all stays
 * as it was, and false is returned.
 */
typedef bool (*daemon_take_over_fn)(void *userdata, const struct settings *settings);
bool daemon_reload(struct daemon *daemon, const struct settings *running,
                   daemon_take_over_fn take_over, void *userdata);

/*
 * A line of librdkafka's own log, at level debug. It may write a thousand a second that are the same but for a
 * number: these are sampled, unless [kafka] debug of the settings asks for them.
 */
void daemon_log_library(struct daemon *daemon, const struct settings *settings, const char *line);

/* Mistakes in settings go to the log, as errors. */
struct settings_reporter daemon_reporter(struct daemon *daemon);

/*
 * The program begins anew with the same command line and process id: a client of librdkafka can't
 * be closed and made again within a process. override ("SECTION.KEY=VALUE", or NULL) is added as a
 * last -o. Returns only on failure, with a negative errno.
 */
int daemon_execute_again(struct daemon *daemon, const char *override);

/* Tells the supervisor for which brokers the daemon waits. */
void daemon_tell_waiting(const struct settings *settings, time_t since);

/* The directory of a setting that may be left out: that of systemd's StateDirectory=, or ".". */
const char *daemon_state_directory(const char *configured);
