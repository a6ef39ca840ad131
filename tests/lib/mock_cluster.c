/* SPDX-License-Identifier: MIT */

/*
 * A Kafka cluster in one small process: librdkafka's mock, which answers clients of other processes
 * too. The tests of "make check" and scripts/demo run against it, because it needs no Java, starts
 * at once, and makes errors on request that a healthy broker never would.
 *
 * It keeps 5 MiB or 100,000 records a partition, forgets everything when it ends, makes any topic
 * that is asked for (with 4 partitions) and does not know CreateTopics.
 *
 * The first line on stdout is the address. Then each line on stdin is a command, answered by "ok"
 * or "failed: why":
 *
 *     topic NAME PARTITIONS             makes a topic
 *     topic-error NAME ERROR            metadata of the topic is this error from now on; NO_ERROR
 * ends it leader NAME PARTITION BROKER      moves the leader; -1: there is none error REQUEST ERROR
 * [COUNT]       the next COUNT requests of this kind fail; _TRANSPORT: by a closed connection clear
 * REQUEST                     forgets the errors still to come down BROKER, up BROKER closes and
 * refuses connections, takes them again; -1: all brokers rtt BROKER MILLISECONDS           delays
 * every answer
 *
 * REQUEST is the protocol's name (Produce) or number, ERROR librdkafka's name (NOT_ENOUGH_REPLICAS)
 * or number. It ends with its parent, at the end of stdin, or by a signal.
 */

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define WORDS_MAX 4
#define COUNT_MAX 100000

struct mock {
    rd_kafka_t *host; /* only lends its threads and its log to the mock */
    rd_kafka_mock_cluster_t *cluster;
};

struct name {
    const char *name;
    long number;
};

/* The requests a client of ours sends. */
static const struct name requests[] = {
    {"Produce", 0},         {"Fetch", 1},         {"ListOffsets", 2},         {"Metadata", 3},
    {"OffsetCommit", 8},    {"OffsetFetch", 9},   {"FindCoordinator", 10},    {"ApiVersions", 18},
    {"InitProducerId", 22}, {"CreateTopics", 19}, {"AddPartitionsToTxn", 24},
};

static bool
parse_number(const char *text, long minimum, long maximum, long *numberp)
{
    char *end;
    long number;

    errno = 0;
    number = strtol(text, &end, 10);
    if (errno || end == text || *end || number < minimum || number > maximum)
        return false;
    *numberp = number;
    return true;
}

static bool
parse_request(const char *text, int16_t *requestp)
{
    long number;

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        if (!strcmp(text, requests[i].name)) {
            *requestp = (int16_t)requests[i].number;
            return true;
        }
    }
    if (!parse_number(text, 0, INT16_MAX, &number))
        return false;
    *requestp = (int16_t)number;
    return true;
}

static bool
parse_error(const char *text, rd_kafka_resp_err_t *errorp)
{
    const struct rd_kafka_err_desc *descriptions;
    size_t n_descriptions;
    long number;

    rd_kafka_get_err_descs(&descriptions, &n_descriptions);
    for (size_t i = 0; i < n_descriptions; i++) {
        if (descriptions[i].name && !strcmp(text, descriptions[i].name)) {
            *errorp = descriptions[i].code;
            return true;
        }
    }
    if (!parse_number(text, INT16_MIN, INT16_MAX, &number))
        return false;
    *errorp = (rd_kafka_resp_err_t)number;
    return true;
}

/* Each command returns NULL, or why it failed. Words that were not given are NULL. */

static const char *
outcome(rd_kafka_resp_err_t error)
{
    return error ? rd_kafka_err2str(error) : NULL;
}

static const char *
command_topic(const struct mock *mock, char *const *words)
{
    long n_partitions;

    if (!parse_number(words[1], 1, 10000, &n_partitions))
        return "PARTITIONS must be 1 to 10000";
    return outcome(rd_kafka_mock_topic_create(mock->cluster, words[0], (int)n_partitions, 1));
}

