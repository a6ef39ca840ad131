/* SPDX-License-Identifier: MIT */

/* The command line of a daemon and what follows from it, before there is anything to run. */

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/daemon.h"
#include "common/json.h"
#include "common/kafka_conf.h"
#include "common/notify.h"
#include "common/values.h"

static const struct option_row options[] = {
    {"config", 'c', "FILE", "read FILE and its .d instead of the default"},
    {"option", 'o', "SECTION.KEY=VALUE", "override a setting; of several the last wins"},
    {"verbose", 'v', NULL, "log at level debug"},
    {"ready-fd", 'R', "N", "when ready, write a newline to descriptor N"},
    {"check-config", 'C', NULL, "check the settings and contact nothing"},
    {"print-config", 'P', NULL, "print the settings, each with its origin"},
    {"help", 'h', NULL, "print this help"},
    {"version", 'V', NULL, "print the versions, also of the libraries"},
};

/* In the environment of a program that daemon_execute_again() has started. */
#define EXECUTED_AGAIN "WEATHERD_EXECUTED_AGAIN"

enum {
    N_OPTIONS = sizeof(options) / sizeof(options[0]),
    OWN_OPTION = 'X', /* the program's own, without a letter */
};

/* The options of all daemons, then the program's own. */
static void
list_options(const struct daemon_program *program, struct option_row rows[N_OPTIONS + 1])
{
    memcpy(rows, options, sizeof(options));
    rows[N_OPTIONS] = program->option;
    rows[N_OPTIONS].letter = OWN_OPTION;
}

/* The keys of a [SECTION] that may stand in [topic NAME] as well. */
static void
print_keys_per_topic(const struct daemon_program *program)
{
    const char *before = "  [topic NAME], for one topic: ";

    for (size_t i = 0; i < program->n_rows; i++) {
        if (!(program->rows[i].flags & SETTING_PER_TOPIC))
            continue;
        printf("%s%s", before, program->rows[i].key);
        before = ", ";
    }
    if (before[0] == ',')
        putchar('\n');
}

static void
print_help(const struct daemon_program *program)
{
    struct option_row rows[N_OPTIONS + 1];
    const char *section = "";

    list_options(program, rows);
    printf("Usage: %s [OPTION]...%s%s\n%s\n\nOptions:\n", program->name,
           program->synopsis[0] ? " " : "", program->synopsis, program->purpose);
    options_print(rows, N_OPTIONS + 1);
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
    print_keys_per_topic(program);
}

static void
print_version(const struct daemon_program *program)
{
    printf("%s (weatherd) %s\nlibrdkafka %s, protobuf-c %s, json-c %s, allocator %s\n",
           program->name, PACKAGE_VERSION, kafka_conf_library_version(),
           program->protobuf_version(), json_library_version(), WITH_MALLOC);
}

static int
usage_error(struct daemon *daemon, const char *what, const char *argument)
{
    log_event(&daemon->log, MESSAGE_SETTINGS_WRONG, "%s%s%s; see %s --help", what,
              what[0] ? " " : "", argument, daemon->program->name);
    return EX_USAGE;
}

static int
take_ready_fd(struct daemon *daemon, const char *argument)
{
    struct error error = ERROR_INIT;
    int64_t fd;

    if (daemon->executed_again) /* its reader was told the first time, and it is closed */
        return DAEMON_GO_ON;
    if (value_parse_integer(argument, 0, 65535, &fd, &error) < 0)
        return usage_error(daemon, "--ready-fd:", error.text);
    if (notify_check_ready_fd((int)fd, &error) < 0)
        return usage_error(daemon, "", error.text);
    daemon->ready_fd = (int)fd;
    return DAEMON_GO_ON;
}

static int
take_option(struct daemon *daemon, int letter, const struct error *error)
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
        daemon->flag = !daemon->program->option_once || !daemon->executed_again;
        return DAEMON_GO_ON;
    case 'h':
        print_help(daemon->program);
        return EX_OK;
    case 'V':
        print_version(daemon->program);
        return EX_OK;
    default:
        return usage_error(daemon, "", error->text);
    }
}

int
daemon_init(struct daemon *daemon, const struct daemon_program *program, int argc, char **argv)
{
    struct option_row rows[N_OPTIONS + 1];
    struct error error = ERROR_INIT;
    int letter, result = DAEMON_GO_ON;

    *daemon = (struct daemon){
        .program = program,
        .config_file = program->config_file,
        .ready_fd = -1,
        .argv = argv,
        .executed_again = getenv(EXECUTED_AGAIN) != NULL,
        .overrides = calloc((size_t)argc + 1, sizeof(*daemon->overrides)),
    };
    log_init(&daemon->log, program->name);
    if (!daemon->overrides)
        return EX_SOFTWARE;
    if (daemon->executed_again) /* the kernel calls it "exe", the last part of /proc/self/exe */
        prctl(PR_SET_NAME, program->name);
    list_options(program, rows);
    while (result == DAEMON_GO_ON &&
           (letter = options_next(rows, N_OPTIONS + 1, argc, argv, &error)) != OPTIONS_END)
        result = take_option(daemon, letter, &error);
    daemon->n_arguments = argc - optind;
    daemon->arguments = argv + optind;
    if (result == DAEMON_GO_ON && daemon->n_arguments > 0 && !program->synopsis[0])
        return usage_error(daemon, "unexpected argument", daemon->arguments[0]);
    return result;
}

