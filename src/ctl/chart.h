/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A bar chart as SVG: horizontal bars, so that a label is a line of text however long it is and however
 * many there are; title, axis and values. All text is text, for search, screen readers and tests.
 */

#include <stddef.h>
#include <stdio.h>

struct chart_bar {
    const char *label; /* UTF-8; cut where it is long, */
    const char *note;  /* and shown as a whole with this where somebody points at it */
    double value;      /* finite */
    double mark;       /* likewise, of a chart with marks: what the value is to be compared with */
};

struct chart {
    const char *title;
    const char *subtitle;
    const char *unit; /* of the axis */
    const char *mark; /* what the marks stand for; NULL: there are none */
    size_t n_bars;    /* at least 1 */
    const struct chart_bar *bars;
};

/* Whether it could be written is the FILE's to say. */
void chart_write(FILE *file, const struct chart *chart);

/* An axis over values: from low to high, both multiples of step (1, 2 or 5 times a power of ten). */
struct chart_axis {
    double low, high, step;
};
struct chart_axis chart_find_axis(double lowest, double highest);
