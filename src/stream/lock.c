/* SPDX-License-Identifier: MIT */

/* Lock files. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "stream/lock.h"

/* "PID INSTANCE", one line; whatever else the file holds is not repeated in a message. */
static void
read_holder(int fd, char *holder, size_t size)
{
    ssize_t length = pread(fd, holder, size - 1, 0);

    holder[length > 0 ? length : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (holder[0] < '0' || holder[0] > '9')
        snprintf(holder, size, "unknown");
}

static int
write_holder(int fd, const char *instance)
{
    char holder[512];
    size_t length, written = 0;

    snprintf(holder, sizeof(holder), "%lld %s\n", (long long)getpid(), instance);
    length = strlen(holder);
    if (TEMP_FAILURE_RETRY(ftruncate(fd, 0)) < 0)
        return -errno;
    while (written < length) {
        ssize_t n =
            TEMP_FAILURE_RETRY(pwrite(fd, holder + written, length - written, (off_t)written));

        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        written += (size_t)n;
    }
    return 0;
}

int
lock_take(int directory, const char *name, const char *instance, int *fdp, struct error *error)
{
    cleanup(close) int fd = -1;
    char holder[512];
    int result;

    fd = TEMP_FAILURE_RETRY(
        openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
    if (fd < 0)
        return error_set(error, -errno, "%s: %s", name, strerror(errno));
    if (TEMP_FAILURE_RETRY(flock(fd, LOCK_EX | LOCK_NB)) < 0) {
        if (errno != EWOULDBLOCK)
            return error_set(error, -errno, "%s: %s", name, strerror(errno));
        read_holder(fd, holder, sizeof(holder));
        return error_set(error, LOCK_E_HELD, "%s: is held by process %s; stop it first", name,
                         holder);
    }
    result = write_holder(fd, instance);
    if (result < 0)
        return error_set(error, result, "%s: can't be written: %s", name, strerror(-result));
    *fdp = fd;
    fd = -1;
    return 0;
}

/*
 * "1: FLOCK  ADVISORY  WRITE 1234 08:01:98765 0 EOF": process, and device and inode of the file. The
 * device is not compared where the lock file names the same process: on btrfs and overlayfs the
 * kernel means another one there than stat(2) does.
 */
static pid_t
match_lock(const char *line, const struct stat *st, pid_t written)
{
    unsigned device_major, device_minor;
    unsigned long long inode;
    int pid;

    if (sscanf(line, "%*s FLOCK %*s %*s %d %x:%x:%llu", &pid, &device_major, &device_minor,
               &inode) != 4 ||
        pid <= 0 || inode != st->st_ino)
        return 0;
    if (makedev(device_major, device_minor) != st->st_dev && pid != written)
        return 0;
    return pid;
}

pid_t
lock_find_holder(int directory, const char *name)
{
    cleanup(close) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    cleanup(fclose) FILE *file = fopen("/proc/locks", "re");
    char line[256], holder[512];
    struct stat st;
    pid_t found = 0;

    if (fd < 0 || !file || fstat(fd, &st) < 0)
        return 0;
    read_holder(fd, holder, sizeof(holder));
    while (found == 0 && fgets(line, sizeof(line), file))
        found = match_lock(line, &st, (pid_t)atol(holder));
    return found;
}
