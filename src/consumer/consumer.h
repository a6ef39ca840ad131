/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * weatherd-consumer at work: one thread, one loop. Records come in batches from the source, each
 * goes to its partition, and a timer replaces the files of those that have changed.
 */

#include "common/daemon.h"

struct consumer;

/*
 * Makes everything ready that needs no broker: directories, locks, files, the client. 0, or the
 * exit code, the reason having been logged. Takes over settings in either case.
 */
int consumer_new(struct consumer **consumerp, struct daemon *daemon, struct settings *settings);

/*
 * Reads until it is told to stop or something ends it, then writes what is not yet on disk. The
 * exit code.
 */
int consumer_run(struct consumer *consumer);
