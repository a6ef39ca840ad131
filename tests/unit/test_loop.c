/* SPDX-License-Identifier: MIT */

/*
 * The event loop. Each test runs in a process of its own: signals are the process's, and one of
 * them is to end it.
 */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/loop.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* What happened, a letter an event, and what is to be done about it. */
struct life {
    struct loop *loop;
    struct loop_timer *timers[3];
    char trace[64];
    int signal;
    int pipe[2];
    int turns; /* how often go_on asks for another one */
    bool stubborn;
};

static void
trace(struct life *life, char letter)
{
    size_t length = strlen(life->trace);

    if (length < sizeof(life->trace) - 1)
        life->trace[length] = letter;
}

static void
on_stop(void *userdata, int signal)
{
    struct life *life = userdata;

    trace(life, 'S');
    life->signal = signal;
    if (!life->stubborn)
        loop_quit(life->loop, 42);
}

static void
on_reload(void *userdata)
{
    trace(userdata, 'H');
}

static void
on_flush(void *userdata)
{
    trace(userdata, 'U');
}

static void
on_readable(void *userdata)
{
    struct life *life = userdata;
    char byte;

    trace(life, 'r');
    if (read(life->pipe[0], &byte, 1) == 1 && byte == 'q')
        loop_quit(life->loop, 7);
}

static void
on_go_on(void *userdata)
{
    struct life *life = userdata;

    trace(life, 'g');
    if (--life->turns > 0)
        loop_go_on(life->loop);
    else if (life->turns == 0)
        loop_quit(life->loop, 3);
}

static const struct loop_handlers handlers = {
    .stop = on_stop,
    .reload = on_reload,
    .flush = on_flush,
    .go_on = on_go_on,
};

/* No assertions in the child: it says by its exit code what was wrong. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            _exit(99);                                                                             \
        }                                                                                          \
    } while (0)

static void
begin(struct life *life)
{
    struct error error = ERROR_INIT;

    memset(life, 0, sizeof(*life));
    CHECK(loop_new(&life->loop, &handlers, life, &error) == 0);
}

/* Runs it in a process of its own: that process's status. */
static int
status_of(void (*run)(void))
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(10);
        run();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
assert_runs(void (*run)(void))
{
    int status = status_of(run);

    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("ended with status %#x", (unsigned)status);
}

static void
stop_by(int signal)
{
    struct life life;

    begin(&life);
    raise(signal);
    CHECK(loop_run(life.loop) == 42);
    CHECK(strcmp(life.trace, "S") == 0);
    CHECK(life.signal == signal);
    loop_free(life.loop);
}

static void
run_stop_by_term(void)
{
    stop_by(SIGTERM);
}

static void
run_stop_by_int(void)
{
    stop_by(SIGINT);
}

static void
the_first_signal_stops(void **state)
{
    assert_runs(run_stop_by_term);
    assert_runs(run_stop_by_int);
}

/* Also when the loop is busy and will never look again. */
static void
run_second_signal(void)
{
    struct life life;

    begin(&life);
    life.stubborn = true;
    life.turns = -1; /* so that go_on comes once and never quits */
    raise(SIGINT);
    CHECK(loop_add_timer(life.loop, on_reload, &life.timers[0], NULL) == 0);
    loop_go_on(life.loop);
    /* Runs until something is to be done, then kills itself as an impatient person would. */
    CHECK(loop_watch(life.loop, (pipe(life.pipe), life.pipe[0]), on_readable, NULL) == 0);
    if (fork() == 0) {
        usleep(50000);
        kill(getppid(), SIGTERM);
        _exit(0);
    }
    loop_run(life.loop);
    _exit(98);
}

static void
the_second_signal_kills(void **state)
{
    int status = status_of(run_second_signal);

    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
        fail_msg("ended with status %#x", (unsigned)status);
}

static void
run_other_signals(void)
{
    struct life life;

    begin(&life);
    raise(SIGHUP);
    raise(SIGUSR1);
    raise(SIGPIPE); /* ignored */
    CHECK(loop_add_timer(life.loop, on_reload, &life.timers[0], NULL) == 0);
    CHECK(pipe(life.pipe) == 0);
    CHECK(loop_watch(life.loop, life.pipe[0], on_readable, NULL) == 0);
    CHECK(write(life.pipe[1], "xxq", 3) == 3);
    CHECK(loop_run(life.loop) == 7);
    CHECK(strchr(life.trace, 'H') && strchr(life.trace, 'U'));
    CHECK(strlen(life.trace) == 5);
    CHECK(!strchr(life.trace, 'S'));
    loop_free(life.loop);
}

static void
other_signals_and_the_descriptor_are_handed_on(void **state)
{
    assert_runs(run_other_signals);
}

