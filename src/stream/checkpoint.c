/* SPDX-License-Identifier: MIT */

/* Files of ours, in and out: the meeting of json and atomic_file. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "stream/checkpoint.h"

static int
read_all(int fd, char *text, size_t length)
{
    while (length > 0) {
        ssize_t got = TEMP_FAILURE_RETRY(read(fd, text, length));

        if (got <= 0)
            return got < 0 ? -errno
                           : -EIO; /* shorter than its size: somebody is writing in place */
        text += got;
        length -= (size_t)got;
    }
    return 0;
}

static int
read_text(int fd, const char *name, int64_t size_max, char **textp, size_t *lengthp,
          struct error *error)
{
    cleanup(free) char *text = NULL;
    struct stat st;
    int result;

    if (fstat(fd, &st) < 0)
        return error_set(error, -errno, "%s: %s", name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return error_set(error, CHECKPOINT_E_CORRUPT, "%s: is not a regular file", name);
    if (st.st_size > size_max)
        return error_set(error, CHECKPOINT_E_CORRUPT,
                         "%s: is %lld bytes large, must be at most %lld", name,
                         (long long)st.st_size, (long long)size_max);
    text = malloc((size_t)st.st_size + 1);
    if (!text)
        return error_set(error, -ENOMEM, "%s: no memory for its %lld bytes", name,
                         (long long)st.st_size);
    result = read_all(fd, text, (size_t)st.st_size);
    if (result < 0)
        return error_set(error, result, "%s: %s", name, strerror(-result));
    *textp = text;
    *lengthp = (size_t)st.st_size;
    text = NULL;
    return 0;
}

int
checkpoint_read(int fd, const char *name, int64_t size_max, struct json_object **rootp,
                struct error *error)
{
    cleanup(free) char *text = NULL;
    size_t length;
    int result = read_text(fd, name, size_max, &text, &length, error);

    if (result != 0)
        return result;
    result = json_read(text, length, rootp, error);
    if (result == JSON_E_BAD)
        return error_prefix(error, CHECKPOINT_E_CORRUPT, "%s: ", name);
    return result;
}

static int
open_file(int directory, const char *name, int *fdp, struct error *error)
{
    /* O_NONBLOCK: a FIFO under this name must not hang the start. */
    *fdp =
        TEMP_FAILURE_RETRY(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (*fdp >= 0)
        return 0;
    if (errno == ENOENT)
        return CHECKPOINT_E_NONE;
    if (errno == ELOOP)
        return error_set(error, CHECKPOINT_E_CORRUPT, "%s: is a symbolic link", name);
    return error_set(error, -errno, "%s: %s", name, strerror(errno));
}

int
checkpoint_load(int directory, const char *name, struct json_object **rootp, struct error *error)
{
    cleanup(close) int fd = -1;
    int result = open_file(directory, name, &fd, error);

    return result == 0 ? checkpoint_read(fd, name, CHECKPOINT_SIZE_MAX, rootp, error) : result;
}

int
checkpoint_load_text(int directory, const char *name, char **textp, size_t *lengthp,
                     struct error *error)
{
    cleanup(close) int fd = -1;
    int result = open_file(directory, name, &fd, error);

    return result == 0 ? read_text(fd, name, CHECKPOINT_SIZE_MAX, textp, lengthp, error) : result;
}

static int
write_piece(void *userdata, const void *data, size_t length)
{
    return atomic_file_write(userdata, data, length);
}

/* Leaves the content in the temporary file, or nothing. */
static int
prepare(struct checkpoint *checkpoint)
{
    struct json_writer writer;
    int result = atomic_file_begin(&checkpoint->file, checkpoint->directory, checkpoint->name);

    if (result < 0)
        return result == -ENOENT ? CHECKPOINT_E_GONE : result;
    json_writer_init(&writer, write_piece, &checkpoint->file);
    checkpoint->write(checkpoint->userdata, &writer);
    result = json_writer_finish(&writer);
    if (result < 0)
        atomic_file_abort(&checkpoint->file);
    else
        atomic_file_urge(&checkpoint->file);
    return result;
}

void
checkpoint_store_all(struct checkpoint *checkpoints, size_t n)
{
    int directory = -1; /* the one that was settled last, and */
    int settled = 0;    /* what came of it */

    for (size_t i = 0; i < n; i++)
        checkpoints[i].result = prepare(&checkpoints[i]);
    for (size_t i = 0; i < n; i++) {
        if (checkpoints[i].result == 0)
            checkpoints[i].result = atomic_file_sync(&checkpoints[i].file);
    }
    for (size_t i = 0; i < n; i++) {
        if (checkpoints[i].result == 0)
            checkpoints[i].result = atomic_file_publish(&checkpoints[i].file);
    }
    for (size_t i = 0; i < n; i++) {
        if (checkpoints[i].result != 0)
            continue;
        if (checkpoints[i].directory != directory) {
            directory = checkpoints[i].directory;
            settled = atomic_file_settle(directory);
        }
        checkpoints[i].result = settled;
    }
}

int
checkpoint_explain(const struct checkpoint *checkpoint, struct error *error)
{
    if (checkpoint->result == CHECKPOINT_E_GONE)
        return error_set(error, CHECKPOINT_E_GONE,
                         "%s: can't be replaced: the directory has been deleted", checkpoint->name);
    if (checkpoint->result < 0)
        return error_set(error, checkpoint->result, "%s: can't be replaced: %s", checkpoint->name,
                         strerror(-checkpoint->result));
    return 0;
}

int
checkpoint_store(int directory, const char *name, checkpoint_write_fn write, void *userdata,
                 struct error *error)
{
    struct checkpoint checkpoint = {.directory = directory, .write = write, .userdata = userdata};

    snprintf(checkpoint.name, sizeof(checkpoint.name), "%s", name);
    checkpoint_store_all(&checkpoint, 1);
    return checkpoint_explain(&checkpoint, error);
}
