/* SPDX-License-Identifier: MIT */

/*
 * Preloaded into a daemon (LD_PRELOAD), this sees each call on the files below one directory: it
 * numbers them from 1 on, writes them to a trace, and makes some of them fail, or the process die
 * there.
 *
 *     FAULTS_DIRECTORY=/real/path     files below it are seen, and it itself
 *     FAULTS_TRACE=FILE               a line a call; what was written follows its line
 *     FAULTS_AT=N:KIND[,N:KIND]...    what becomes of the call of that number: see kinds[]
 *
 * A line is "N NAME RESULT ERROR KIND ARGUMENTS...", the paths in it relative to the directory.
 * RESULT is the kernel's, ERROR what the process was told; KIND is "-" where nothing was done to the
 * call. A call in which the process dies has a line as well.
 *
 * The calls go to the kernel by syscall(2), not to the next library by dlsym(3), which allocates: the
 * daemons bring an allocator of their own, which calls some of these functions before anything else
 * runs.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FD_MAX     4096
#define FAULTS_MAX 8

enum kind {
    PASSED,
    KILLED_BEFORE,
    KILLED_AFTER,
    FAILED,       /* not done */
    FAILED_AFTER, /* done all the same, as network file systems may */
    SHORT,        /* half of the bytes */
    SLOW,         /* done, after two seconds */
};

static const struct {
    const char *name;
    enum kind kind;
    int error;
} kinds[] = {
    {"-", PASSED, 0},
    {"kill", KILLED_BEFORE, 0},
    {"kill-after", KILLED_AFTER, 0},
    {"eio", FAILED, EIO},
    {"eio-after", FAILED_AFTER, EIO},
    {"enospc", FAILED, ENOSPC},
    {"eintr", FAILED, EINTR},
    {"short", SHORT, 0},
    {"slow", SLOW, 0},
};

static struct {
    char root[PATH_MAX];
    size_t root_length; /* 0: nothing is watched */
    int trace;          /* -1: none */
    long count;
    struct {
        long at;
        size_t kind; /* of kinds[] */
    } faults[FAULTS_MAX];
    size_t n_faults;
    bool watched[FD_MAX];
} shim = {.trace = -1};

/* A call as the kernel takes it, and what is told of it. */
struct call {
    const char *name;
    long number, a, b, c, d, e;
    char text[2 * PATH_MAX + 64]; /* its arguments */
    const void *data;             /* to be written, of c bytes; NULL: none */
};

/* Which calls of the kernel's a signal may interrupt, and which may take or give less than all. */
static const struct {
    long number;
    bool may_be_short;
} interruptible[] = {
    {SYS_openat, false},    {SYS_close, false},   {SYS_fsync, false}, {SYS_fdatasync, false},
    {SYS_ftruncate, false}, {SYS_flock, false},   {SYS_read, true},   {SYS_pread64, true},
    {SYS_write, true},      {SYS_pwrite64, true},
};

static void
die(void)
{
    syscall(SYS_kill, (long)getpid(), (long)SIGKILL);
    for (;;)
        syscall(SYS_pause);
}

static void
tell(const struct call *call, long number, long result, size_t kind)
{
    char line[sizeof(call->text) + 128];
    struct iovec parts[] = {{line, 0}, {(void *)call->data, 0}, {(void *)"\n", 1}};
    int error = result < 0 ? errno : kinds[kind].error;

    if (shim.trace < 0)
        return;
    parts[0].iov_len = (size_t)snprintf(line, sizeof(line), "%ld %s %ld %d %s%s\n", number,
                                        call->name, result, error, kinds[kind].name, call->text);
    if (call->data && result > 0)
        parts[1].iov_len = (size_t)result;
    syscall(SYS_writev, shim.trace, parts, call->data ? 3L : 1L);
}

