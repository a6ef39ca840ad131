/* SPDX-License-Identifier: MIT */

/* Reading the list of partitions. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "reader/assignment.h"

/* "0\x2d2" → "0-2", in place: an instance name that a unit was given escaped. */
static void
unescape_dashes(char *text)
{
    char *escaped;

    while ((escaped = strstr(text, "\\x2d"))) {
        *escaped = '-';
        memmove(escaped + 1, escaped + 4, strlen(escaped + 4) + 1);
    }
}

static struct assignment_topic *
find_topic(struct assignment *assignment, const char *name)
{
    for (size_t i = 0; i < assignment->n_topics; i++)
        if (strcmp(assignment->topics[i].name, name) == 0)
            return &assignment->topics[i];
    return NULL;
}

/* Where the topic's files lie; NULL when memory is out. */
static char *
find_directory(const struct reader_settings *settings, const char *name, bool *madep)
{
    const char *own = reader_settings_topic(settings, name)->directory;
    const char *common = daemon_state_directory(settings->common->directory);
    bool is_default = strcmp(name, settings->common->topic) == 0;
    char *directory;

    if (reader_settings_topic(settings, name) == settings->common)
        own = NULL;
    *madep = !own && !is_default;
    if (own || is_default)
        return strdup(own ? own : common);
    return asprintf(&directory, "%s/%s", common, name) < 0 ? NULL : directory;
}

static struct assignment_topic *
add_topic(struct assignment *assignment, const char *name, const struct reader_settings *settings)
{
    struct assignment_topic *topics =
        reallocarray(assignment->topics, assignment->n_topics + 1, sizeof(*topics));
    struct assignment_topic *topic;

    if (!topics)
        return NULL;
    assignment->topics = topics;
    topic = &topics[assignment->n_topics++];
    *topic = (struct assignment_topic){.name = strdup(name), .directory_fd = -1};
    topic->directory = find_directory(settings, name, &topic->make_directory);
    return topic->name && topic->directory ? topic : NULL;
}

/* "0-2" and "3" are one list: parse them as one text. */
static int
join_lists(struct assignment_topic *topic, const char *text, struct error *error)
{
    size_t size = topic->list.n_partitions * sizeof("2147483647,") + 1;
    cleanup(free) char *joined = NULL;
    cleanup(free) char *old = calloc(1, size);
    struct partition_list list;
    int result;

    if (!old)
        return -ENOMEM;
    if (topic->list.n_partitions > 0)
        partition_list_format(&topic->list, old, size);
    if (asprintf(&joined, "%s%s%s", old, old[0] ? "," : "", text) < 0)
        return -ENOMEM;
    result = partition_list_parse(&list, joined, error);
    if (result < 0)
        return result;
    partition_list_fini(&topic->list);
    topic->list = list;
    return 0;
}

static int
add_list(struct assignment *assignment, const char *name, const char *list,
         const struct reader_settings *settings, struct error *error)
{
    struct assignment_topic *topic = find_topic(assignment, name);

    if (!topic)
        topic = add_topic(assignment, name, settings);
    return topic ? join_lists(topic, list, error) : -ENOMEM;
}

static int
parse_argument(struct assignment *assignment, const char *argument,
               const struct reader_settings *settings, struct error *error)
{
    cleanup(free) char *text = strdup(argument);
    const char *name = settings->common->topic;
    char *list, *colon;
    int result;

    if (!text)
        return -ENOMEM;
    unescape_dashes(text);
    list = text;
    colon = strrchr(text, ':');
    if (colon) {
        *colon = '\0';
        name = text;
        list = colon + 1;
        if (value_check_topic(name, error) < 0)
            return error_prefix(error, -EINVAL, "%s: ", argument);
    }
    result = add_list(assignment, name, list, settings, error);
    return result < 0 && result != -ENOMEM ? error_prefix(error, -EINVAL, "%s: ", argument)
                                           : result;
}

/* Nothing was given on the command line. */
static int
parse_settings(struct assignment *assignment, const struct reader_settings *settings,
               struct error *error)
{
    int result = 0;

    if (settings->common->partitions)
        result = add_list(assignment, settings->common->topic, settings->common->partitions,
                          settings, error);
    for (size_t i = 0; i < settings->n_topics && result == 0; i++)
        if (settings->topics[i]->partitions)
            result = add_list(assignment, settings->topics[i]->name,
                              settings->topics[i]->partitions, settings, error);
    if (result == 0 && assignment->n_topics == 0)
        return error_set(error, -EINVAL,
                         "no partitions to read: name them on the command line, as in \"0-2\", or "
                         "by [%s] partitions",
                         settings->kind->section);
    return result;
}

