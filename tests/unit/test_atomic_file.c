/* SPDX-License-Identifier: MIT */

/*
 * Files that are replaced as a whole or not at all. The linker puts the functions below in front of
 * the system's (--wrap): each call has a number, and one of them can be made to fail.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/atomic_file.h"
#include "directory.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define NAME      "partition-3.json"
#define TEMPORARY ".partition-3.json.tmp"

int __real_openat(int directory, const char *name, int flags, ...);
int __wrap_openat(int directory, const char *name, int flags, mode_t mode);
ssize_t __real_write(int fd, const void *data, size_t length);
ssize_t __wrap_write(int fd, const void *data, size_t length);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __real_unlinkat(int directory, const char *name, int flags);
int __wrap_unlinkat(int directory, const char *name, int flags);

/* The calls of one attempt. */
static struct {
    bool watching;
    int fail_at; /* the number of the call that fails, from 1 on; 0: none */
    int fail_with;
    size_t short_write; /* bytes a write takes at most; 0: all */
    int interruptions;  /* how many calls EINTR comes in the way of, before fail_at counts */
    int n_calls;
    char failed;      /* the first letter of the call that was made to fail */
    char trace[4096]; /* a letter a call */
    int directory;
} calls;

/* Whether this call is to fail, with errno set. */
static bool
fails(char letter)
{
    size_t length = strlen(calls.trace);

    if (!calls.watching)
        return false;
    if (length < sizeof(calls.trace) - 1)
        calls.trace[length] = letter;
    if (++calls.n_calls != calls.fail_at)
        return false;
    calls.failed = letter;
    errno = calls.fail_with;
    return true;
}

static bool
is_interrupted(void)
{
    if (!calls.watching || calls.interruptions == 0)
        return false;
    calls.interruptions--;
    errno = EINTR;
    return true;
}

int
__wrap_openat(int directory, const char *name, int flags, mode_t mode)
{
    return fails('o') ? -1 : __real_openat(directory, name, flags, mode);
}

ssize_t
__wrap_write(int fd, const void *data, size_t length)
{
    if (is_interrupted() || fails('w'))
        return -1;
    if (calls.watching && calls.short_write && length > calls.short_write)
        length = calls.short_write;
    return __real_write(fd, data, length);
}

int
__wrap_fsync(int fd)
{
    if (is_interrupted() || fails(fd == calls.directory ? 'D' : 'F'))
        return -1;
    return __real_fsync(fd);
}

/* The descriptor is gone whatever close() says. */
int
__wrap_close(int fd)
{
    bool failing = fails('c');
    int code = errno, result = __real_close(fd);

    if (failing)
        errno = code;
    return failing ? -1 : result;
}

int
__wrap_renameat(int from, const char *old, int to, const char *new)
{
    return fails('r') ? -1 : __real_renameat(from, old, to, new);
}

int
__wrap_unlinkat(int directory, const char *name, int flags)
{
    return fails('u') ? -1 : __real_unlinkat(directory, name, flags);
}

static void
watch(const struct directory *directory, int fail_at, int fail_with)
{
    memset(&calls, 0, sizeof(calls));
    calls.directory = directory->fd;
    calls.fail_at = fail_at;
    calls.fail_with = fail_with;
    calls.watching = true;
}

static int
commit(struct atomic_file *file)
{
    int result;

    atomic_file_urge(file);
    result = atomic_file_sync(file);
    if (result == 0)
        result = atomic_file_publish(file);
    return result < 0 ? result : atomic_file_settle(file->directory);
}

static int
replace_in_three(const struct directory *directory)
{
    static const char *const parts[] = {"one ", "two ", "three"};
    struct atomic_file file;
    int result = atomic_file_begin(&file, directory->fd, NAME);

    if (result < 0)
        return result;
    for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
        result = atomic_file_write(&file, parts[i], strlen(parts[i]));
        if (result < 0) {
            atomic_file_abort(&file);
            return result;
        }
    }
    return commit(&file);
}

static int
replace(const struct directory *directory)
{
    int result = replace_in_three(directory);

    calls.watching = false;
    return result;
}

