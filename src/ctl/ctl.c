/* SPDX-License-Identifier: MIT */

/*
 * The table of commands, and the way from a command line to one of them. Settings are the
 * consumer's, read by the daemons' own code: weatherctl has none of its own.
 */

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/json.h"
#include "common/kafka_conf.h"
#include "common/values.h"
#include "ctl/ctl.h"

static const struct ctl_command *const commands[] = {
    &ctl_show, &ctl_status, &ctl_verify, &ctl_plot, &ctl_tail,
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

/* Before a command's own. Those of the settings come last, for the commands that have none. */
static const struct option_row common_options[] = {
    {"help", 'h', NULL, "print this help"},
    {"verbose", 'v', NULL, "say more of what happens"},
    {"config", 'c', "FILE", "read FILE instead of weatherd-consumer's own"},
    {"option", 'o', "SECTION.KEY=VALUE", "override a setting; of several the last wins"},
};

enum {
    N_COMMON = sizeof(common_options) / sizeof(common_options[0]),
    N_COMMON_ALWAYS = 2,
    OPTION_LONG = 'O', /* --option where -o is the command's */
};

static size_t
list_options(const struct ctl_command *command, struct option_row rows[OPTIONS_MAX])
{
    size_t n = command->settings == CTL_NO_SETTINGS ? N_COMMON_ALWAYS : N_COMMON;

    for (size_t i = 0; i < command->n_options; i++) /* there may be none */
        rows[i] = command->options[i];
    memcpy(rows + command->n_options, common_options, n * sizeof(*rows));
    if (command->settings == CTL_SETTINGS_LONG)
        rows[command->n_options + n - 1].letter = OPTION_LONG;
    return command->n_options + n;
}

static void
print_command_help(const struct ctl_command *command)
{
    struct option_row rows[OPTIONS_MAX];
    size_t n_rows = list_options(command, rows);

    printf("Usage: " CTL_PROGRAM " %s [OPTION]...%s%s\n%s.\n\nOptions:\n", command->name,
           command->synopsis[0] ? " " : "", command->synopsis, command->purpose);
    options_print(rows, n_rows);
    if (command->settings != CTL_NO_SETTINGS)
        printf(
            "\nSettings are weatherd-consumer's, by %s or in\n%s; see weatherd-consumer --help.\n",
            command->settings == CTL_SETTINGS_LONG ? "--option" : "-o",
            consumer_program.config_file);
}

static void
print_help(void)
{
    puts("Usage: " CTL_PROGRAM " COMMAND [OPTION]... [ARGUMENT]...\n"
         "Look at weather reports in Kafka, and at what weatherd-consumer makes of them.\n\n"
         "Commands:");
    for (size_t i = 0; i < N_COMMANDS; i++)
        printf("  %-8s %s\n", commands[i]->name, commands[i]->purpose);
    puts("\n" CTL_PROGRAM " COMMAND --help tells the options of each.\n" CTL_PROGRAM
         " --help prints this help, " CTL_PROGRAM " --version the versions.");
}

static void
print_version(void)
{
    printf(CTL_PROGRAM " (weatherd) %s\nlibrdkafka %s, protobuf-c %s, json-c %s, allocator %s\n",
           PACKAGE_VERSION, kafka_conf_library_version(), consumer_program.protobuf_version(),
           json_library_version(), WITH_MALLOC);
}

int
ctl_usage_error(struct ctl *ctl, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_err(&ctl->daemon.log, "%s; see " CTL_PROGRAM "%s%s --help", text, ctl->command ? " " : "",
            ctl->command ? ctl->command->name : "");
    return EX_USAGE;
}

/* The long name of a command's option, for messages. */
static const char *
option_name(const struct ctl *ctl, char letter)
{
    for (size_t i = 0; i < ctl->command->n_options; i++)
        if (ctl->command->options[i].letter == letter)
            return ctl->command->options[i].name;
    return "";
}

int
ctl_take_integer(struct ctl *ctl, char letter, int64_t fallback, int64_t *valuep)
{
    const char *text = ctl->options[(size_t)letter];
    struct error error = ERROR_INIT;

    *valuep = fallback;
    if (text && value_parse_integer(text, 0, INT64_MAX - 1, valuep, &error) < 0)
        return ctl_usage_error(ctl, "--%s: %s", option_name(ctl, letter), error.text);
    return EX_OK;
}

int
ctl_take_duration(struct ctl *ctl, char letter, uint64_t fallback, uint64_t *usecp)
{
    const char *text = ctl->options[(size_t)letter];
    struct error error = ERROR_INIT;

    *usecp = fallback;
    if (text && value_parse_duration(text, usecp, &error) < 0)
        return ctl_usage_error(ctl, "--%s: %s", option_name(ctl, letter), error.text);
    return EX_OK;
}

const char *
ctl_directory(const struct ctl *ctl)
{
    const char *directory = daemon_state_directory(ctl->config.common->directory);
    struct stat st;

    if (ctl->daemon.n_arguments > 0)
        return ctl->daemon.arguments[0];
    if (strcmp(directory, ".") == 0 && !ctl->config.common->directory &&
        stat(WEATHERD_STATE_DIRECTORY, &st) == 0 && S_ISDIR(st.st_mode))
        return WEATHERD_STATE_DIRECTORY;
    return directory;
}

int
ctl_kafka_conf(struct ctl *ctl, struct rd_kafka_conf_s **confp)
{
    const struct kafka_conf_settings conf_settings = {
        .properties = consumer_kind.properties,
        .settings = ctl->settings,
        .client_id = CTL_PROGRAM,
    };
    const struct settings_reporter reporter = daemon_reporter(&ctl->daemon);
    struct error error = ERROR_INIT;
    int result = kafka_conf_new(confp, &conf_settings, &reporter, &error);

    if (result < 0)
        log_err(&ctl->daemon.log, "%s", error.text);
    return result;
}

static int
take_options(struct ctl *ctl, int argc, char **argv)
{
    struct daemon *daemon = &ctl->daemon;
    struct option_row rows[OPTIONS_MAX];
    size_t n_rows = list_options(ctl->command, rows);
    struct error error = ERROR_INIT;
    int letter;

    optind = 0;
    while ((letter = options_next(rows, n_rows, argc, argv, &error)) != OPTIONS_END) {
        if (letter == OPTIONS_E_BAD)
            return ctl_usage_error(ctl, "%s", error.text);
        if (letter == OPTION_LONG || (letter == 'o' && ctl->command->settings != CTL_SETTINGS_LONG))
            daemon->overrides[daemon->n_overrides++] = optarg;
        else
            ctl->options[letter] = optarg ? optarg : "";
    }
    daemon->n_arguments = argc - optind;
    daemon->arguments = argv + optind;
    daemon->verbose = ctl->options['v'];
    if (ctl->options['c']) {
        daemon->config_file = ctl->options['c'];
        daemon->config_given = true;
    }
    return EX_OK;
}

static int
check_nothing(const struct settings *settings, bool complete,
              const struct settings_reporter *reporter)
{
    return EX_OK;
}

/*
 * The daemon's file may hold secrets and be closed to others. What a person asks of a directory
 * needs none of it.
 */
static void
do_without_settings(struct ctl *ctl)
{
    struct daemon *daemon = &ctl->daemon;

    if (daemon->config_given || access(daemon->config_file, R_OK) == 0 || errno != EACCES)
        return;
    log_warning(&daemon->log, "%s: %s; going on with the built-in settings", daemon->config_file,
                strerror(EACCES));
    daemon->config_file = "/dev/null";
}

static int
load_settings(struct ctl *ctl)
{
    struct error error = ERROR_INIT;
    int exit_code;

    if (ctl->command->settings == CTL_NO_SETTINGS)
        return EX_OK;
    if (ctl->command->settings != CTL_SETTINGS_KAFKA) {
        ctl->program.check = check_nothing;
        do_without_settings(ctl);
    }
    exit_code = daemon_load_settings(&ctl->daemon, &ctl->settings);
    if (exit_code == EX_OK &&
        reader_settings_read(&ctl->config, &consumer_kind, ctl->settings, &error) < 0) {
        log_err(&ctl->daemon.log, "%s", error.text);
        exit_code = EX_SOFTWARE;
    }
    return exit_code;
}

static int
run_command(struct ctl *ctl, int argc, char **argv)
{
    int exit_code = take_options(ctl, argc, argv);

    if (exit_code != EX_OK)
        return exit_code;
    if (ctl->options['h']) {
        print_command_help(ctl->command);
        return EX_OK;
    }
    if (ctl->daemon.n_arguments > ctl->command->n_arguments_max)
        return ctl_usage_error(ctl, "unexpected argument %s",
                               ctl->daemon.arguments[ctl->command->n_arguments_max]);
    if (ctl->daemon.n_arguments < ctl->command->n_arguments_min)
        return ctl_usage_error(ctl, "%s is missing", ctl->command->synopsis);
    exit_code = load_settings(ctl);
    return exit_code == EX_OK ? ctl->command->run(ctl) : exit_code;
}

static int
refuse_command(struct ctl *ctl, const char *name)
{
    const char *names[N_COMMANDS];
    const char *near;

    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i]->name;
    near = value_suggest(name, names, N_COMMANDS);
    if (near) {
        log_err(&ctl->daemon.log, "unknown command \"%s\"; did you mean \"%s\"?", name, near);
        return EX_USAGE;
    }
    return ctl_usage_error(ctl, "unknown %s %s", name[0] == '-' ? "option" : "command", name);
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
    if (argc < 2)
        return ctl_usage_error(ctl, "a command is missing");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return EX_OK;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        print_version();
        return EX_OK;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i]->name) == 0)
            ctl->command = commands[i];
    return ctl->command ? run_command(ctl, argc - 1, argv + 1) : refuse_command(ctl, argv[1]);
}

void
ctl_main(int argc, char **argv)
{
    struct ctl ctl = {.program = consumer_program};
    int exit_code = EX_SOFTWARE;

    signal(SIGPIPE, SIG_DFL); /* whoever stops reading ends it without a word */
    /* Ids are UTF-8 whatever the terminal is said to be; numbers keep their point. */
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "");
    ctl.program.name = CTL_PROGRAM;
    ctl.daemon = (struct daemon){
        .program = &ctl.program,
        .config_file = consumer_program.config_file,
        .ready_fd = -1,
        .overrides = calloc((size_t)argc + 1, sizeof(*ctl.daemon.overrides)),
    };
    log_init(&ctl.daemon.log, CTL_PROGRAM);
    if (ctl.daemon.overrides)
        exit_code = run(&ctl, argc, argv);
    if ((fflush(stdout) == EOF || ferror(stdout)) && exit_code == EX_OK) {
        log_err(&ctl.daemon.log, "standard output: %s", strerror(errno));
        exit_code = EX_IOERR;
    }
    /* As the daemons: librdkafka's clean-up may never return. */
    fflush(NULL);
    _exit(exit_code);
}
