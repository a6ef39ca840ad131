/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The rows of a CSV file as JSON objects, whatever they are about. The file is read whole and
 * checked before the first row is sent, as observations are, and known by what is in it: one that
 * has changed is another source.
 *
 * A cell that is a number by JSON's grammar is one, as it stands; an empty cell is null; all else
 * is a string. The settings are struct csv_settings.
 */

#include "common/error.h"
#include "producer/record_source.h"

extern const struct record_source rows_source;

/*
 * Checks "COLUMN, COLUMN -20min, …", the columns of times to be moved to now, each with what is to
 * be added: 0, or -EINVAL or -ENOMEM with a message.
 */
int rows_check_now_columns(const char *text, struct error *error);