static void
log_mistake(void *userdata, const char *message)
{
    struct daemon *daemon = userdata;

    log_event(&daemon->log, MESSAGE_SETTINGS_WRONG, "%s", message);
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
        log_event(&daemon->log, MESSAGE_SETTINGS_WRONG, "%s",
                  error.text[0] ? error.text : strerror(-result));
        return EX_CONFIG;
    }
    if (result > 0)
        exit_code = EX_CONFIG;
    for (size_t i = 0; i < daemon->n_overrides; i++) {
        result = settings_override(settings, daemon->overrides[i], &error);
        if (result != 0)
            log_event(&daemon->log, result < 0 ? MESSAGE_SETTINGS_WRONG : MESSAGE_SETTINGS_UNWISE,
                      "%s", error.text);
        if (result < 0)
            exit_code = EX_CONFIG;
    }
    result = program->check(settings, exit_code == 0, &reporter);
    if (exit_code == 0)
        exit_code = result;
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
        log_event(&daemon->log, MESSAGE_RESTART_NEEDED,
                  "[%s] %s is %s now, which takes effect with a restart", section, key,
                  value ? value : "gone");
}

bool
daemon_reload(struct daemon *daemon, const struct settings *running, daemon_take_over_fn take_over,
              void *userdata)
{
    cleanup(settings_free) struct settings *settings = NULL;
    enum log_level level = daemon->log.level;
    bool good;

    notify_reloading();
    good = daemon_load_settings(daemon, &settings) == 0 && take_over(userdata, settings);
    if (good) {
        settings_compare(running, settings, note_restart_needed, daemon);
        log_event(&daemon->log, MESSAGE_RELOAD_TAKEN, "settings reloaded from %s",
                  daemon->config_file);
    } else {
        daemon->log.level = level; /* the file may be good, and what it names not */
        log_event(&daemon->log, MESSAGE_RELOAD_REFUSED, "the settings stay as they were");
    }
    notify_ready(-1);
    return good;
}

static int
show_settings(struct daemon *daemon, const struct settings *settings)
{
    int exit_code = EX_OK;

    if (daemon->print_config) {
        settings_print(settings, stdout);
        return EX_OK;
    }
    if (daemon->program->check_files)
        exit_code = daemon->program->check_files(daemon, settings);
    if (exit_code == EX_OK)
        printf("%s: ok\n", daemon->config_file);
    return exit_code;
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

void
daemon_log_library(struct daemon *daemon, const struct settings *settings, const char *line)
{
    size_t n = sizeof(daemon->library) / sizeof(daemon->library[0]);
    struct setting_value debug;

    if (daemon->log.level < LOG_LEVEL_DEBUG)
        return;
    log_event_sampled(&daemon->log,
                      settings_get(settings, "kafka", "debug", &debug)
                          ? NULL
                          : sampler_of_kind(daemon->library, n, line),
                      MESSAGE_DEBUG, LOG_NO_FIELDS, "%s", line);
}

int
daemon_execute_again(struct daemon *daemon, const char *override)
{
    cleanup(free) char **argv = NULL;
    size_t n = 0, at = 0, added = 0;

    while (daemon->argv[n])
        n++;
    while (at < n && strcmp(daemon->argv[at], "--") != 0)
        at++;
    argv = calloc(n + 3, sizeof(*argv));
    if (!argv || setenv(EXECUTED_AGAIN, "1", 1) < 0)
        return -ENOMEM;
    /* Behind all options, so that it wins. */
    memcpy(argv, daemon->argv, at * sizeof(*argv));
    if (override) {
        argv[at + added++] = (char *)"-o";
        argv[at + added++] = (char *) override;
    }
    memcpy(argv + at + added, daemon->argv + at, (n - at) * sizeof(*argv));
    notify_reloading(); /* until the program is ready again */
    /* librdkafka would leave two open for each broker; a kernel without this call has to bear that. */
    close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    execv("/proc/self/exe", argv);
    return -errno;
}

void
daemon_tell_waiting(const struct settings *settings, time_t since)
{
    struct setting_value servers;
    char text[32];
    struct tm tm;

    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&since, &tm));
    if (settings_get(settings, "kafka", "bootstrap.servers", &servers))
        notify_status("waiting for %s since %s", servers.value, text);
}

const char *
daemon_state_directory(const char *configured)
{
    const char *state = getenv("STATE_DIRECTORY");

    if (configured)
        return configured;
    return state && state[0] ? state : ".";
}