static bool
is_possible(const struct call *call, size_t kind)
{
    if (kinds[kind].kind != SHORT && kinds[kind].error != EINTR)
        return true;
    for (size_t i = 0; i < sizeof(interruptible) / sizeof(interruptible[0]); i++)
        if (interruptible[i].number == call->number)
            return kinds[kind].kind != SHORT || (interruptible[i].may_be_short && call->c > 1);
    return false;
}

static size_t
find_kind(const struct call *call, long number)
{
    for (size_t i = 0; i < shim.n_faults; i++)
        if (shim.faults[i].at == number && is_possible(call, shim.faults[i].kind))
            return shim.faults[i].kind;
    return PASSED;
}

/* What the kernel says. On Linux a descriptor is closed whatever close() says. */
static long
carry_out(struct call *call, size_t kind)
{
    if (kinds[kind].kind == SHORT)
        call->c /= 2;
    if (kinds[kind].kind == SLOW)
        syscall(SYS_poll, NULL, 0L, 2000L);
    if (kinds[kind].kind == FAILED && call->number != SYS_close) {
        errno = kinds[kind].error;
        return -1;
    }
    return syscall(call->number, call->a, call->b, call->c, call->d, call->e);
}

static long
make(struct call *call)
{
    long number = ++shim.count, result;
    size_t kind = find_kind(call, number);
    int error;

    if (kinds[kind].kind == KILLED_BEFORE) {
        tell(call, number, 0, kind);
        die();
    }
    result = carry_out(call, kind);
    error = errno;
    tell(call, number, result, kind);
    if (kinds[kind].kind == KILLED_AFTER)
        die();
    errno = error;
    if (kinds[kind].error && result >= 0) {
        errno = kinds[kind].error;
        return -1;
    }
    return result;
}

/* ---- which calls are on files below the directory ---- */

static bool
is_watched(int fd)
{
    return fd >= 0 && fd < FD_MAX && shim.watched[fd];
}

/* The path, relative to the watched directory; false when it is not below it. */
static bool
find_path(int directory, const char *name, char path[PATH_MAX])
{
    char base[PATH_MAX] = "", link[64];
    const char *rest;

    if (shim.root_length == 0 || !name)
        return false;
    if (name[0] != '/') {
        snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
        if (syscall(SYS_readlink, directory == AT_FDCWD ? "/proc/self/cwd" : link, base,
                    sizeof(base) - 2) < 0)
            return false;
        strcat(base, "/");
    }
    if (strlen(base) + strlen(name) >= sizeof(base))
        return false;
    strcat(base, name);
    if (strncmp(base, shim.root, shim.root_length) != 0)
        return false;
    rest = base + shim.root_length;
    if (*rest != '/' && *rest != '\0')
        return false;
    rest += *rest == '/';
    strcpy(path, *rest ? rest : ".");
    return true;
}

static int
open_file(int directory, const char *name, int flags, mode_t mode)
{
    struct call call = {"open", SYS_openat, directory, (long)name, flags, mode};
    char path[PATH_MAX];
    int fd;

    if (!find_path(directory, name, path))
        return (int)syscall(SYS_openat, directory, name, flags, mode);
    snprintf(call.text, sizeof(call.text), " %s %d", path, flags);
    fd = (int)make(&call);
    if (fd >= 0 && fd < FD_MAX)
        shim.watched[fd] = true;
    return fd;
}

/* A call on a descriptor. */
static long
on_fd(struct call *call)
{
    if (!is_watched((int)call->a))
        return syscall(call->number, call->a, call->b, call->c, call->d, call->e);
    if (!call->text[0])
        snprintf(call->text, sizeof(call->text), " %ld", call->a);
    return make(call);
}

/* One on a path, the second and third of the call's arguments being where it is told. */
static int
on_path(struct call *call, int directory, const char *name)
{
    char path[PATH_MAX];

    if (!find_path(directory, name, path))
        return (int)syscall(call->number, call->a, call->b, call->c, call->d, call->e);
    snprintf(call->text, sizeof(call->text), " %s", path);
    return (int)make(call);
}

