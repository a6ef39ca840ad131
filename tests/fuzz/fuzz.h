/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the fuzz targets share. A target is a file with LLVMFuzzerTestOneInput(), which libFuzzer
 * calls with bytes of its own making; it states what must hold of them with must(). What does not
 * hold ends the process, and libFuzzer keeps the input.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/error.h"
#include "common/json.h"
#include "common/json_writer.h"
#include "common/values.h"
#include "consumer/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with the condition that does not hold and words on what was found. */
#define must(condition, ...)                                                                       \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: must hold: %s\n    ", __FILE__, __LINE__, #condition);         \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A refusal says why, in words that may be put into a log or on a terminal as they are. */
#define must_explain(error)                                                                        \
    must((error)->text[0] && value_is_text((error)->text, strlen((error)->text)), "\"%s\"",        \
         (error)->text)

/* The same report, to the last bit. */
#define must_be_same(a, b)                                                                         \
    must((a)->date == (b)->date && (a)->rain == (b)->rain &&                                       \
             memcmp(&(a)->degrees, &(b)->degrees, sizeof(double)) == 0 &&                          \
             moment_is_same((a)->time, (b)->time) && (a)->time.form == (b)->time.form &&           \
             (a)->station_length == (b)->station_length &&                                         \
             memcmp((a)->station, (b)->station, (a)->station_length) == 0,                         \
         "%d %d %.17g \"%.*s\", %d %d %.17g \"%.*s\"", (int)(a)->date, (int)(a)->rain,             \
         (a)->degrees, (int)(a)->station_length, (a)->station, (int)(b)->date, (int)(b)->rain,     \
         (b)->degrees, (int)(b)->station_length, (b)->station)

struct fuzz_file {
    const char *path;
    unsigned n_lines;
};

/* A file that holds the bytes until the next call. */
static inline struct fuzz_file
fuzz_file(const void *data, size_t size)
{
    static char path[32];
    static int fd = -1;
    struct fuzz_file file = {path, 1};

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    must(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size, "%m");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    for (size_t i = 0; i < size; i++)
        file.n_lines += ((const char *)data)[i] == '\n';
    return file;
}

/* "FILE:LINE: words", of a line that there is. */
static inline void
fuzz_must_name_line(const struct fuzz_file *file, const char *message)
{
    size_t length = strlen(file->path);
    unsigned line = 0;
    int words = 0;

    must(value_is_text(message, strlen(message)), "\"%s\"", message);
    must(strncmp(message, file->path, length) == 0 &&
             sscanf(message + length, ":%u: %n", &line, &words) == 1 && words > 0 && line >= 1 &&
             line <= file->n_lines && message[length + (size_t)words],
         "\"%s\"", message);
}

/* The directory for the files that a target writes: the current one, which tests/fuzz/run makes. */
static inline int
fuzz_directory(void)
{
    static int fd = -1;

    if (fd < 0)
        fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(fd >= 0, "%m");
    return fd;
}

static inline void
fuzz_write(const char *name, const void *data, size_t size)
{
    cleanup(close) int fd =
        openat(fuzz_directory(), name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    must(fd >= 0 && write(fd, data, size) == (ssize_t)size, "%m");
}

/* The whole file, terminated; free() it. */
static inline char *
fuzz_read(const char *name)
{
    cleanup(close) int fd = openat(fuzz_directory(), name, O_RDONLY | O_CLOEXEC);
    off_t size = lseek(fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);

    must(text && pread(fd, text, (size_t)size, 0) == size, "%m");
    return text;
}

/* ---- partition-N.json, of partition 7 ---- */

/* What a file may be: each layout, and each kind of date, window and degrees. */
static const struct partition_settings fuzz_settings[] = {
    {.number = 7, .layout = PARTITION_FLAT},
    {.number = 7, .layout = PARTITION_TAGGED, .schema = REPORT_SCHEMA_STATION_REPORT},
    {.number = 7, .layout = PARTITION_MONTHLY},
    {.number = 7,
     .shape = {.dates = MOMENT_RFC3339, .has_windows = true},
     .window = {.kind = WINDOW_SPAN, .span = 3600}},
    {.number = 7,
     .layout = PARTITION_TAGGED,
     .shape = {.dates = MOMENT_EPOCH, .degrees = STATS_WITHOUT_DEGREES, .has_windows = true},
     .window = {.kind = WINDOW_MONTH}},
    {.number = 7,
     .shape = {.dates = MOMENT_EPOCH_MS, .has_windows = true},
     .window = {.kind = WINDOW_DAY}},
    {.number = 7, .shape = {.has_windows = true}, .window = {.kind = WINDOW_YEAR}},
};

enum { N_FUZZ_SETTINGS = sizeof(fuzz_settings) / sizeof(fuzz_settings[0]) };

static inline void
fuzz_partition_init(struct partition *partition, const struct partition_settings *settings)
{
    static const struct partition_policy policy = {.max_stations = 1000};
    static struct report_fields fields[MOMENT_ANY][STATS_ANY];
    const struct stats_shape *shape = &settings->shape;
    const struct report_paths paths = {.degrees =
                                           shape->degrees == STATS_WITHOUT_DEGREES ? "" : NULL};
    struct partition_settings copy = *settings;

    if (shape->dates != MOMENT_DATE || paths.degrees) {
        copy.fields = &fields[shape->dates][shape->degrees];
        report_fields_init(&fields[shape->dates][shape->degrees], &paths, shape->dates);
    }
    partition_init(partition, &copy, &policy, 1);
}

/* As the consumer loads it: 0 or not, with a message. partition_fini() it in either case. */
static inline int
fuzz_partition_load(struct partition *partition, const struct partition_settings *settings,
                    const char *text, size_t size, int64_t *offsetp, struct error *error)
{
    struct json_object *root = NULL;
    struct error ignored;
    int result;

    fuzz_partition_init(partition, settings);
    result = layout_ops.load(partition, text, size, offsetp, error);
    must(result != 0 || json_read(text, size, &root, &ignored) == 0, "%s", ignored.text);
    json_release(root);
    return result;
}

struct fuzz_text {
    size_t length;
    char bytes[1 << 18];
};

static inline int
fuzz_append(void *userdata, const void *data, size_t length)
{
    struct fuzz_text *text = userdata;

    must(length < sizeof(text->bytes) - text->length, "%zu bytes more", length);
    memcpy(text->bytes + text->length, data, length);
    text->length += length;
    return 0;
}

/* The text of the file; free() it. */
static inline char *
fuzz_partition_write(struct partition *partition, int64_t offset)
{
    static struct fuzz_text text;
    struct json_writer writer;

    text.length = 0;
    json_writer_init(&writer, fuzz_append, &text);
    layout_ops.write(partition, offset, &writer);
    must(json_writer_finish(&writer) == 0, "it could not be written");
    return strndup(text.bytes, text.length);
}

/* What is loaded from a text that the program wrote is the same text when it is written. */
static inline void
fuzz_partition_must_come_back(const struct partition_settings *settings, const char *text)
{
    struct error error = ERROR_INIT;
    struct partition partition;
    int64_t offset;
    int result = fuzz_partition_load(&partition, settings, text, strlen(text), &offset, &error);
    cleanup(free) char *again = result == 0 ? fuzz_partition_write(&partition, offset) : NULL;

    must(result == 0, "%s\n%s", error.text, text);
    must(strcmp(text, again) == 0, "%s\n%s", text, again);
    partition_fini(&partition);
}
