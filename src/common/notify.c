/* SPDX-License-Identifier: MIT */

/* sd_notify, and the newline that s6 waits for. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "common/notify.h"

int
notify_check_ready_fd(int ready_fd, struct error *error)
{
    if (fcntl(ready_fd, F_GETFD) < 0)
        return error_set(error, -errno, "--ready-fd=%d: %s; the caller must open it, as in %d>&1",
                         ready_fd, strerror(errno), ready_fd);
    return 0;
}

void
notify_ready(int ready_fd)
{
    sd_notify(0, "READY=1");
    if (ready_fd >= 0) {
        /* A supervisor that has gone away does not listen; the daemon works on. */
        if (write(ready_fd, "\n", 1) < 0)
            errno = 0;
        close(ready_fd);
    }
}

void
notify_status(const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    sd_notifyf(0, "STATUS=%s", text);
}

void
notify_reloading(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
               (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
}

void
notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}
