/* SPDX-License-Identifier: MIT */

/* Files of ours, in and out: what is refused and left alone, and what comes back. */

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>

#include <cmocka.h>

#include "directory.h"
#include "stream/checkpoint.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

#define NAME "partition-3.json"

#define TEXT(text) text, sizeof(text) - 1

static void
assert_corrupt(const struct directory *directory, const char *expected)
{
    struct json_object *root = (void *)&root;
    struct error error = ERROR_INIT;
    int result = checkpoint_load(directory->fd, NAME, &root, &error);

    if (result != CHECKPOINT_E_CORRUPT)
        fail_msg("%s: gave %d (%s)", expected, result, error.text);
    if (strncmp(error.text, expected, strlen(expected)) != 0)
        fail_msg("it says \"%s\", not \"%s\"", error.text, expected);
    assert_ptr_equal(root, &root);
}

static void
corrupt_files_are_refused_and_left_alone(void **state)
{
    static const struct {
        const char *text;
        size_t length;
        const char *message;
    } cases[] = {
        {TEXT(""), NAME ": is empty"},
        {TEXT("{\"offset\": 5"), NAME ": ends too early, after 12 bytes"},
        {TEXT("\0\0\0\0\0\0\0\0\0\0"), NAME ": has a NUL character at byte 0"},
        {TEXT("{\"offset\": 5}\0\0\0"), NAME ": has a NUL character at byte 13"},
        {TEXT("{\"offset\": 5}}"), NAME ": is not valid JSON at byte 13: "},
        {TEXT("{\"offset\": 5}\n{\"offset\": 6}\n"), NAME ": is not valid JSON at byte 14: "},
        {TEXT("{\"offset\": 5, \"offset\": 6}"),
         NAME ": has a key that stands twice in its object"},
        {TEXT("offset = 5"), NAME ": is not valid JSON at byte "},
        {TEXT("{\"offset\": nan}"), NAME ": is not valid JSON at byte "},
    };

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        cleanup(directory_remove) struct directory directory = directory_make();
        cleanup(free) char *after = NULL;

        directory_write_bytes(&directory, NAME, cases[i].text, cases[i].length);
        assert_corrupt(&directory, cases[i].message);
        after = directory_read(&directory, NAME);
        assert_memory_equal(after, cases[i].text, cases[i].length);
        assert_int_equal(directory_count(&directory), 1);
    }
}

/* A FIFO must not hang the start: the alarm ends the test if it does. */
static void
what_is_not_a_file_is_refused(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();

    assert_int_equal(mkfifoat(directory.fd, NAME, 0644), 0);
    alarm(5);
    assert_corrupt(&directory, NAME ": is not a regular file");
    alarm(0);
    unlinkat(directory.fd, NAME, 0);

    assert_int_equal(mkdirat(directory.fd, NAME, 0755), 0);
    assert_corrupt(&directory, NAME ": is not a regular file");
    unlinkat(directory.fd, NAME, AT_REMOVEDIR);

    directory_write(&directory, "other", "{\"offset\": 5}");
    assert_int_equal(symlinkat("other", directory.fd, NAME), 0);
    assert_corrupt(&directory, NAME ": is a symbolic link");
    unlinkat(directory.fd, NAME, 0);
    assert_int_equal(symlinkat("nowhere", directory.fd, NAME), 0);
    assert_corrupt(&directory, NAME ": is a symbolic link");
}

