/* SPDX-License-Identifier: MIT */

/* Lock files. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
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

int
lock_take(int directory, const char *name, const char *instance, int *fdp, struct error *error)
{
    cleanup(close) int fd = -1;
    char holder[512];

    fd = openat(directory, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
    if (fd < 0)
        return error_set(error, -errno, "%s: %s", name, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return error_set(error, -errno, "%s: %s", name, strerror(errno));
        read_holder(fd, holder, sizeof(holder));
        return error_set(error, LOCK_E_HELD, "%s: is held by process %s; stop it first", name,
                         holder);
    }
    snprintf(holder, sizeof(holder), "%lld %s\n", (long long)getpid(), instance);
    if (ftruncate(fd, 0) < 0 || pwrite(fd, holder, strlen(holder), 0) != (ssize_t)strlen(holder))
        return error_set(error, errno ? -errno : -EIO, "%s: can't be written: %s", name,
                         strerror(errno));
    *fdp = fd;
    fd = -1;
    return 0;
}