static const char *
command_topic_error(const struct mock *mock, char *const *words)
{
    rd_kafka_resp_err_t error;

    if (!parse_error(words[1], &error))
        return "unknown ERROR";
    rd_kafka_mock_topic_set_error(mock->cluster, words[0], error);
    return NULL;
}

static const char *
command_leader(const struct mock *mock, char *const *words)
{
    long partition, broker;

    if (!parse_number(words[1], 0, INT32_MAX, &partition) ||
        !parse_number(words[2], -1, INT32_MAX, &broker))
        return "PARTITION and BROKER must be numbers";
    return outcome(rd_kafka_mock_partition_set_leader(mock->cluster, words[0], (int32_t)partition,
                                                      (int32_t)broker));
}

static const char *
command_error(const struct mock *mock, char *const *words)
{
    rd_kafka_resp_err_t *errors, error;
    int16_t request;
    long count = 1;

    if (!parse_request(words[0], &request))
        return "unknown REQUEST";
    if (!parse_error(words[1], &error))
        return "unknown ERROR";
    if (words[2] && !parse_number(words[2], 1, COUNT_MAX, &count))
        return "COUNT must be 1 to 100000";

    errors = calloc((size_t)count, sizeof(*errors));
    if (!errors)
        return "out of memory";
    for (long i = 0; i < count; i++)
        errors[i] = error;
    rd_kafka_mock_push_request_errors_array(mock->cluster, request, (size_t)count, errors);
    free(errors);
    return NULL;
}

static const char *
command_clear(const struct mock *mock, char *const *words)
{
    int16_t request;

    if (!parse_request(words[0], &request))
        return "unknown REQUEST";
    rd_kafka_mock_clear_request_errors(mock->cluster, request);
    return NULL;
}

static const char *
command_down(const struct mock *mock, char *const *words)
{
    long broker;

    if (!parse_number(words[0], -1, INT32_MAX, &broker))
        return "BROKER must be a number";
    return outcome(rd_kafka_mock_broker_set_down(mock->cluster, (int32_t)broker));
}

static const char *
command_up(const struct mock *mock, char *const *words)
{
    long broker;

    if (!parse_number(words[0], -1, INT32_MAX, &broker))
        return "BROKER must be a number";
    return outcome(rd_kafka_mock_broker_set_up(mock->cluster, (int32_t)broker));
}

static const char *
command_rtt(const struct mock *mock, char *const *words)
{
    long broker, milliseconds;

    if (!parse_number(words[0], -1, INT32_MAX, &broker) ||
        !parse_number(words[1], 0, 3600000, &milliseconds))
        return "BROKER and MILLISECONDS must be numbers";
    return outcome(rd_kafka_mock_broker_set_rtt(mock->cluster, (int32_t)broker, (int)milliseconds));
}

static const struct command {
    const char *name;
    size_t n_words_min, n_words_max;
    const char *(*run)(const struct mock *mock, char *const *words);
} commands[] = {
    {"topic", 2, 2, command_topic},   {"topic-error", 2, 2, command_topic_error},
    {"leader", 3, 3, command_leader}, {"error", 2, 3, command_error},
    {"clear", 1, 1, command_clear},   {"down", 1, 1, command_down},
    {"up", 1, 1, command_up},         {"rtt", 2, 2, command_rtt},
};

static const char *
mock_execute(const struct mock *mock, char *line)
{
    char *words[WORDS_MAX + 1] = {NULL}, *rest = NULL;
    size_t n_words = 0;

    for (char *word = strtok_r(line, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest)) {
        if (n_words == WORDS_MAX)
            return "too many words";
        words[n_words++] = word;
    }
    if (!n_words)
        return NULL;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(words[0], commands[i].name))
            continue;
        if (n_words - 1 < commands[i].n_words_min || n_words - 1 > commands[i].n_words_max)
            return "wrong number of words";
        return commands[i].run(mock, words + 1);
    }
    return "unknown command";
}

