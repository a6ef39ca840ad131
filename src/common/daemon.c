/* SPDX-License-Identifier: MIT */

/* The command line of a daemon, from one table that getopt and --help both follow. */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/daemon.h"
#include "common/json.h"
#include "common/kafka_conf.h"
#include "common/notify.h"
#include "common/values.h"

static const struct daemon_option options[] = {
    {"config", 'c', "FILE", "read this file, and FILE's .d directory, instead of the default"},
    {"option", 'o', "SECTION.KEY=VALUE", "override a setting; may be repeated, the last one wins"},
    {"verbose", 'v', NULL, "log at level debug"},
    {"ready-fd", 'R', "N", "write a newline to descriptor N when ready, then close it"},
    {"check-config", 'C', NULL, "check the settings and contact nothing"},
    {"print-config", 'P', NULL, "print the merged settings with the origin of each"},
    {"help", 'h', NULL, "print this help"},
    {"version", 'V', NULL, "print the versions of the program and its libraries"},
};

/* In the environment of a program that daemon_execute_again() has started. */
#define EXECUTED_AGAIN "WEATHERD_EXECUTED_AGAIN"

enum {
    N_OPTIONS = sizeof(options) / sizeof(options[0]),
    OWN_OPTION = 'X', /* the program's own, without a letter */
};

/* Letters that are names of long options only. */
static bool
has_letter(const struct daemon_option *option)
{
    return option->letter >= 'a' || option->letter == 'V';
}

static void
print_option(const struct daemon_option *option)
{
    char left[64];

    snprintf(left, sizeof(left), "%s%c%s--%s%s%s", has_letter(option) ? "-" : " ",
             has_letter(option) ? option->letter : ' ', has_letter(option) ? ", " : "  ",
             option->name, option->argument ? "=" : "", option->argument ? option->argument : "");
    printf("  %-32s %s\n", left, option->help);
}

static void
print_help(const struct daemon_program *program)
{
    const char *section = "";

    printf("Usage: %s [OPTION]...%s%s\n%s\n\nOptions:\n", program->name,
           program->synopsis[0] ? " " : "", program->synopsis, program->purpose);
    for (size_t i = 0; i < N_OPTIONS; i++)
        print_option(&options[i]);
    print_option(&program->option);
    printf("\nSettings, in %s or by -o:\n", program->config_file);
    for (size_t i = 0; i < program->n_rows; i++) {
        const struct setting_row *row = &program->rows[i];
        char left[96];

        if (strcmp(section, row->section) != 0)
            printf("  [%s%s]\n", row->section, strcmp(row->section, "topic") == 0 ? " NAME" : "");
        section = row->section;
        snprintf(left, sizeof(left), "%s = %s", row->key ? row->key : "PROPERTY", row->form);
        printf("    %-30s %s%s%s%s\n", left, row->help, row->value_default ? " [" : "",
               row->value_default ? row->value_default : "", row->value_default ? "]" : "");
    }
}

static void
print_version(const struct daemon_program *program)
{
    printf("%s (weatherd) %s\nlibrdkafka %s, protobuf-c %s, json-c %s, allocator %s\n",
           program->name, PACKAGE_VERSION, kafka_conf_library_version(),
           program->protobuf_version(), json_library_version(), WITH_MALLOC);
}

static void
fill_getopt(const struct daemon_program *program, struct option *longs, char *letters)
{
    *letters++ = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < N_OPTIONS; i++) {
        longs[i] =
            (struct option){options[i].name, options[i].argument ? required_argument : no_argument,
                            NULL, options[i].letter};
        if (!has_letter(&options[i]))
            continue;
        *letters++ = options[i].letter;
        if (options[i].argument)
            *letters++ = ':';
    }
    longs[N_OPTIONS] = (struct option){program->option.name, no_argument, NULL, OWN_OPTION};
    longs[N_OPTIONS + 1] = (struct option){0};
    *letters = '\0';
}

