/* SPDX-License-Identifier: MIT */

/*
 * "Did you mean …?" The distance counts a letter added, left out or mistaken and
 * two neighbours swapped, which are the slips of the hand that are worth an
 * answer. Capitals count as small letters: who writes Topic means topic.
 */

#include <ctype.h>
#include <string.h>

#include "common/values.h"

#define WORD_MAX 63 /* no key, section or option is as long; what is longer has no suggestion */

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool
same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Row by row of the usual table, of which only three are ever looked at. */
static unsigned
distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_length; j++)
        above[j] = (unsigned)j;
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *recycled = before;

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(above[j], row[j - 1]) + 1;
            row[j] = least(row[j], above[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = recycled;
    }
    return above[b_length];
}

const char *
value_suggest(const char *text, const char *const *words, size_t n_words)
{
    size_t length = strlen(text);
    unsigned limit = length < 6 ? 1 : (unsigned)length / 3, nearest = limit + 1;
    const char *suggestion = NULL;

    if (length == 0 || length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n_words; i++) {
        size_t word_length = strlen(words[i]);
        unsigned d;

        /* It is at least as far away as it is longer or shorter. */
        if (word_length > WORD_MAX || word_length >= length + nearest ||
            length >= word_length + nearest)
            continue;
        d = distance(text, length, words[i], word_length);
        if (d < nearest) {
            nearest = d;
            suggestion = words[i];
        }
    }
    return suggestion;
}