/* Sparse: it takes no room on the disk. */
static void
a_file_that_is_too_large_is_refused(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    cleanup(close) int fd = openat(directory.fd, NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    assert_int_equal(ftruncate(fd, (off_t)CHECKPOINT_SIZE_MAX + 1), 0);
    assert_corrupt(&directory, NAME ": is 268435457 bytes large, must be at most 268435456");
    assert_int_equal(ftruncate(fd, (off_t)1 << 40), 0);
    assert_corrupt(&directory, NAME ": is 1099511627776 bytes large, must be at most 268435456");
}

static void
a_missing_file_is_an_outcome_of_its_own(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct json_object *root = (void *)&root;
    struct error error = ERROR_INIT;

    assert_int_equal(checkpoint_load(directory.fd, NAME, &root, &error), CHECKPOINT_E_NONE);
    assert_string_equal(error.text, "");
    assert_ptr_equal(root, &root);
}

static void
what_cannot_be_read_is_an_error(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    struct json_object *root = (void *)&root;
    struct error error = ERROR_INIT;
    char name[300];

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(checkpoint_load(directory.fd, name, &root, &error), -ENAMETOOLONG);
    assert_non_null(strstr(error.text, "x: File name too long"));
    assert_int_equal(checkpoint_load(-1, NAME, &root, &error), -EBADF);
    assert_string_equal(error.text, NAME ": Bad file descriptor");
    assert_ptr_equal(root, &root);
}

static void
write_numbers(void *userdata, struct json_writer *writer)
{
    const int64_t *n = userdata;

    json_writer_begin(writer, NULL, '{');
    for (int64_t i = 0; i < *n; i++) {
        char key[24];

        snprintf(key, sizeof(key), "%" PRId64, i);
        json_writer_integer(writer, key, i);
    }
    json_writer_end(writer, '}');
}

static int
count_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    int64_t *n = userdata, integer;

    assert_int_equal(json_get_integer(value, *n, *n, &integer, error), 0);
    ++*n;
    return 0;
}

