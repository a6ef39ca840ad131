/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A lock file that one process at a time holds, with its process id and instance written in it
 * for the message of the next who comes. flock(2): it goes with the process, however that ends; the
 * file stays.
 */

#include <sys/types.h>

#include "common/error.h"

/*
 * Takes the lock NAME in the directory: 0 and the descriptor that holds it in *fdp (close()
 * releases); LOCK_E_HELD with a message that names the holder; a negative errno with a message.
 */
enum { LOCK_E_HELD = 1 };
int lock_take(int directory, const char *name, const char *instance, int *fdp, struct error *error);

/*
 * The process that holds the lock, found without touching it; 0 when nobody does, or it can't be
 * seen from here (another PID namespace, another machine).
 */
pid_t lock_find_holder(int directory, const char *name);