static int
on_two_paths(struct call *call)
{
    char from[PATH_MAX], to[PATH_MAX];

    if (!find_path((int)call->a, (const char *)call->b, from) ||
        !find_path((int)call->c, (const char *)call->d, to))
        return (int)syscall(call->number, call->a, call->b, call->c, call->d, call->e);
    snprintf(call->text, sizeof(call->text), " %s %s", from, to);
    return (int)make(call);
}

/* ---- what is put in front of the C library's functions ---- */

#define ALIAS(name) __attribute__((alias(#name)))

#define TAKE_MODE(mode, flags)                                                                     \
    do {                                                                                           \
        va_list arguments;                                                                         \
                                                                                                   \
        va_start(arguments, flags);                                                                \
        if ((flags) & (O_CREAT | O_TMPFILE))                                                       \
            (mode) = va_arg(arguments, mode_t);                                                    \
        va_end(arguments);                                                                         \
    } while (0)

int
open(const char *name, int flags, ...)
{
    mode_t mode = 0;

    TAKE_MODE(mode, flags);
    return open_file(AT_FDCWD, name, flags, mode);
}

int
openat(int directory, const char *name, int flags, ...)
{
    mode_t mode = 0;

    TAKE_MODE(mode, flags);
    return open_file(directory, name, flags, mode);
}

int open64(const char *name, int flags, ...) ALIAS(open);
int openat64(int directory, const char *name, int flags, ...) ALIAS(openat);

/* As _FORTIFY_SOURCE has them. */
int __open_2(const char *name, int flags);
int __openat_2(int directory, const char *name, int flags);
int __open64_2(const char *name, int flags);
int __openat64_2(int directory, const char *name, int flags);

int
__open_2(const char *name, int flags)
{
    return open_file(AT_FDCWD, name, flags, 0);
}

int
__openat_2(int directory, const char *name, int flags)
{
    return open_file(directory, name, flags, 0);
}

int __open64_2(const char *name, int flags) ALIAS(__open_2);
int __openat64_2(int directory, const char *name, int flags) ALIAS(__openat_2);

