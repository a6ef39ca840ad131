/* SPDX-License-Identifier: MIT */
#pragma once

/* weatherd-forecast at work: what the reader makes of partitions when their states are outlooks. */

#include "common/daemon.h"

/* As reader_run(). */
int forecast_run(struct daemon *daemon, struct settings *settings);

/* Whether the models that the settings name can be predicted by: as check_files of a daemon_program. */
int forecast_check_files(struct daemon *daemon, const struct settings *settings);
