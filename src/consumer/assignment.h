/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which partitions of which topics a consumer reads, and in which directories their files are kept:
 * what "0-2 stations:0_1" on the command line means.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/values.h"

struct assignment_topic {
    char *name;
    char *directory;
    bool make_directory; /* below the default topic's, which is the administrator's to make */
    int directory_fd;    /* -1 until assignment_open() */
    struct partition_list list;
};

struct assignment {
    size_t n_topics;
    struct assignment_topic *topics;
};

/*
 * Reads the arguments, or partitions when there is none. A list without a topic is of
 * default_topic. The default topic's files lie in directory, another's in directory/TOPIC. "\x2d",
 * as systemd-escape writes a dash, is understood. 0; -EINVAL with a message (also when nothing is
 * to be read at all); -ENOMEM. Release with assignment_fini() after success.
 */
struct assignment_defaults {
    const char *topic;
    const char *partitions; /* NULL: none */
    const char *directory;
};
int assignment_parse(struct assignment *assignment, char *const *arguments, int n_arguments,
                     const struct assignment_defaults *defaults, struct error *error);
void assignment_fini(struct assignment *assignment);

/*
 * Opens the directories; makes that of a further topic when it is missing. 0, or a negative errno
 * with a message.
 */
int assignment_open(struct assignment *assignment, struct error *error);

/* "temperatures:0-2 stations:0", cut to size. */
void assignment_format(const struct assignment *assignment, char *text, size_t size);

/* How many partitions there are, of all topics. */
size_t assignment_count(const struct assignment *assignment);
