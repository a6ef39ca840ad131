/* SPDX-License-Identifier: MIT */
#pragma once

/* A partition as its file, for the tests of layouts and windows. After cmocka's header. */

#include <stdio.h>

#include "consumer/layout.h"

static inline int
append_to_file(void *userdata, const void *data, size_t length)
{
    return fwrite(data, 1, length, userdata) == length ? 0 : -1;
}

/* The text of the file; free() it. */
static inline char *
write_out(struct partition *partition, int64_t offset)
{
    struct json_writer writer;
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);

    assert_non_null(file);
    json_writer_init(&writer, append_to_file, file);
    layout_ops.write(partition, offset, &writer);
    assert_int_equal(json_writer_finish(&writer), 0);
    fclose(file);
    return text;
}
