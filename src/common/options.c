/* SPDX-License-Identifier: MIT */

/* getopt_long(3) from the table. */

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/options.h"

static bool
has_letter(const struct option_row *row)
{
    return row->letter >= 'a' || row->letter == 'V';
}

void
options_print(const struct option_row *rows, size_t n_rows)
{
    for (const struct option_row *row = rows; row < rows + n_rows; row++) {
        char left[64];

        snprintf(left, sizeof(left), "%s%c%s--%s%s%s", has_letter(row) ? "-" : " ",
                 has_letter(row) ? row->letter : ' ', has_letter(row) ? ", " : "  ", row->name,
                 row->argument ? "=" : "", row->argument ? row->argument : "");
        printf("  %-32s %s\n", left, row->help);
    }
}

static void
fill_getopt(const struct option_row *rows, size_t n_rows, struct option *longs, char *letters)
{
    *letters++ = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < n_rows; i++) {
        longs[i] = (struct option){rows[i].name, rows[i].argument ? required_argument : no_argument,
                                   NULL, rows[i].letter};
        if (!has_letter(&rows[i]))
            continue;
        *letters++ = rows[i].letter;
        if (rows[i].argument)
            *letters++ = ':';
    }
    longs[n_rows] = (struct option){0};
    *letters = '\0';
}

int
options_next(const struct option_row *rows, size_t n_rows, int argc, char **argv,
             struct error *error)
{
    struct option longs[OPTIONS_MAX + 1];
    char letters[2 * OPTIONS_MAX + 2];
    int letter;

    fill_getopt(rows, n_rows, longs, letters);
    opterr = 0;
    letter = getopt_long(argc, argv, letters, longs, NULL);
    if (letter == ':')
        return error_set(error, OPTIONS_E_BAD, "an argument is missing behind %s",
                         argv[optind - 1]);
    if (letter == '?')
        return error_set(error, OPTIONS_E_BAD, "unknown option %s", argv[optind - 1]);
    return letter;
}
