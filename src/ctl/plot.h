/* SPDX-License-Identifier: MIT */
#pragma once

/* What plot.c and plot_predictions.c share: one command, two pictures. */

#include "ctl/predictions.h"

/*
 * The accuracy of each partition's predictions as an SVG text, which is the caller's; NULL without memory. At least one must
 * have been scored.
 */
char *plot_predictions(const struct snapshot *snapshot, const struct predictions *predictions,
                       size_t *lengthp);
