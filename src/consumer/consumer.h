/* SPDX-License-Identifier: MIT */
#pragma once

/* weatherd-consumer at work: what the reader makes of partitions when their states are statistics. */

#include "common/daemon.h"

/* As reader_run(). */
int consumer_run(struct daemon *daemon, struct settings *settings);
