/* SPDX-License-Identifier: MIT */

/* Texts are measured character by character: what is shown is neither bytes nor code points. */

#include <limits.h>
#include <string.h>
#include <wchar.h>

#include "ctl/text.h"

#define MARK "…"

/* Its bytes, and its columns on a terminal. */
static size_t
next_character(const char *text, int *columnsp)
{
    mbstate_t state = {0};
    wchar_t character;
    size_t length = mbrtowc(&character, text, strlen(text), &state);
    int columns;

    *columnsp = 1;
    if (length == (size_t)-1 || length == (size_t)-2)
        return 1;
    columns = wcwidth(character);
    if (columns >= 0)
        *columnsp = columns;
    return length;
}

int
text_columns(const char *character, int columns)
{
    return columns;
}

/* How many bytes of a text fit, with the accents of the last character. */
static size_t
fit(const char *text, int room, text_measure_fn *measure, int *widthp)
{
    size_t length = 0;

    *widthp = 0;
    while (text[length]) {
        int columns;
        size_t bytes = next_character(text + length, &columns);
        int width = measure(text + length, columns);

        if (width > room - *widthp)
            break;
        *widthp += width;
        length += bytes;
    }
    return length;
}

int
text_width(const char *text, text_measure_fn *measure)
{
    int width;

    fit(text, INT_MAX, measure, &width);
    return width;
}

/* The last part of a text that fits. It does not begin with the accent of what was left out. */
static const char *
find_tail(const char *text, int room, text_measure_fn *measure, int *widthp)
{
    *widthp = text_width(text, measure);
    while (*text) {
        int columns;
        size_t bytes = next_character(text, &columns);

        if (*widthp <= room && columns > 0)
            break;
        *widthp -= measure(text, columns);
        text += bytes;
    }
    return text;
}

struct text_cut
text_cut(const char *text, int room, text_measure_fn *measure)
{
    struct text_cut cut = {.mark = "", .tail = ""};
    int mark_width = measure(MARK, 1), head_width, tail_width;

    cut.head = (int)fit(text, room, measure, &cut.width);
    if (!text[cut.head])
        return cut;
    cut.head = (int)fit(text, (room - mark_width + 1) / 2, measure, &head_width);
    cut.mark = MARK;
    cut.tail = find_tail(text + cut.head, room - mark_width - head_width, measure, &tail_width);
    cut.width = head_width + mark_width + tail_width;
    return cut;
}
