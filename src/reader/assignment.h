/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Which partitions of which topics are read, and in which directories their files are kept:
 * what "0-2 stations:0_1" on the command line means.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/values.h"
#include "reader/reader_settings.h"

struct assignment_topic {
    char *name;
    char *directory;
    bool make_directory; /* DIRECTORY/TOPIC; any other is the administrator's to make */
    int directory_fd;    /* -1 until assignment_open() */
    struct partition_list list;
};

struct assignment {
    const char *section; /* of the settings, for messages */
    size_t n_topics;
    struct assignment_topic *topics;
};

/*
 * Reads the arguments; when there is none, those of the program's section and those of each [topic NAME]. A
 * list without a topic is of the section's own. That topic's files lie in the section's directory,
 * another's in DIRECTORY/TOPIC, unless its own section says where. "\x2d", as systemd-escape writes
 * a dash, is understood. 0; -EINVAL with a message (also when nothing is to be read at all);
 * -ENOMEM. Release with assignment_fini() after success.
 */
int assignment_parse(struct assignment *assignment, char *const *arguments, int n_arguments,
                     const struct reader_settings *settings, struct error *error);
void assignment_fini(struct assignment *assignment);

/*
 * Opens the directories; makes that of a further topic when it is missing. 0; ASSIGNMENT_E_SHARED
 * when two topics have the same one, or a negative errno: each with a message.
 */
enum { ASSIGNMENT_E_SHARED = 1 };
int assignment_open(struct assignment *assignment, struct error *error);

/* "temperatures:0-2 stations:0", cut to size. */
void assignment_format(const struct assignment *assignment, char *text, size_t size);

/* How many partitions there are, of all topics. */
size_t assignment_count(const struct assignment *assignment);