static int64_t
load_numbers(const struct directory *directory)
{
    struct json_object *root;
    struct error error = ERROR_INIT;
    int64_t n = 0;

    if (checkpoint_load(directory->fd, NAME, &root, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(json_each_member(root, count_member, &n, &error), 0);
    json_release(root);
    return n;
}

static void
what_is_stored_is_loaded(void **state)
{
    static const int64_t sizes[] = {0, 1, 3, 1000, 2, 20000, 1};
    cleanup(directory_remove) struct directory directory = directory_make();

    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        int64_t n = sizes[i];
        struct error error = ERROR_INIT;

        assert_int_equal(checkpoint_store(directory.fd, NAME, write_numbers, &n, &error), 0);
        assert_string_equal(error.text, "");
        assert_int_equal(load_numbers(&directory), n);
        assert_int_equal(directory_count(&directory), 1);
    }
    directory_assert_holds(&directory, NAME, "{\n  \"0\": 0\n}\n");
}

static void
a_file_of_ours_can_be_read_by_all_and_written_by_us(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    mode_t before = umask(022);
    int64_t n = 1;
    struct stat st;

    assert_int_equal(checkpoint_store(directory.fd, NAME, write_numbers, &n, NULL), 0);
    umask(before);
    assert_int_equal(fstatat(directory.fd, NAME, &st, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0644);
}

/* A limit on the size of files stands in for a full disk. */
static void
a_store_that_fails_leaves_the_old_file(void **state)
{
    cleanup(directory_remove) struct directory directory = directory_make();
    const struct rlimit small = {.rlim_cur = 40000, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    struct error error = ERROR_INIT;
    int64_t n = 3;
    int result;

    assert_int_equal(checkpoint_store(directory.fd, NAME, write_numbers, &n, &error), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    n = 20000;
    result = checkpoint_store(directory.fd, NAME, write_numbers, &n, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, -EFBIG);
    assert_string_equal(error.text, NAME ": can't be replaced: File too large");
    assert_int_equal(load_numbers(&directory), 3);
    assert_int_equal(directory_count(&directory), 1);
    assert_int_equal(checkpoint_store(directory.fd, NAME, write_numbers, &n, &error), 0);
    assert_int_equal(load_numbers(&directory), 20000);

    error.text[0] = '\0';
    assert_int_equal(checkpoint_store(-1, NAME, write_numbers, &n, &error), -EBADF);
    assert_string_equal(error.text, NAME ": can't be replaced: Bad file descriptor");
}

static void
write_and_delete(void *userdata, struct json_writer *writer)
{
    const struct directory *directory = userdata;

    json_writer_begin(writer, NULL, '{');
    json_writer_end(writer, '}');
    assert_int_equal(unlinkat(directory->fd, "." NAME ".tmp", 0), 0);
}

/* For good, while a temporary file that somebody takes away is missing this once. */
static void
a_directory_that_is_gone_is_an_outcome_of_its_own(void **state)
{
    struct directory directory = directory_make();
    struct error error = ERROR_INIT;
    int64_t n = 3;

    assert_int_equal(checkpoint_store(directory.fd, NAME, write_and_delete, &directory, &error),
                     -ENOENT);
    assert_int_equal(checkpoint_store(directory.fd, NAME, write_numbers, &n, &error), 0);
    assert_int_equal(unlinkat(directory.fd, NAME, 0), 0);
    assert_int_equal(rmdir(directory.path), 0);
    assert_int_equal(checkpoint_store(directory.fd, NAME, write_numbers, &n, &error),
                     CHECKPOINT_E_GONE);
    assert_string_equal(error.text, NAME ": can't be replaced: the directory has been deleted");
    close(directory.fd);
}

static char trace[16]; /* a letter a call, as many as fit */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __wrap_renameat(int from, const char *old, int to, const char *new);

static void
note(const char *letter)
{
    if (strlen(trace) < sizeof(trace) - 1)
        strcat(trace, letter);
}

int
__wrap_fsync(int fd)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    note(S_ISDIR(st.st_mode) ? "D" : "F");
    return __real_fsync(fd);
}

int
__wrap_renameat(int from, const char *old, int to, const char *new)
{
    note("r");
    return __real_renameat(from, old, to, new);
}

/* The second and the fifth can't be replaced: their names are those of directories. */
static void
what_fails_for_one_is_no_matter_to_the_others(void **state)
{
    cleanup(directory_remove) struct directory here = directory_make();
    cleanup(directory_remove) struct directory there = directory_make();
    struct checkpoint checkpoints[5];
    struct error error = ERROR_INIT;
    int64_t n = 3;

    for (size_t i = 0; i < N_ELEMENTS(checkpoints); i++) {
        checkpoints[i] = (struct checkpoint){
            .directory = i < 3 ? here.fd : there.fd, .write = write_numbers, .userdata = &n};
        snprintf(checkpoints[i].name, sizeof(checkpoints[i].name), "%zu.json", i);
    }
    assert_int_equal(mkdirat(here.fd, "1.json", 0755), 0);
    assert_int_equal(mkdirat(there.fd, "4.json", 0755), 0);
    trace[0] = '\0';
    checkpoint_store_all(checkpoints, N_ELEMENTS(checkpoints));
    assert_string_equal(trace, "FFFFFrrrrrDD"); /* all data before the first name */
    for (size_t i = 0; i < N_ELEMENTS(checkpoints); i++)
        assert_int_equal(checkpoint_explain(&checkpoints[i], &error), i % 3 == 1 ? -EISDIR : 0);
    assert_string_equal(error.text, "4.json: can't be replaced: Is a directory");
    assert_int_equal(directory_count(&here), 3);
    assert_int_equal(directory_count(&there), 2);
    directory_assert_holds(&here, "2.json", "{\n  \"0\": 0,\n  \"1\": 1,\n  \"2\": 2\n}\n");
    assert_int_equal(unlinkat(here.fd, "1.json", AT_REMOVEDIR), 0);
    assert_int_equal(unlinkat(there.fd, "4.json", AT_REMOVEDIR), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corrupt_files_are_refused_and_left_alone),
        cmocka_unit_test(what_is_not_a_file_is_refused),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
        cmocka_unit_test(a_missing_file_is_an_outcome_of_its_own),
        cmocka_unit_test(what_is_stored_is_loaded),
        cmocka_unit_test(a_file_of_ours_can_be_read_by_all_and_written_by_us),
        cmocka_unit_test(a_store_that_fails_leaves_the_old_file),
        cmocka_unit_test(a_directory_that_is_gone_is_an_outcome_of_its_own),
        cmocka_unit_test(what_fails_for_one_is_no_matter_to_the_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
