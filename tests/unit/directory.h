/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * A directory of its own for each test that needs files: made by directory_make(), gone with all
 * that is in it when the scope of a "cleanup(directory_remove) struct directory" ends. Include after
 * cmocka.h.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

struct directory {
    char path[64];
    int fd;
};

static inline struct directory
directory_make(void)
{
    struct directory directory = {.path = "/tmp/weatherd-test-XXXXXX", .fd = -1};

    assert_non_null(mkdtemp(directory.path));
    directory.fd = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(directory.fd >= 0);
    return directory;
}

/* How many files there are, hidden ones too. */
static inline size_t
directory_count(const struct directory *directory)
{
    DIR *stream = opendir(directory->path);
    size_t count = 0;

    assert_non_null(stream);
    while (readdir(stream))
        count++;
    closedir(stream);
    return count - 2; /* "." and ".." */
}

static inline void
directory_remove_pointer(struct directory *directory)
{
    DIR *stream = opendir(directory->path);
    struct dirent *entry;

    while (stream && (entry = readdir(stream)))
        if (unlinkat(directory->fd, entry->d_name, 0) < 0)
            unlinkat(directory->fd, entry->d_name, AT_REMOVEDIR);
    if (stream)
        closedir(stream);
    close(directory->fd);
    rmdir(directory->path);
}

static inline bool
directory_has(const struct directory *directory, const char *name)
{
    struct stat st;

    return fstatat(directory->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline void
directory_write_bytes(const struct directory *directory, const char *name, const void *bytes,
                      size_t length)
{
    cleanup(close) int fd =
        openat(directory->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
}

static inline void
directory_write(const struct directory *directory, const char *name, const char *text)
{
    directory_write_bytes(directory, name, text, strlen(text));
}

/* The content of a file that must be there; free() it. */
static inline char *
directory_read(const struct directory *directory, const char *name)
{
    cleanup(close) int fd = openat(directory->fd, name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char *text;

    if (fd < 0)
        fail_msg("%s/%s is not there", directory->path, name);
    assert_int_equal(fstat(fd, &st), 0);
    text = malloc((size_t)st.st_size + 1);
    assert_non_null(text);
    assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
    text[st.st_size] = '\0';
    return text;
}

static inline void
directory_assert_holds(const struct directory *directory, const char *name, const char *text)
{
    cleanup(free) char *held = directory_read(directory, name);

    assert_string_equal(held, text);
}
