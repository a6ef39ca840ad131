/* SPDX-License-Identifier: MIT */

/*
 * weatherctl status: how each partition is doing, for people and, with limits, for monitoring.
 *
 * A file is not replaced while nothing comes, so its age alone says nothing: it counts where there is
 * something to read, or where that is not known. A lag that can't be known is no failure of the
 * daemon's, which waits for brokers, and so only a warning.
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "reader/assignment.h"
#include "ctl/state.h"
#include "ctl/table.h"

enum {
    OPTION_MAX_LAG = 'N',
    OPTION_MAX_AGE = 'A',
    OPTION_OFFLINE = 'L',
    OPTION_PARTITIONS = 'P',
};

static const struct option_row options[] = {
    {"max-lag", OPTION_MAX_LAG, "N", "critical when a partition is further behind"},
    {"max-age", OPTION_MAX_AGE, "DURATION", "critical when older, with more to read"},
    {"offline", OPTION_OFFLINE, NULL, "do not ask Kafka for the lag"},
    {"partitions", OPTION_PARTITIONS, "LIST", "of these only, as the consumer takes them"},
};

#define RATE_MSEC 1200 /* in which a file is replaced, with the default checkpoint_interval */
#define POLL_MSEC 50
#define N_REASONS 3 /* that are told */

/* The exit codes of monitoring plugins. */
enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_CRITICAL, VERDICT_UNKNOWN };

static const char *const verdict_names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

struct limits {
    int64_t lag;  /* -1: none */
    uint64_t age; /* microseconds; UINT64_MAX: none */
    bool offline;
    struct assignment partitions; /* no topics: all */
};

struct summary {
    enum verdict verdict;
    size_t n_reasons;
    char reasons[512];
    int64_t lag; /* the largest; -1: not known */
    double age;  /* the highest, seconds */
    size_t n_stations;
};

static double
seconds_between(const struct timespec *from, const struct timespec *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static double
age_of(const struct snapshot_file *file)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return fmax(0, seconds_between(&file->written_at, &now));
}

/* Whether a file whose daemon runs is still the one that was read. */
static bool
awaits_a_change(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_files; i++) {
        const struct snapshot_file *file = &snapshot->files[i];
        struct stat st;

        if (file->good && file->holder > 0 && state_lag(file) != 0 && stat(file->path, &st) == 0 &&
            st.st_ino == file->inode && st.st_mtim.tv_sec == file->written_at.tv_sec &&
            st.st_mtim.tv_nsec == file->written_at.tv_nsec)
            return true;
    }
    return false;
}

static bool
any_runs(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->n_files; i++)
        if (snapshot->files[i].good && snapshot->files[i].holder > 0)
            return true;
    return false;
}

/* What the first reading knew goes to the second one. */
static void
compare_readings(const struct snapshot *first, struct snapshot *second)
{
    for (size_t i = 0; i < second->n_files; i++) {
        struct snapshot_file *file = &second->files[i];
        const struct snapshot_file *before = first->files;
        double elapsed;

        while (before < first->files + first->n_files && strcmp(before->path, file->path) != 0)
            before++;
        if (before == first->files + first->n_files || !before->good || !file->good)
            continue;
        file->end = before->end;
        elapsed = seconds_between(&before->written_at, &file->written_at);
        if (elapsed > 0 && file->offset >= before->offset)
            file->rate = (double)(file->offset - before->offset) / elapsed;
        else if (file->holder > 0 && state_lag(file) == 0)
            file->rate = 0;
    }
}

static bool
is_wanted(const struct assignment *wanted, const struct snapshot_file *file)
{
    for (size_t i = 0; i < wanted->n_topics; i++) {
        const struct assignment_topic *topic = &wanted->topics[i];

        for (size_t j = 0; j < topic->list.n_partitions; j++)
            if (topic->list.partitions[j] == file->number && strcmp(topic->name, file->topic) == 0)
                return true;
    }
    return wanted->n_topics == 0;
}

static int
read_wanted(struct ctl *ctl, const struct assignment *wanted, struct snapshot *snapshot)
{
    int exit_code = state_read(ctl, snapshot);
    size_t n = 0;

    for (size_t i = 0; i < snapshot->n_files; i++)
        if (is_wanted(wanted, &snapshot->files[i]))
            snapshot->files[n++] = snapshot->files[i];
        else
            snapshot_file_fini(&snapshot->files[i]);
    snapshot->n_files = n;
    return exit_code;
}

/*
 * Reads, asks Kafka, and reads again when every daemon that has something to do has done some of it,
 * or had the time to.
 */
