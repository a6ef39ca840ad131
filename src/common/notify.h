/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What a daemon tells its supervisor: systemd over $NOTIFY_SOCKET, s6 (or a
 * shell script) by one newline on a descriptor of its choice. Without either it is silent.
 */

#include "common/error.h"

/* The descriptor of --ready-fd must be open: 0, or -EBADF with a message. */
int notify_check_ready_fd(int ready_fd, struct error *error);

/* Says once that the daemon is ready. Closes ready_fd, unless it is -1 (none). */
void notify_ready(int ready_fd);

/* A line for "systemctl status". */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A reload begins; notify_ready(-1) says that it has ended. */
void notify_reloading(void);
void notify_stopping(void);
