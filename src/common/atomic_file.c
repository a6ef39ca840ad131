/* SPDX-License-Identifier: MIT */

/*
 * The order of the calls is the whole point:
 *
 *   write, fsync(file)   before rename, or a crash may leave the new name with no data behind it
 *   rename               the one instant at which the new content takes over
 *   fsync(directory)     or the rename may be lost, and a caller that told others of it has lied
 *
 * A crash at any point leaves the old or the new file under its name, and at
 * worst a temporary file, which the next attempt removes.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/atomic_file.h"

int
atomic_file_begin(struct atomic_file *file, int directory, const char *name)
{
    if (strlen(name) > ATOMIC_FILE_NAME_MAX)
        return -ENAMETOOLONG;
    *file = (struct atomic_file){.directory = directory, .fd = -1};
    snprintf(file->name, sizeof(file->name), "%s", name);
    /* A name that begins with a dot already does not get a second one. */
    snprintf(file->temporary, sizeof(file->temporary), "%s%s.tmp", name[0] == '.' ? "" : ".", name);
    if (unlinkat(directory, file->temporary, 0) < 0 && errno != ENOENT)
        return -errno;
    file->fd = TEMP_FAILURE_RETRY(openat(
        directory, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
    return file->fd < 0 ? -errno : 0;
}

int
atomic_file_write(struct atomic_file *file, const void *data, size_t length)
{
    const char *rest = data;

    while (length > 0) {
        ssize_t written = TEMP_FAILURE_RETRY(write(file->fd, rest, length));

        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        rest += written;
        length -= (size_t)written;
    }
    return 0;
}

/* A hint: what fails here fails in the sync as well, and is told there. */
void
atomic_file_urge(const struct atomic_file *file)
{
    (void)sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* Interrupted it has not failed, and may be called again. */
static int
sync_to_disk(int fd)
{
    return TEMP_FAILURE_RETRY(fsync(fd)) < 0 ? -errno : 0;
}

int
atomic_file_sync(struct atomic_file *file)
{
    int result = sync_to_disk(file->fd);

    if (result < 0)
        atomic_file_abort(file);
    return result;
}

static int
take_the_name(struct atomic_file *file)
{
    int result;

    /*
     * On network file systems close is where a write can still fail. EINTR: closed all the same, on
     * Linux.
     */
    result = close(file->fd);
    file->fd = -1;
    if (result < 0 && errno != EINTR)
        return -errno;
    if (renameat(file->directory, file->temporary, file->directory, file->name) < 0)
        return -errno;
    return 0;
}

int
atomic_file_publish(struct atomic_file *file)
{
    int result = take_the_name(file);

    if (result < 0)
        atomic_file_abort(file);
    return result;
}

int
atomic_file_settle(int directory)
{
    return sync_to_disk(directory);
}

void
atomic_file_abort(struct atomic_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    unlinkat(file->directory, file->temporary, 0);
}
