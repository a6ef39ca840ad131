/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * How wide a text is where it is shown, and what is shown of one that is too wide. The unit is the
 * caller's: columns of a terminal, or pixels. Texts are UTF-8; a byte that is not counts as a
 * character.
 */

#include <stddef.h>

/* The width of a character, at which the text stands, that takes 0, 1 or 2 columns of a terminal. */
typedef int text_measure_fn(const char *character, int columns);

/* In columns of a terminal: what is not printable is 1 wide. */
text_measure_fn text_columns;

int text_width(const char *text, text_measure_fn *measure);

/*
 * What is shown: so many bytes of the text's beginning, then "…" and the text from tail on. Cut is the
 * middle, since ids that are long often differ at their ends. A text that fits is all head.
 */
struct text_cut {
    int head;
    const char *mark, *tail; /* "" of a text that fits */
    int width;               /* of all three */
};
struct text_cut text_cut(const char *text, int room, text_measure_fn *measure);