static int
usage_error(struct daemon *daemon, const char *what, const char *argument)
{
    log_err(&daemon->log, "%s%s%s; see %s --help", what, what[0] ? " " : "", argument,
            daemon->program->name);
    return EX_USAGE;
}

static int
take_ready_fd(struct daemon *daemon, const char *argument)
{
    struct error error = ERROR_INIT;
    int64_t fd;

    if (getenv(EXECUTED_AGAIN)) /* its reader was told the first time, and it is closed */
        return DAEMON_GO_ON;
    if (value_parse_integer(argument, 0, 65535, &fd, &error) < 0)
        return usage_error(daemon, "--ready-fd:", error.text);
    if (notify_check_ready_fd((int)fd, &error) < 0)
        return usage_error(daemon, "", error.text);
    daemon->ready_fd = (int)fd;
    return DAEMON_GO_ON;
}

static int
take_option(struct daemon *daemon, int letter, char **argv)
{
    switch (letter) {
    case 'c':
        daemon->config_file = optarg;
        daemon->config_given = true;
        return DAEMON_GO_ON;
    case 'o':
        daemon->overrides[daemon->n_overrides++] = optarg;
        return DAEMON_GO_ON;
    case 'v':
        daemon->verbose = true;
        return DAEMON_GO_ON;
    case 'R':
        return take_ready_fd(daemon, optarg);
    case 'C':
        daemon->check_config = true;
        return DAEMON_GO_ON;
    case 'P':
        daemon->print_config = true;
        return DAEMON_GO_ON;
    case OWN_OPTION:
        daemon->flag = !getenv(EXECUTED_AGAIN); /* --fresh was meant once */
        return DAEMON_GO_ON;
    case 'h':
        print_help(daemon->program);
        return EX_OK;
    case 'V':
        print_version(daemon->program);
        return EX_OK;
    case ':':
        return usage_error(daemon, "an argument is missing behind", argv[optind - 1]);
    default:
        return usage_error(daemon, "unknown option", argv[optind - 1]);
    }
}

int
daemon_init(struct daemon *daemon, const struct daemon_program *program, int argc, char **argv)
{
    struct option longs[N_OPTIONS + 2];
    char letters[3 * N_OPTIONS + 2];
    int letter, result = DAEMON_GO_ON;

    *daemon = (struct daemon){
        .program = program,
        .config_file = program->config_file,
        .ready_fd = -1,
        .argv = argv,
        .overrides = calloc((size_t)argc + 1, sizeof(*daemon->overrides)),
    };
    log_init(&daemon->log, program->name);
    if (!daemon->overrides)
        return EX_SOFTWARE;
    fill_getopt(program, longs, letters);
    opterr = 0;
    while (result == DAEMON_GO_ON && (letter = getopt_long(argc, argv, letters, longs, NULL)) >= 0)
        result = take_option(daemon, letter, argv);
    daemon->n_arguments = argc - optind;
    daemon->arguments = argv + optind;
    if (result == DAEMON_GO_ON && daemon->n_arguments > 0 && !program->synopsis[0])
        return usage_error(daemon, "unexpected argument", daemon->arguments[0]);
    return result;
}

int
daemon_parse_log_level(const char *value, void *destination, struct error *error)
{
    enum log_level level;

    if (!log_level_parse(value, &level))
        return error_set(error, -EINVAL, "\"%s\" must be debug, info, notice, warning or err",
                         value);
    return 0;
}

static void
log_mistake(void *userdata, const char *message)
{
    struct daemon *daemon = userdata;

    log_err(&daemon->log, "%s", message);
}

struct settings_reporter
daemon_reporter(struct daemon *daemon)
{
    return (struct settings_reporter){log_mistake, daemon};
}

