/* SPDX-License-Identifier: MIT */

/*
 * Preloaded into a daemon (LD_PRELOAD), this is a clock that can be set while it runs: the file
 * $CLOCK holds, as eight bytes, how many seconds CLOCK_REALTIME is ahead. CLOCK_MONOTONIC is left
 * alone, as it is when the clock of a machine is set. A wait until a time of the clock, such as
 * librdkafka's, comes earlier or later when the clock is set meanwhile, as the kernel has it.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NSEC 20000000 /* after which a wait looks at the clock again */

static const volatile int64_t *ahead;

__attribute__((constructor)) static void
begin(void)
{
    const char *path = getenv("CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead), PROT_READ, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED)
        abort();
    ahead = page;
    close(fd);
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);

    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += *ahead;
    return result;
}

int
gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

int
timespec_get(struct timespec *time, int base)
{
    clock_gettime(CLOCK_REALTIME, time);
    return base;
}

time_t
time(time_t *timep)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (timep)
        *timep = now.tv_sec;
    return now.tv_sec;
}

static bool
is_before(const struct timespec *one, const struct timespec *other)
{
    return one->tv_sec != other->tv_sec ? one->tv_sec < other->tv_sec
                                        : one->tv_nsec < other->tv_nsec;
}

int
cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
              const struct timespec *restrict until)
{
    static int (*wait)(cnd_t *, mtx_t *, const struct timespec *);
    struct timespec end, slice;
    int result;

    if (!wait)
        *(void **)&wait = dlsym(RTLD_NEXT, "cnd_timedwait");
    do {
        end = *until;
        end.tv_sec -= *ahead;
        syscall(SYS_clock_gettime, CLOCK_REALTIME, &slice);
        slice.tv_nsec += SLICE_NSEC;
        slice.tv_sec += slice.tv_nsec / 1000000000;
        slice.tv_nsec %= 1000000000;
        result = wait(condition, mutex, is_before(&end, &slice) ? &end : &slice);
    } while (result == thrd_timedout && !is_before(&end, &slice));
    return result;
}