int
creat(const char *name, mode_t mode)
{
    return open_file(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

int creat64(const char *name, mode_t mode) ALIAS(creat);

ssize_t
write(int fd, const void *data, size_t length)
{
    struct call call = {"write", SYS_write, fd, (long)data, (long)length, .data = data};

    return on_fd(&call);
}

ssize_t
pwrite(int fd, const void *data, size_t length, off_t offset)
{
    struct call call = {"pwrite", SYS_pwrite64, fd, (long)data, (long)length, offset, .data = data};

    snprintf(call.text, sizeof(call.text), " %d %lld", fd, (long long)offset);
    return on_fd(&call);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) ALIAS(pwrite);

/* One by one: nothing of ours uses it but the kernel may take less than all anyway. */
ssize_t
writev(int fd, const struct iovec *parts, int count)
{
    if (!is_watched(fd) || count < 1)
        return syscall(SYS_writev, fd, parts, count);
    return write(fd, parts[0].iov_base, parts[0].iov_len);
}

ssize_t
read(int fd, void *data, size_t length)
{
    struct call call = {"read", SYS_read, fd, (long)data, (long)length};

    return on_fd(&call);
}

ssize_t __read_chk(int fd, void *data, size_t length, size_t size);

ssize_t
__read_chk(int fd, void *data, size_t length, size_t size)
{
    if (length > size)
        abort();
    return read(fd, data, length);
}

ssize_t
pread(int fd, void *data, size_t length, off_t offset)
{
    struct call call = {"pread", SYS_pread64, fd, (long)data, (long)length, offset};

    return on_fd(&call);
}

ssize_t pread64(int fd, void *data, size_t length, off_t offset) ALIAS(pread);

int
fsync(int fd)
{
    struct call call = {"fsync", SYS_fsync, fd};

    return (int)on_fd(&call);
}

int
fdatasync(int fd)
{
    struct call call = {"fdatasync", SYS_fdatasync, fd};

    return (int)on_fd(&call);
}

int
close(int fd)
{
    struct call call = {"close", SYS_close, fd};
    int result = (int)on_fd(&call);

    if (is_watched(fd))
        shim.watched[fd] = false;
    return result;
}

int
ftruncate(int fd, off_t length)
{
    struct call call = {"ftruncate", SYS_ftruncate, fd, length};

    snprintf(call.text, sizeof(call.text), " %d %lld", fd, (long long)length);
    return (int)on_fd(&call);
}

int ftruncate64(int fd, off_t length) ALIAS(ftruncate);

int
flock(int fd, int operation)
{
    struct call call = {"flock", SYS_flock, fd, operation};

    return (int)on_fd(&call);
}

int
fstat(int fd, struct stat *st)
{
    struct call call = {"fstat", SYS_fstat, fd, (long)st};

    return (int)on_fd(&call);
}

int
renameat2(int old_directory, const char *old, int new_directory, const char *new, unsigned flags)
{
    struct call call = {"rename",      SYS_renameat2, old_directory, (long)old,
                        new_directory, (long)new,     flags};

    return on_two_paths(&call);
}

int
renameat(int old_directory, const char *old, int new_directory, const char *new)
{
    return renameat2(old_directory, old, new_directory, new, 0);
}

int
rename(const char *old, const char *new)
{
    return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

int
linkat(int old_directory, const char *old, int new_directory, const char *new, int flags)
{
    struct call call = {"link",        SYS_linkat, old_directory, (long)old,
                        new_directory, (long)new,  flags};

    return on_two_paths(&call);
}

int
link(const char *old, const char *new)
{
    return linkat(AT_FDCWD, old, AT_FDCWD, new, 0);
}

int
unlinkat(int directory, const char *name, int flags)
{
    struct call call = {flags & AT_REMOVEDIR ? "rmdir" : "unlink", SYS_unlinkat, directory,
                        (long)name, flags};

    return on_path(&call, directory, name);
}

int
unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int
mkdirat(int directory, const char *name, mode_t mode)
{
    struct call call = {"mkdir", SYS_mkdirat, directory, (long)name, mode};

    return on_path(&call, directory, name);
}

int
mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}

int
faccessat(int directory, const char *name, int mode, int flags)
{
    struct call call = {"access", SYS_faccessat2, directory, (long)name, mode, flags};

    return on_path(&call, directory, name);
}

/* ---- settings ---- */

static size_t
parse_kind(const char *text, size_t length)
{
    for (size_t i = 1; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, text, length) == 0)
            return i;
    abort();
}

static void
parse_faults(const char *text)
{
    while (text && *text) {
        char *colon;
        size_t length;

        shim.faults[shim.n_faults].at = strtol(text, &colon, 10);
        length = strcspn(colon + 1, ",");
        shim.faults[shim.n_faults++].kind = parse_kind(colon + 1, length);
        text = colon + 1 + length;
        text += *text == ',';
    }
}

__attribute__((constructor)) static void
begin(void)
{
    const char *root = getenv("FAULTS_DIRECTORY"), *trace = getenv("FAULTS_TRACE");

    parse_faults(getenv("FAULTS_AT"));
    if (trace) {
        int fd = (int)syscall(SYS_openat, AT_FDCWD, trace,
                              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        /* Out of the way of the daemon's own numbers. */
        shim.trace = fcntl(fd, F_DUPFD_CLOEXEC, 900);
        syscall(SYS_close, fd);
        if (shim.trace < 0)
            abort();
    }
    if (!root)
        return;
    snprintf(shim.root, sizeof(shim.root), "%s", root);
    shim.root_length = strlen(shim.root);
}