static int
count_descriptors(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void
data_is_on_disk_before_the_name(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();

    for (int i = 0; i < 2; i++) {
        watch(&directory, 0, 0);
        assert_int_equal(replace(&directory), 0);
        assert_string_equal(calls.trace, "uowwwFcrD");
        directory_assert_holds(&directory, NAME, "one two three");
        assert_int_equal(directory_count(&directory), 1);
    }
}

/*
 * Each call in turn, with each error: the old file is there, whole, until the rename and the new
 * one after it; nothing is left over, no descriptor stays open, and the next attempt succeeds. After a
 * failed fsync there is no second one of the same descriptor.
 */
static void
a_failure_of_any_call_leaves_one_whole_file(void **state)
{
    static const int codes[] = {EIO, ENOSPC, EDQUOT, EROFS};
    cleanup(directory_remove) struct directory directory = directory_make();
    static const char all[] = "uowwwFcrD";

    for (size_t i = 0; i < N_ELEMENTS(codes); i++)
        for (int at = 1; all[at - 1]; at++) {
            int before = count_descriptors(), result;

            directory_write(&directory, NAME, "old");
            watch(&directory, at, codes[i]);
            result = replace(&directory);
            if (result != -codes[i])
                fail_msg("call %d (%c) with error %d gave %d", at, all[at - 1], codes[i], result);
            assert_int_equal(calls.failed, all[at - 1]);
            directory_assert_holds(&directory, NAME, calls.failed == 'D' ? "one two three" : "old");
            if (directory_count(&directory) != 1)
                fail_msg("call %d (%c) left a file", at, calls.failed);
            assert_int_equal(count_descriptors(), before);
            if (calls.failed == 'F')
                assert_ptr_equal(strchr(calls.trace, 'F'), strrchr(calls.trace, 'F'));
            watch(&directory, 0, 0);
            assert_int_equal(replace(&directory), 0);
            directory_assert_holds(&directory, NAME, "one two three");
        }
}

/* The first failure is what is told, not that of the tidying up. */
static void
a_second_failure_does_not_hide_the_first(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct atomic_file file;

    watch(&directory, 4, ENOSPC);
    assert_int_equal(atomic_file_begin(&file, directory.fd, NAME), 0);
    assert_int_equal(atomic_file_write(&file, "x", 1), 0);
    assert_int_equal(atomic_file_write(&file, "x", 1), -ENOSPC);
    calls.fail_at = 5; /* an fsync that must not take place after it: it would be the fifth call */
    calls.fail_with = EIO;
    atomic_file_abort(&file);
    calls.watching = false;
    assert_string_equal(calls.trace, "uowwcu");
    assert_int_equal(directory_count(&directory), 0);
}

static void
interruptions_and_short_writes_are_taken_up(void **state)
{
    for (int interruptions = 0; interruptions < 12; interruptions++)
        for (size_t most = 0; most < 6; most++) {
            cleanup(directory_remove) struct directory directory = directory_make();

            watch(&directory, 0, 0);
            calls.interruptions = interruptions;
            calls.short_write = most;
            assert_int_equal(replace(&directory), 0);
            directory_assert_holds(&directory, NAME, "one two three");
            assert_int_equal(directory_count(&directory), 1);
        }
}

/* On Linux the descriptor is closed all the same; a second close could close another's. */
static void
an_interrupted_close_is_a_close(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();

    watch(&directory, 7, EINTR);
    assert_int_equal(replace(&directory), 0);
    assert_int_equal(calls.failed, 'c');
    assert_string_equal(calls.trace, "uowwwFcrD");
    directory_assert_holds(&directory, NAME, "one two three");
}

static void
what_a_crash_left_is_removed(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();

    directory_write(&directory, TEMPORARY, "something that is longer than what comes");
    assert_int_equal(replace(&directory), 0);
    directory_assert_holds(&directory, NAME, "one two three");
    assert_int_equal(directory_count(&directory), 1);

    /* Nobody leads us to another file. */
    directory_write(&directory, "victim", "precious");
    assert_int_equal(symlinkat("victim", directory.fd, TEMPORARY), 0);
    assert_int_equal(replace(&directory), 0);
    directory_assert_holds(&directory, "victim", "precious");
    assert_int_equal(directory_count(&directory), 2);
}

static void
an_aborted_attempt_leaves_nothing(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    int before = count_descriptors();
    struct atomic_file file;

    directory_write(&directory, NAME, "old");
    assert_int_equal(atomic_file_begin(&file, directory.fd, NAME), 0);
    assert_true(directory_has(&directory, TEMPORARY));
    assert_int_equal(atomic_file_write(&file, "new", 3), 0);
    directory_assert_holds(&directory, NAME, "old");
    atomic_file_abort(&file);
    atomic_file_abort(&file);
    directory_assert_holds(&directory, NAME, "old");
    assert_int_equal(directory_count(&directory), 1);
    assert_int_equal(count_descriptors(), before);
}

static void
the_temporary_file_is_hidden(void **state)
{
    static const struct {
        const char *name, *temporary;
    } cases[] = {
        {"partition-0.json", ".partition-0.json.tmp"},
        {".partition-0.source", ".partition-0.source.tmp"},
        {"x", ".x.tmp"},
    };
    cleanup(directory_remove) struct directory directory = directory_make();
    char name[ATOMIC_FILE_NAME_MAX + 2];

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        struct atomic_file file;

        assert_int_equal(atomic_file_begin(&file, directory.fd, cases[i].name), 0);
        assert_true(directory_has(&directory, cases[i].temporary));
        assert_int_equal(commit(&file), 0);
        directory_assert_holds(&directory, cases[i].name, "");
        assert_false(directory_has(&directory, cases[i].temporary));
    }
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(atomic_file_begin(&(struct atomic_file){.fd = -1}, directory.fd, name),
                     -ENAMETOOLONG);
    name[ATOMIC_FILE_NAME_MAX] = '\0';
    for (int i = 0; i < 2; i++) {
        struct atomic_file file;

        assert_int_equal(atomic_file_begin(&file, directory.fd, name), 0);
        assert_int_equal(commit(&file), 0);
        assert_true(directory_has(&directory, name));
    }
}

static void
a_directory_that_is_gone_is_an_error(void **state)
{
    struct directory directory = directory_make();
    struct atomic_file file;

    assert_int_equal(rmdir(directory.path), 0);
    assert_int_equal(atomic_file_begin(&file, directory.fd, NAME), -ENOENT);
    close(directory.fd);
    assert_int_equal(atomic_file_begin(&file, -1, NAME), -EBADF);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_that_is_gone_is_an_error),
        cmocka_unit_test(data_is_on_disk_before_the_name),
        cmocka_unit_test(a_failure_of_any_call_leaves_one_whole_file),
        cmocka_unit_test(a_second_failure_does_not_hide_the_first),
        cmocka_unit_test(interruptions_and_short_writes_are_taken_up),
        cmocka_unit_test(an_interrupted_close_is_a_close),
        cmocka_unit_test(what_a_crash_left_is_removed),
        cmocka_unit_test(an_aborted_attempt_leaves_nothing),
        cmocka_unit_test(the_temporary_file_is_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
