/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * weatherd-producer at work: one thread, one loop. Days of reports go out at their interval, or as
 * fast as the brokers take them; a timer keeps the position that has been acknowledged in
 * producer.json.
 */

#include "common/daemon.h"

struct producer;

/*
 * Makes everything ready that needs no broker: directory, lock, position, feed, client. 0, or the
 * exit code, the reason having been logged. Takes over settings in either case.
 */
int producer_new(struct producer **producerp, struct daemon *daemon, struct settings *settings);

/*
 * Sends until it is told to stop, until its days are sent, or until something ends it; then waits
 * for what is on its way, a few seconds at most, and writes the position. The exit code. Where a
 * new client must go on from the position, the program executes itself again.
 */
int producer_run(struct producer *producer);
