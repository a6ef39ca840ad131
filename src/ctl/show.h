/* SPDX-License-Identifier: MIT */
#pragma once

/* What show.c and show_json.c share: the two forms of the same thing. */

#include <stdio.h>

#include "ctl/merge.h"
#include "ctl/predictions.h"

/* What there is to show of a directory. */
struct show {
    struct snapshot snapshot;
    struct merged merged;
    struct predictions predictions;
};

/* Writes the document of show --json: 0 or a negative errno. */
int show_json(FILE *file, const struct show *show);