static int
mock_serve(const struct mock *mock)
{
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        const char *failure = mock_execute(mock, line);

        if (failure)
            printf("failed: %s\n", failure);
        else
            puts("ok");
        fflush(stdout);
    }
    free(line);
    return EXIT_SUCCESS;
}

static bool
mock_start(struct mock *mock, int n_brokers)
{
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    /* the host has no brokers of its own to talk to, and would say so every now and then */
    rd_kafka_conf_set(conf, "log_level", "3", NULL, 0);
    mock->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!mock->host) {
        rd_kafka_conf_destroy(conf);
        fprintf(stderr, "mock_cluster: %s\n", text);
        return false;
    }
    mock->cluster = rd_kafka_mock_cluster_new(mock->host, n_brokers);
    if (!mock->cluster)
        fprintf(stderr, "mock_cluster: the cluster could not be made\n");
    return mock->cluster;
}

static void
mock_stop(struct mock *mock)
{
    if (mock->cluster)
        rd_kafka_mock_cluster_destroy(mock->cluster);
    if (mock->host)
        rd_kafka_destroy(mock->host);
}

/* NAME:PARTITIONS of the command line, split at the last colon. */
static bool
mock_add_topic(const struct mock *mock, char *argument)
{
    char *colon = strrchr(argument, ':');
    const char *failure = "NAME:PARTITIONS is wanted";

    if (colon) {
        *colon = '\0';
        failure = command_topic(mock, (char *const[]){argument, colon + 1});
        *colon = ':';
    }
    if (failure)
        fprintf(stderr, "mock_cluster: --topic %s: %s\n", argument, failure);
    return !failure;
}

/* Whoever waits for the file to appear must not find it empty: it gets its name when it is
 * complete. */
static bool
write_port(const char *path, const char *bootstraps)
{
    char temporary[4096];
    const char *colon = strchr(bootstraps, ':');
    FILE *file;

    snprintf(temporary, sizeof(temporary), "%s.tmp", path);
    file = fopen(temporary, "we");
    if (!file || fprintf(file, "%d\n", colon ? atoi(colon + 1) : 0) < 0 || fclose(file) ||
        rename(temporary, path) < 0) {
        fprintf(stderr, "mock_cluster: %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static int
usage(void)
{
    fputs("Usage: mock_cluster [--brokers N] [--port-file FILE] [--topic NAME:PARTITIONS]...\n",
          stderr);
    return 64;
}

static int
run(struct mock *mock, int argc, char **argv)
{
    static const struct option options[] = {
        {"brokers", required_argument, NULL, 'b'},
        {"port-file", required_argument, NULL, 'p'},
        {"topic", required_argument, NULL, 't'},
        {NULL, 0, NULL, 0},
    };
    const char *port_file = NULL, *bootstraps;
    long n_brokers = 1;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'b' && !parse_number(optarg, 1, 100, &n_brokers))
            return usage();
        else if (option == 'p')
            port_file = optarg;
        else if (option == '?')
            return usage();
    }
    if (optind < argc)
        return usage();

    if (!mock_start(mock, (int)n_brokers))
        return EXIT_FAILURE;
    /* a second pass: topics need the cluster, whose size may stand behind them */
    optind = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (option == 't' && !mock_add_topic(mock, optarg))
            return EXIT_FAILURE;

    bootstraps = rd_kafka_mock_cluster_bootstraps(mock->cluster);
    if (port_file && !write_port(port_file, bootstraps))
        return EXIT_FAILURE;
    puts(bootstraps);
    fflush(stdout);
    return mock_serve(mock);
}

int
main(int argc, char **argv)
{
    struct mock mock = {NULL, NULL};
    pid_t parent = getppid();
    int result;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        return EXIT_FAILURE;
    result = run(&mock, argc, argv);
    mock_stop(&mock);
    return result;
}