static void
run_go_on(void)
{
    struct life life;

    begin(&life);
    life.turns = 5;
    loop_go_on(life.loop);
    loop_go_on(life.loop); /* once all the same */
    CHECK(loop_run(life.loop) == 3);
    CHECK(strcmp(life.trace, "ggggg") == 0);
    loop_free(life.loop);
}

static void
go_on_is_once(void **state)
{
    assert_runs(run_go_on);
}

/* What is always going on lets all others have their turn. */
static void
run_go_on_last(void)
{
    struct life life;

    begin(&life);
    life.turns = 2;
    loop_go_on(life.loop);
    CHECK(pipe(life.pipe) == 0);
    CHECK(loop_watch(life.loop, life.pipe[0], on_readable, NULL) == 0);
    CHECK(write(life.pipe[1], "xxx", 3) == 3);
    raise(SIGHUP);
    CHECK(loop_run(life.loop) == 3);
    CHECK(strlen(life.trace) == 6);
    CHECK(strcmp(life.trace + 4, "gg") == 0);
    loop_free(life.loop);
}

static void
go_on_comes_after_all_else(void **state)
{
    assert_runs(run_go_on_last);
}

static void
on_first(void *userdata)
{
    struct life *life = userdata;

    trace(life, '1');
    if (loop_timer_is_set(life->timers[0]))
        trace(life, '!');
}

static void
on_second(void *userdata)
{
    struct life *life = userdata;

    trace(life, '2');
    if (strlen(life->trace) < 5)
        loop_set_timer(life->timers[1], loop_now() + 1000);
    else
        loop_quit(life->loop, 0);
}

static void
on_never(void *userdata)
{
    trace(userdata, '3');
}

static void
run_timers(void)
{
    struct life life;
    uint64_t start = loop_now(), end;

    begin(&life);
    CHECK(loop_add_timer(life.loop, on_first, &life.timers[0], NULL) == 0);
    CHECK(loop_add_timer(life.loop, on_second, &life.timers[1], NULL) == 0);
    CHECK(loop_add_timer(life.loop, on_never, &life.timers[2], NULL) == 0);
    CHECK(!loop_timer_is_set(life.timers[0]));
    loop_set_timer(life.timers[1], start + 20000);
    loop_set_timer(life.timers[0], start + 3600 * UINT64_C(1000000));
    loop_set_timer(life.timers[0], start + 10000); /* moved */
    CHECK(loop_timer_is_set(life.timers[0]));
    CHECK(loop_run(life.loop) == 0);
    end = loop_now();
    /* The first once, the second as often as it was set again. */
    CHECK(strcmp(life.trace, "12222") == 0);
    CHECK(end >= start + 23000);
    CHECK(end < start + 5 * UINT64_C(1000000));
    loop_free(life.loop);
}

static void
timers_expire_once_and_in_order(void **state)
{
    assert_runs(run_timers);
}

/* A time that has passed already is now. */
static void
run_past_timer(void)
{
    struct life life;

    begin(&life);
    CHECK(loop_add_timer(life.loop, on_second, &life.timers[1], NULL) == 0);
    strcpy(life.trace, "....");
    loop_set_timer(life.timers[1], 1);
    CHECK(loop_run(life.loop) == 0);
    CHECK(!loop_timer_is_set(life.timers[1]));
    loop_free(life.loop);
    loop_free(NULL);
}

static void
a_time_in_the_past_is_now(void **state)
{
    assert_runs(run_past_timer);
}

/* Records that never run dry do not keep a checkpoint from its time. */
static void
run_timer_before_work(void)
{
    struct life life;

    begin(&life);
    life.turns = 1000000000;
    CHECK(loop_add_timer(life.loop, on_second, &life.timers[1], NULL) == 0);
    strcpy(life.trace, "....");
    loop_set_timer(life.timers[1], loop_now() + 10000);
    loop_go_on(life.loop);
    CHECK(loop_run(life.loop) == 0);
    CHECK(life.turns > 0 && life.turns < 1000000000);
    loop_free(life.loop);
}

static void
a_timer_comes_through_endless_work(void **state)
{
    assert_runs(run_timer_before_work);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_signal_stops),
        cmocka_unit_test(the_second_signal_kills),
        cmocka_unit_test(other_signals_and_the_descriptor_are_handed_on),
        cmocka_unit_test(go_on_is_once),
        cmocka_unit_test(go_on_comes_after_all_else),
        cmocka_unit_test(timers_expire_once_and_in_order),
        cmocka_unit_test(a_time_in_the_past_is_now),
        cmocka_unit_test(a_timer_comes_through_endless_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
