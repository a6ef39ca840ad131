/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A picture of a directory that is drawn again when one of its files is replaced: in place on a
 * terminal, at most four times a second; elsewhere a new one below the last, every few seconds, when
 * it looks different.
 */

#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

/* Draws within so many columns and lines (0: any number) of a terminal. */
typedef void (*watch_draw_fn)(void *userdata, FILE *file, int width, size_t lines_max);

/*
 * Draws on stdout until SIGINT or SIGTERM: 0, or a negative errno with a message. Subdirectories are
 * watched too.
 */
int watch_run(const char *directory, watch_draw_fn draw, void *userdata, struct error *error);
