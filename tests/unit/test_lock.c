/* SPDX-License-Identifier: MIT */

/* One process at a time, and the next is told which. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "directory.h"
#include "stream/lock.h"

#define NAME ".partition-3.lock"

/* A process that holds the lock until it is killed. */
static pid_t
hold(const struct directory *directory, const char *instance)
{
    int ready[2];
    char byte = 0;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int fd;

        alarm(30);
        if (lock_take(directory->fd, NAME, instance, &fd, NULL) != 0 || write(ready[1], "x", 1) < 0)
            _exit(1);
        pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void
end(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
a_second_process_is_told_the_first(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(close) int fd = -1;
    struct error error = ERROR_INIT;
    pid_t pid = hold(&directory, "weatherd-consumer@0-2");
    char expected[256];

    assert_int_equal(lock_take(directory.fd, NAME, "another", &fd, &error), LOCK_E_HELD);
    assert_int_equal(fd, -1);
    snprintf(expected, sizeof(expected),
             NAME ": is held by process %lld weatherd-consumer@0-2; stop it first", (long long)pid);
    assert_string_equal(error.text, expected);
    /* The holder's name survived the attempt. */
    snprintf(expected, sizeof(expected), "%lld weatherd-consumer@0-2\n", (long long)pid);
    directory_assert_holds(&directory, NAME, expected);

    /* However it ends, the lock goes with it; the shorter name leaves nothing of the longer. */
    end(pid);
    assert_int_equal(lock_take(directory.fd, NAME, "x", &fd, &error), 0);
    assert_true(fd >= 0);
    snprintf(expected, sizeof(expected), "%lld x\n", (long long)getpid());
    directory_assert_holds(&directory, NAME, expected);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void
closing_releases_and_the_file_stays(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    int first, second;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(lock_take(directory.fd, NAME, "x", &first, NULL), 0);
        assert_int_equal(lock_take(directory.fd, NAME, "y", &second, NULL), LOCK_E_HELD);
        assert_int_equal(close(first), 0);
        assert_true(directory_has(&directory, NAME));
    }
}

/* Locks of other partitions and of other directories are others. */
static void
each_lock_is_its_own(void **state)
{
    cleanup(directory_remove) struct directory one = directory_make();
    cleanup(directory_remove) struct directory two = directory_make();
    cleanup(close) int a = -1;
    cleanup(close) int b = -1;
    cleanup(close) int c = -1;

    assert_int_equal(lock_take(one.fd, NAME, "x", &a, NULL), 0);
    assert_int_equal(lock_take(one.fd, ".partition-4.lock", "x", &b, NULL), 0);
    assert_int_equal(lock_take(two.fd, NAME, "x", &c, NULL), 0);
}

/* What stands in the file is not believed: only what begins as a process id is repeated. */
static void
hostile_content_is_not_repeated(void **state)
{
    static const struct {
        const char *content, *holder;
    } cases[] = {
        {"", "unknown"},
        {"\n", "unknown"},
        {"hello", "unknown"},
        {"\033[31m", "unknown"},
        {"-1 x\n", "unknown"},
        {"12 x", "12 x"},
        {"12 x\nsecond line\n", "12 x"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        struct error error = ERROR_INIT;
        char expected[256];
        int first, second;

        assert_int_equal(lock_take(directory.fd, NAME, "x", &first, NULL), 0);
        directory_write(&directory, NAME, cases[i].content);
        assert_int_equal(lock_take(directory.fd, NAME, "y", &second, &error), LOCK_E_HELD);
        snprintf(expected, sizeof(expected), NAME ": is held by process %s; stop it first",
                 cases[i].holder);
        assert_string_equal(error.text, expected);
        close(first);
    }
}

static void
a_long_file_is_cut(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error error = ERROR_INIT;
    char content[4000];
    int first, second;

    assert_int_equal(lock_take(directory.fd, NAME, "x", &first, NULL), 0);
    memset(content, '7', sizeof(content));
    directory_write_bytes(&directory, NAME, content, sizeof(content));
    assert_int_equal(lock_take(directory.fd, NAME, "y", &second, &error), LOCK_E_HELD);
    assert_non_null(strstr(error.text, "77; stop it first"));
    close(first);
}

static void
what_is_no_lock_file_is_an_error(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct error error = ERROR_INIT;
    int fd = -1;

    assert_int_equal(lock_take(-1, NAME, "x", &fd, &error), -EBADF);
    assert_string_equal(error.text, NAME ": Bad file descriptor");
    assert_int_equal(mkdirat(directory.fd, NAME, 0755), 0);
    assert_int_equal(lock_take(directory.fd, NAME, "x", &fd, &error), -EISDIR);
    assert_string_equal(error.text, NAME ": Is a directory");
    unlinkat(directory.fd, NAME, AT_REMOVEDIR);

    /* Nobody has us write a process id into another file. */
    directory_write(&directory, "victim", "precious");
    assert_int_equal(symlinkat("victim", directory.fd, NAME), 0);
    assert_int_equal(lock_take(directory.fd, NAME, "x", &fd, &error), -ELOOP);
    directory_assert_holds(&directory, "victim", "precious");
    assert_int_equal(fd, -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_lock_file_is_an_error),
        cmocka_unit_test(a_second_process_is_told_the_first),
        cmocka_unit_test(closing_releases_and_the_file_stays),
        cmocka_unit_test(each_lock_is_its_own),
        cmocka_unit_test(hostile_content_is_not_repeated),
        cmocka_unit_test(a_long_file_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
