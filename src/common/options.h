/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Options of a command line from one table, which getopt and --help both follow.
 */

#include <stddef.h>

#include "common/error.h"

/*
 * The letter is what options_next() returns. A capital one, but for V, stands for an option that has
 * only its long name.
 */
struct option_row {
    const char *name; /* long, without dashes */
    char letter;
    const char *argument; /* what it is called in the help; NULL: none */
    const char *help;
};

/* Prints a line an option, as --help has them. */
void options_print(const struct option_row *rows, size_t n_rows);

/*
 * The letter of the next option, its argument in getopt's optarg; OPTIONS_END, behind the last, with
 * the first argument at getopt's optind; or OPTIONS_E_BAD with a message. Before a first call for
 * another argv, optind is set to 0.
 */
#define OPTIONS_MAX 24 /* rows of a table */
enum { OPTIONS_END = -1, OPTIONS_E_BAD = -2 };
int options_next(const struct option_row *rows, size_t n_rows, int argc, char **argv,
                 struct error *error);