int
assignment_parse(struct assignment *assignment, char *const *arguments, int n_arguments,
                 const struct reader_settings *settings, struct error *error)
{
    int result = 0;

    *assignment = (struct assignment){.section = settings->kind->section};
    if (n_arguments == 0)
        result = parse_settings(assignment, settings, error);
    for (int i = 0; i < n_arguments && result == 0; i++)
        result = parse_argument(assignment, arguments[i], settings, error);
    if (result < 0)
        assignment_fini(assignment);
    return result;
}

void
assignment_fini(struct assignment *assignment)
{
    for (size_t i = 0; i < assignment->n_topics; i++) {
        struct assignment_topic *topic = &assignment->topics[i];

        free(topic->name);
        free(topic->directory);
        partition_list_fini(&topic->list);
        if (topic->directory_fd >= 0)
            close(topic->directory_fd);
    }
    free(assignment->topics);
    *assignment = (struct assignment){.n_topics = 0};
}

/*
 * What is durable in a directory is lost with it: it must be on the disk itself, also when it was a
 * process before this one that made it and died.
 */
static int
make_directory(const struct assignment_topic *topic)
{
    size_t length = strlen(topic->directory) - strlen("/") - strlen(topic->name);
    cleanup(free) char *parent = strndup(topic->directory, length);
    bool made = mkdir(topic->directory, 0755) == 0;
    cleanup(close) int fd = -1;

    if (!parent)
        return -ENOMEM;
    if (!made && errno != EEXIST)
        return -errno;
    fd = TEMP_FAILURE_RETRY(open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd < 0)
        return made ? -errno : 0; /* an administrator has made it, where we may not look */
    return TEMP_FAILURE_RETRY(fsync(fd)) < 0 ? -errno : 0;
}

static int
open_directory(const char *section, struct assignment_topic *topic, struct error *error)
{
    int result = topic->make_directory ? make_directory(topic) : 0;

    if (result == 0)
        topic->directory_fd =
            TEMP_FAILURE_RETRY(open(topic->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    else
        errno = -result;
    if (topic->directory_fd < 0)
        return error_set(error, -errno,
                         "directory %s of topic %s: %s; create it, or set [%s] directory",
                         topic->directory, topic->name, strerror(errno), section);
    if (faccessat(topic->directory_fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
        return error_set(error, -errno,
                         "directory %s of topic %s: %s; weatherd must be able to write there",
                         topic->directory, topic->name, strerror(errno));
    return 0;
}

/* Whatever the two are called: partition-0.json of the one would be that of the other. */
static bool
is_same_directory(const struct assignment_topic *a, const struct assignment_topic *b)
{
    struct stat of_a, of_b;

    return fstat(a->directory_fd, &of_a) == 0 && fstat(b->directory_fd, &of_b) == 0 &&
           of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

int
assignment_open(struct assignment *assignment, struct error *error)
{
    for (size_t i = 0; i < assignment->n_topics; i++) {
        struct assignment_topic *topic = &assignment->topics[i];
        int result = open_directory(assignment->section, topic, error);

        if (result < 0)
            return result;
        for (size_t j = 0; j < i; j++)
            if (is_same_directory(topic, &assignment->topics[j]))
                return error_set(error, ASSIGNMENT_E_SHARED,
                                 "the topics %s and %s have the same directory, %s; give one of "
                                 "them another by [topic NAME] directory",
                                 assignment->topics[j].name, topic->name, topic->directory);
    }
    return 0;
}

void
assignment_format(const struct assignment *assignment, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < assignment->n_topics && used < size; i++) {
        char list[1024];
        int length;

        partition_list_format(&assignment->topics[i].list, list, sizeof(list));
        length = snprintf(text + used, size - used, "%s%s:%s", i > 0 ? " " : "",
                          assignment->topics[i].name, list);
        used += length < 0 ? 0 : (size_t)length;
    }
}

size_t
assignment_count(const struct assignment *assignment)
{
    size_t count = 0;

    for (size_t i = 0; i < assignment->n_topics; i++)
        count += assignment->topics[i].list.n_partitions;
    return count;
}
