/* SPDX-License-Identifier: MIT */

/* sd-event, behind the few words that the daemons need. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "common/loop.h"

struct loop_timer {
    struct loop *loop;
    struct loop_timer *next;
    sd_event_source *source;
    loop_timer_fn expired;
    bool set;
};

struct watch {
    struct loop *loop;
    struct watch *next;
    sd_event_source *source;
    loop_readable_fn readable;
};

struct loop {
    sd_event *event;
    struct loop_handlers handlers;
    void *userdata;
    sd_event_source *signals[4];
    sd_event_source *deferred;
    struct loop_timer *timers;
    struct watch *watches;
    bool stopping;
};

CLEANUP_DEFINE(struct loop *, loop_free);

static int
on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct loop *loop = userdata;
    sigset_t mask;

    if (loop->stopping)
        return 0;
    loop->stopping = true;
    /* From here on the kernel acts: also while the loop is busy with the final checkpoint. */
    sigemptyset(&mask);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGINT);
    loop->signals[0] = sd_event_source_unref(loop->signals[0]);
    loop->signals[1] = sd_event_source_unref(loop->signals[1]);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    loop->handlers.stop(loop->userdata, (int)info->ssi_signo);
    return 0;
}

static int
on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct loop *loop = userdata;

    loop->handlers.reload(loop->userdata);
    return 0;
}

static int
on_flush(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
    struct loop *loop = userdata;

    loop->handlers.flush(loop->userdata);
    return 0;
}

static int
on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    const struct watch *watch = userdata;

    watch->readable(watch->loop->userdata);
    return 0;
}

static int
on_deferred(sd_event_source *source, void *userdata)
{
    struct loop *loop = userdata;

    loop->handlers.go_on(loop->userdata);
    return 0;
}

static int
on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct loop_timer *timer = userdata;

    timer->set = false;
    timer->expired(timer->loop->userdata);
    return 0;
}

static int
add_signals(struct loop *loop)
{
    static const struct {
        int signal;
        sd_event_signal_handler_t handler;
    } signals[] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_reload}, {SIGUSR1, on_flush}};
    sigset_t mask;
    int result;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&mask, signals[i].signal);
    if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
        return -errno;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        result = sd_event_add_signal(loop->event, &loop->signals[i], signals[i].signal,
                                     signals[i].handler, loop);
        if (result < 0)
            return result;
    }
    return 0;
}

static int
fill(struct loop *loop)
{
    int result = sd_event_new(&loop->event);

    if (result >= 0)
        result = add_signals(loop);
    if (result >= 0)
        result = sd_event_add_defer(loop->event, &loop->deferred, on_deferred, loop);
    if (result >= 0)
        result = sd_event_source_set_enabled(loop->deferred, SD_EVENT_OFF);
    if (result >= 0)
        result = sd_event_source_set_priority(loop->deferred, SD_EVENT_PRIORITY_IDLE);
    if (result >= 0)
        result = sd_event_set_watchdog(loop->event, 1);
    return result;
}

int
loop_new(struct loop **loopp, const struct loop_handlers *handlers, void *userdata,
         struct error *error)
{
    cleanup(loop_free) struct loop *loop = calloc(1, sizeof(*loop));
    int result;

    if (!loop)
        return -ENOMEM;
    loop->handlers = *handlers;
    loop->userdata = userdata;
    result = fill(loop);
    if (result < 0)
        return error_set(error, result, "can't make an event loop: %s", strerror(-result));
    *loopp = loop;
    loop = NULL;
    return 0;
}

void
loop_free(struct loop *loop)
{
    if (!loop)
        return;
    for (size_t i = 0; i < sizeof(loop->signals) / sizeof(loop->signals[0]); i++)
        sd_event_source_unref(loop->signals[i]);
    while (loop->timers) {
        struct loop_timer *timer = loop->timers;

        loop->timers = timer->next;
        sd_event_source_unref(timer->source);
        free(timer);
    }
    while (loop->watches) {
        struct watch *watch = loop->watches;

        loop->watches = watch->next;
        sd_event_source_unref(watch->source);
        free(watch);
    }
    sd_event_source_unref(loop->deferred);
    sd_event_unref(loop->event);
    free(loop);
}

int
loop_watch(struct loop *loop, int fd, loop_readable_fn readable, struct error *error)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    int result;

    if (!watch)
        return -ENOMEM;
    watch->loop = loop;
    watch->readable = readable;
    watch->next = loop->watches;
    loop->watches = watch;
    result = sd_event_add_io(loop->event, &watch->source, fd, EPOLLIN, on_readable, watch);
    if (result < 0)
        return error_set(error, result, "can't watch a descriptor: %s", strerror(-result));
    return 0;
}

void
loop_go_on(struct loop *loop)
{
    sd_event_source_set_enabled(loop->deferred, SD_EVENT_ONESHOT);
}

int
loop_add_timer(struct loop *loop, loop_timer_fn expired, struct loop_timer **timerp,
               struct error *error)
{
    struct loop_timer *timer = calloc(1, sizeof(*timer));
    int result;

    if (!timer)
        return -ENOMEM;
    timer->loop = loop;
    timer->expired = expired;
    /* An accuracy of 1 µs: the default of 250 ms would be longer than most intervals of ours. */
    result = sd_event_add_time(loop->event, &timer->source, CLOCK_MONOTONIC, 0, 1, on_timer, timer);
    if (result >= 0)
        result = sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
    if (result >= 0) /* before the records, which may never run dry */
        result = sd_event_source_set_priority(timer->source, SD_EVENT_PRIORITY_IMPORTANT);
    if (result < 0) {
        sd_event_source_unref(timer->source);
        free(timer);
        return error_set(error, result, "can't make a timer: %s", strerror(-result));
    }
    timer->next = loop->timers;
    loop->timers = timer;
    *timerp = timer;
    return 0;
}

void
loop_set_timer(struct loop_timer *timer, uint64_t at_usec)
{
    sd_event_source_set_time(timer->source, at_usec);
    sd_event_source_set_enabled(timer->source, SD_EVENT_ONESHOT);
    timer->set = true;
}

void
loop_unset_timer(struct loop_timer *timer)
{
    sd_event_source_set_enabled(timer->source, SD_EVENT_OFF);
    timer->set = false;
}

bool
loop_timer_is_set(const struct loop_timer *timer)
{
    return timer->set;
}

uint64_t
loop_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int
loop_run(struct loop *loop)
{
    return sd_event_loop(loop->event);
}

void
loop_quit(struct loop *loop, int result)
{
    sd_event_exit(loop->event, result);
}