static int
observe(struct ctl *ctl, const struct limits *limits, struct snapshot *snapshot)
{
    struct snapshot first;
    struct timespec started, now;
    int exit_code = read_wanted(ctl, &limits->partitions, &first);

    clock_gettime(CLOCK_MONOTONIC, &started);
    if (exit_code == EX_OK && !limits->offline)
        state_ask_ends(ctl, &first);
    if (exit_code != EX_OK || !any_runs(&first)) {
        *snapshot = first;
        return exit_code;
    }
    do {
        usleep(POLL_MSEC * 1000);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (seconds_between(&started, &now) < RATE_MSEC / 1e3 && awaits_a_change(&first));
    exit_code = read_wanted(ctl, &limits->partitions, snapshot);
    compare_readings(&first, snapshot);
    snapshot_fini(&first);
    return exit_code;
}

static void __attribute__((format(printf, 4, 5)))
judge(struct summary *summary, enum verdict verdict, const struct snapshot_file *file,
      const char *format, ...)
{
    size_t used = strlen(summary->reasons);
    char text[128];
    va_list args;

    if (verdict > summary->verdict)
        summary->verdict = verdict;
    if (summary->n_reasons++ >= N_REASONS)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    snprintf(summary->reasons + used, sizeof(summary->reasons) - used, "%s%.60s %d %s",
             used > 0 ? "; " : "", file->topic, file->number, text);
}

static void
judge_file(struct summary *summary, const struct snapshot_file *file, const struct limits *limits)
{
    int64_t lag = state_lag(file);
    double age = age_of(file);

    if (!file->good)
        judge(summary, VERDICT_CRITICAL, file, "has a bad file");
    else if (file->holder == 0)
        judge(summary, VERDICT_CRITICAL, file, "is read by no daemon");
    if (!file->good)
        return;
    if (limits->lag >= 0 && lag < 0)
        judge(summary, VERDICT_WARNING, file, "has an unknown lag");
    if (limits->lag >= 0 && lag > limits->lag)
        judge(summary, VERDICT_CRITICAL, file, "is %" PRId64 " records behind", lag);
    if (age * 1e6 > (double)limits->age && lag != 0)
        judge(summary, lag > 0 || limits->offline ? VERDICT_CRITICAL : VERDICT_WARNING, file,
              "was written %.0f s ago", age);
}

static void
sum_up(struct summary *summary, const struct snapshot *snapshot, const struct limits *limits)
{
    *summary = (struct summary){.verdict = VERDICT_OK};
    for (size_t i = 0; i < snapshot->n_files; i++) {
        const struct snapshot_file *file = &snapshot->files[i];
        int64_t lag = state_lag(file);

        judge_file(summary, file, limits);
        summary->age = fmax(summary->age, file->good ? age_of(file) : 0);
        summary->n_stations += file->good ? snapshot_entries(file) : 0;
        if (lag < 0)
            summary->lag = -1;
        else if (summary->lag >= 0 && lag > summary->lag)
            summary->lag = lag;
    }
}

/* As monitoring plugins have it: 'label'=value[unit];warn;crit;min */
static void
print_performance(const struct summary *summary, const struct limits *limits)
{
    printf(" |");
    if (summary->lag >= 0) {
        printf(" lag=%" PRId64 ";;", summary->lag);
        if (limits->lag >= 0)
            printf("%" PRId64, limits->lag);
        printf(";0");
    }
    printf(" age=%.3fs;;", summary->age);
    if (limits->age != UINT64_MAX)
        printf("%g", (double)limits->age / 1e6);
    printf(";0 stations=%zu;;;0", summary->n_stations);
}

static void
print_summary(const struct summary *summary, const struct snapshot *snapshot,
              const struct limits *performance)
{
    printf("%s: ", verdict_names[summary->verdict]);
    if (summary->n_reasons > 0)
        printf("%s", summary->reasons);
    else
        printf("%zu partition%s", snapshot->n_files, snapshot->n_files == 1 ? "" : "s");
    if (summary->n_reasons > N_REASONS)
        printf("; and %zu more", summary->n_reasons - N_REASONS);
    if (summary->n_reasons == 0 && summary->lag >= 0)
        printf(", at most %" PRId64 " records behind", summary->lag);
    if (performance)
        print_performance(summary, performance);
    putchar('\n');
}

static void
add_age(struct table *table, double age)
{
    static const struct {
        double above;
        const char *unit;
        double seconds;
    } units[] = {{2 * 86400, "d", 86400}, {2 * 3600, "h", 3600}, {120, "min", 60}, {10, "s", 1}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (age >= units[i].above) {
            table_add(table, "%.0f%s", floor(age / units[i].seconds), units[i].unit);
            return;
        }
    table_add(table, "%.1fs", age);
}

static void
add_number(struct table *table, int64_t number, const char *otherwise)
{
    if (otherwise)
        table_add(table, "%s", otherwise);
    else
        table_add(table, "%" PRId64, number);
}

static void
add_file(struct table *table, const struct snapshot_file *file)
{
    int64_t lag = state_lag(file);

    table_add(table, "%s", file->topic);
    add_number(table, file->number, NULL);
    add_number(table, file->offset, file->good ? NULL : "bad");
    add_number(table, lag, lag < 0 ? "-" : NULL);
    if (file->rate < 0)
        table_add(table, "-");
    else
        table_add(table, "%.1f", file->rate);
    add_number(table, (int64_t)snapshot_entries(file), file->good ? NULL : "-");
    add_age(table, age_of(file));
    add_number(table, file->holder, file->holder > 0 ? NULL : "no");
}

static void
print_files(const struct snapshot *snapshot)
{
    static const struct table_column columns[] = {
        {"topic", .width_min = 16}, {"part", .right = true},      {"offset", .right = true},
        {"lag", .right = true},     {"records/s", .right = true}, {"stations", .right = true},
        {"age", .right = true},     {"process", .right = true},
    };
    struct table table;
    int width, height;

    table_find_size(stdout, &width, &height);
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < snapshot->n_files; i++)
        add_file(&table, &snapshot->files[i]);
    table_print(&table, stdout, width, SIZE_MAX);
    table_fini(&table);
}

static void
add_share(struct table *table, double share)
{
    if (isnan(share))
        table_add(table, "-");
    else
        table_add(table, "%.1f %%", 100 * share);
}

static void
add_score(struct table *table, const struct snapshot_file *file)
{
    const struct outlook_score *score = &file->outlook.score;
    const int64_t counts[] = {score->hits, score->false_alarms, score->misses,
                              score->correct_negatives};

    table_add(table, "%s", file->topic);
    add_number(table, file->number, NULL);
    add_share(table, outlook_accuracy(score));
    add_share(table, outlook_base_rate(score));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        add_number(table, counts[i], NULL);
}

/* How right the predictions of weatherd-forecast were, where its files are. */
static void
print_scores(const struct snapshot *snapshot)
{
    static const struct table_column columns[] = {
        {"topic", .width_min = 12},  {"part", .right = true},
        {"accuracy", .right = true}, {"base rate", .right = true},
        {"hits", .right = true},     {"false alarms", .right = true},
        {"misses", .right = true},   {"correct negatives", .right = true},
    };
    struct table table;
    int width, height;

    table_find_size(stdout, &width, &height);
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < snapshot->n_files; i++)
        if (snapshot->files[i].good && snapshot->files[i].is_forecast)
            add_score(&table, &snapshot->files[i]);
    if (table_rows(&table) > 0) {
        putchar('\n');
        table_print(&table, stdout, width, SIZE_MAX);
    }
    table_fini(&table);
}

