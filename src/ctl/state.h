/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The state of the directory that a command is about: its files, and what the brokers say of their
 * partitions.
 */

#include "ctl/ctl.h"
#include "ctl/snapshot.h"

#define STATE_ASK_MSEC 2000 /* at most, for all partitions */

/*
 * Reads the directory, without a word about bad files: EX_OK, or EX_CANTCREAT when it can't be read,
 * which has been logged. Release with snapshot_fini() in either case.
 */
int state_read(struct ctl *ctl, struct snapshot *snapshot);

/*
 * Asks for the ends of all partitions. What stays unknown is -1; when nothing could be learnt, a
 * warning says why.
 */
void state_ask_ends(struct ctl *ctl, struct snapshot *snapshot);

/* Records that the file is behind, or -1 when that is not known. */
int64_t state_lag(const struct snapshot_file *file);
