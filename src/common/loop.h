/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * The one thread's event loop, on sd-event: signals, the watchdog, descriptors, timers, and work
 * to go on with once nothing else is waiting.
 *
 * loop_new() blocks the signals it handles. It comes before the first thread is started, so that
 * all threads inherit the mask and the signals reach the loop alone.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct loop;
struct loop_timer;

struct loop_handlers {
    void (*stop)(void *userdata, int signal); /* the first SIGTERM or SIGINT */
    void (*reload)(void *userdata);           /* SIGHUP */
    void (*flush)(void *userdata);            /* SIGUSR1 */
    void (*go_on)(void *userdata);            /* once after each loop_go_on() */
};

/*
 * 0, or a negative errno with a message. A second SIGTERM or SIGINT ends the process at once, by
 * the signal: files are replaced atomically, so that is safe at any time.
 */
int loop_new(struct loop **loopp, const struct loop_handlers *handlers, void *userdata,
             struct error *error);
void loop_free(struct loop *loop);

/* Calls readable when the descriptor is, for as long as the loop lives. 0, or a negative errno. */
typedef void (*loop_readable_fn)(void *userdata);
int loop_watch(struct loop *loop, int fd, loop_readable_fn readable, struct error *error);

/* Calls go_on once, after whatever else is waiting has had its turn. */
void loop_go_on(struct loop *loop);

typedef void (*loop_timer_fn)(void *userdata);

/* A timer that is not set. Freed with the loop. */
int loop_add_timer(struct loop *loop, loop_timer_fn expired, struct loop_timer **timerp,
                   struct error *error);

/* Expires once at this time of loop_now(). A timer that is set already is moved. */
void loop_set_timer(struct loop_timer *timer, uint64_t at_usec);
void loop_unset_timer(struct loop_timer *timer);
bool loop_timer_is_set(const struct loop_timer *timer);

/* CLOCK_MONOTONIC, microseconds. Not touched by steps of the wall clock. */
uint64_t loop_now(void);

/* Runs until loop_quit(). Returns what was given to it, or a negative errno. */
int loop_run(struct loop *loop);
void loop_quit(struct loop *loop, int result);