/* The words of the option are weatherd-consumer's arguments. */
static int
take_partitions(struct ctl *ctl, struct assignment *partitions)
{
    const char *option = ctl->options[OPTION_PARTITIONS];
    cleanup(free) char *text = option ? strdup(option) : NULL;
    cleanup(free) char **words = option ? calloc(strlen(option) + 1, sizeof(*words)) : NULL;
    struct error error = ERROR_INIT;
    char *at = NULL;
    int n = 0, result;

    if (!option)
        return EX_OK;
    if (!text || !words)
        return EX_SOFTWARE;
    for (char *word = strtok_r(text, " ", &at); word; word = strtok_r(NULL, " ", &at))
        words[n++] = word;
    if (n == 0)
        return ctl_usage_error(ctl, "--partitions: none are given");
    result = assignment_parse(partitions, words, n, &ctl->config, &error);
    if (result == -ENOMEM)
        return EX_SOFTWARE;
    return result < 0 ? ctl_usage_error(ctl, "--partitions: %s", error.text) : EX_OK;
}

static int
take_limits(struct ctl *ctl, struct limits *limits)
{
    int exit_code = ctl_take_integer(ctl, OPTION_MAX_LAG, -1, &limits->lag);

    limits->offline = ctl->options[OPTION_OFFLINE];
    if (exit_code == EX_OK)
        exit_code = ctl_take_duration(ctl, OPTION_MAX_AGE, UINT64_MAX, &limits->age);
    if (exit_code == EX_OK && limits->offline && limits->lag >= 0)
        exit_code = ctl_usage_error(ctl, "--max-lag and --offline do not go together");
    return exit_code == EX_OK ? take_partitions(ctl, &limits->partitions) : exit_code;
}

static int
run(struct ctl *ctl)
{
    struct limits limits = {.lag = -1};
    struct snapshot snapshot;
    struct summary summary;
    int exit_code = take_limits(ctl, &limits);
    bool for_monitoring = limits.lag >= 0 || limits.age != UINT64_MAX;

    if (exit_code != EX_OK)
        return exit_code;
    exit_code = observe(ctl, &limits, &snapshot);
    assignment_fini(&limits.partitions);
    if (exit_code != EX_OK || snapshot.n_files == 0) {
        printf("UNKNOWN: no partition-N.json in %s\n", ctl_directory(ctl));
        snapshot_fini(&snapshot);
        return VERDICT_UNKNOWN;
    }
    snapshot_complain(&snapshot, &ctl->daemon.log);
    sum_up(&summary, &snapshot, &limits);
    if (for_monitoring)
        print_summary(&summary, &snapshot, &limits);
    print_files(&snapshot);
    print_scores(&snapshot);
    if (!for_monitoring)
        print_summary(&summary, &snapshot, NULL);
    snapshot_fini(&snapshot);
    return (int)summary.verdict;
}

const struct ctl_command ctl_status = {
    .name = "status",
    .synopsis = "[DIRECTORY]",
    .purpose = "Tell how far each partition is, and whether its daemon runs",
    .settings = CTL_SETTINGS,
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .n_arguments_max = 1,
    .run = run,
};