int
daemon_load_settings(struct daemon *daemon, struct settings **settingsp)
{
    const struct daemon_program *program = daemon->program;
    const struct settings_reporter reporter = daemon_reporter(daemon);
    cleanup(settings_free) struct settings *settings = settings_new(program->rows, program->n_rows);
    struct setting_value level;
    struct error error = ERROR_INIT;
    int result, exit_code = 0;

    if (!settings)
        return EX_SOFTWARE;
    result = settings_load(settings, daemon->config_file, daemon->config_given, &reporter, &error);
    if (result < 0) {
        log_err(&daemon->log, "%s", error.text[0] ? error.text : strerror(-result));
        return EX_CONFIG;
    }
    if (result > 0)
        exit_code = EX_CONFIG;
    for (size_t i = 0; i < daemon->n_overrides; i++) {
        result = settings_override(settings, daemon->overrides[i], &error);
        if (result != 0)
            log_write(&daemon->log, result < 0 ? LOG_LEVEL_ERR : LOG_LEVEL_WARNING, "%s",
                      error.text);
        if (result < 0)
            exit_code = EX_CONFIG;
    }
    if (exit_code == 0)
        exit_code = program->check(settings, &reporter);
    if (exit_code != 0)
        return exit_code;
    if (settings_get(settings, "log", "level", &level))
        log_level_parse(level.value, &daemon->log.level);
    if (daemon->verbose)
        daemon->log.level = LOG_LEVEL_DEBUG;
    *settingsp = settings;
    settings = NULL;
    return 0;
}

static void
note_restart_needed(void *userdata, const struct setting_row *row, const char *section,
                    const char *key, const char *value)
{
    const struct daemon *daemon = userdata;

    if (!(row->flags & SETTING_RELOAD))
        log_notice(&daemon->log, "[%s] %s is %s now, which takes effect with a restart", section,
                   key, value ? value : "gone");
}

void
daemon_reload(struct daemon *daemon, const struct settings *running, daemon_take_over_fn take_over,
              void *userdata)
{
    cleanup(settings_free) struct settings *settings = NULL;

    notify_reloading();
    if (daemon_load_settings(daemon, &settings) == 0) {
        take_over(userdata, settings);
        settings_compare(running, settings, note_restart_needed, daemon);
        log_notice(&daemon->log, "settings reloaded from %s", daemon->config_file);
    } else {
        log_err(&daemon->log, "the settings stay as they were");
    }
    notify_ready(-1);
}

static int
show_settings(const struct daemon *daemon, const struct settings *settings)
{
    if (daemon->print_config)
        settings_print(settings, stdout);
    else
        printf("%s: ok\n", daemon->config_file);
    return EX_OK;
}

void
daemon_main(const struct daemon_program *program, int argc, char **argv, daemon_run_fn run)
{
    struct settings *settings = NULL;
    struct daemon daemon;
    int exit_code = daemon_init(&daemon, program, argc, argv);

    if (exit_code == DAEMON_GO_ON)
        exit_code = daemon_load_settings(&daemon, &settings);
    if (exit_code == EX_OK && settings)
        exit_code = daemon.check_config || daemon.print_config ? show_settings(&daemon, settings)
                                                               : run(&daemon, settings);
    fflush(NULL);
    _exit(exit_code);
}

int
daemon_execute_again(struct daemon *daemon, const char *override)
{
    cleanup(free) char **argv = NULL;
    size_t n = 0, at = 0;

    while (daemon->argv[n])
        n++;
    while (at < n && strcmp(daemon->argv[at], "--") != 0)
        at++;
    argv = calloc(n + 3, sizeof(*argv));
    if (!argv || setenv(EXECUTED_AGAIN, "1", 1) < 0)
        return -ENOMEM;
    /* Behind all options, so that it wins. */
    memcpy(argv, daemon->argv, at * sizeof(*argv));
    argv[at] = (char *)"-o";
    argv[at + 1] = (char *) override;
    memcpy(argv + at + 2, daemon->argv + at, (n - at) * sizeof(*argv));
    execv("/proc/self/exe", argv);
    return -errno;
}

const char *
daemon_state_directory(const char *configured)
{
    const char *state = getenv("STATE_DIRECTORY");

    if (configured)
        return configured;
    return state && state[0] ? state : ".";
}
