/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * Replaces a file as a whole, or not at all. The new content goes to
 * ".NAME.tmp" in the same directory, is forced to disk, takes the name's place by
 * rename, and the directory is forced to disk. A reader sees the old file or the
 * new one; so does whoever comes after a crash.
 *
 * After a failed fsync the kernel may have dropped the data and marked it clean, so that a second
 * fsync of the same descriptor would succeed over lost data. Therefore a failure of any call ends
 * the attempt: the temporary file is removed and the next attempt begins with a new one.
 *
 * A wait for the disk costs little more for many files than for one. So it is no single call: who
 * replaces several files begins, writes and urges all, syncs all, publishes all, and settles their
 * directory once.
 */

#include <stddef.h>

#define ATOMIC_FILE_NAME_MAX 240 /* bytes of a name */

struct atomic_file {
    int directory; /* borrowed */
    int fd;
    char name[ATOMIC_FILE_NAME_MAX + 1];
    char temporary[ATOMIC_FILE_NAME_MAX + 7];
};

/*
 * Opens the temporary file, removing one that a crash has left. The caller holds a lock that keeps
 * a second writer away. Returns 0, or a negative errno, as do the others; -ENOENT: the directory
 * has been deleted.
 */
int atomic_file_begin(struct atomic_file *file, int directory, const char *name);

/* Appends; writes all of it or fails. */
int atomic_file_write(struct atomic_file *file, const void *data, size_t length);

/* Has the disk begin with what was written, so that it is busy with all files by the first sync. */
void atomic_file_urge(const struct atomic_file *file);

/* Waits until the content is on disk, whatever name it has. On failure the attempt has ended. */
int atomic_file_sync(struct atomic_file *file);

/*
 * Gives the content its name. Readers see the old file or the new one; so does who comes after a
 * crash, if the content was synced. The attempt has ended, whatever is returned.
 */
int atomic_file_publish(struct atomic_file *file);

/* Waits until all names that were given in the directory are on disk. */
int atomic_file_settle(int directory);

/* Gives the attempt up and removes the temporary file. The old file stays. */
void atomic_file_abort(struct atomic_file *file);
