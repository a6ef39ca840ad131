/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "consumer/summary_mark.h"
#include "stream/checkpoint.h"

enum { HAS_TOPIC = 1, HAS_FIELDS = 2, HAS_OFFSET = 4, HAS_ALL = 7 };

struct loading {
    const struct summary_mark *mark;
    unsigned found; /* members that are what they must be */
};

static void
format_name(int32_t partition, char name[64])
{
    snprintf(name, 64, ".partition-%" PRId32 ".summary", partition);
}

static bool
is_text(struct json_object *value, const char *expected)
{
    const char *text;

    return json_get_text(value, &text, NULL) == 0 && strcmp(text, expected) == 0;
}

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;
    const struct summary_mark *mark = loading->mark;
    int64_t offset;

    if (strcmp(key, "topic") == 0 && is_text(value, mark->topic))
        loading->found |= HAS_TOPIC;
    else if (strcmp(key, "fields") == 0 && is_text(value, mark->fields))
        loading->found |= HAS_FIELDS;
    else if (strcmp(key, "offset") == 0 &&
             json_get_integer(value, mark->offset, mark->offset, &offset, NULL) == 0)
        loading->found |= HAS_OFFSET;
    return 0;
}

bool
summary_mark_is_there(const struct summary_mark *mark, int directory)
{
    cleanup(json_release) struct json_object *root = NULL;
    struct loading loading = {.mark = mark};
    struct error error = ERROR_INIT;
    char name[64];

    format_name(mark->partition, name);
    return checkpoint_load(directory, name, &root, &error) == 0 &&
           json_each_member(root, load_member, &loading, &error) == 0 && loading.found == HAS_ALL;
}

void
summary_mark_remove(int32_t partition, int directory)
{
    char name[64];

    format_name(partition, name);
    if (unlinkat(directory, name, 0) == 0)
        fsync(directory);
}

static void
write_mark(void *userdata, struct json_writer *writer)
{
    const struct summary_mark *mark = userdata;

    json_writer_begin(writer, NULL, '{');
    json_writer_text(writer, "topic", mark->topic);
    json_writer_text(writer, "fields", mark->fields);
    json_writer_integer(writer, "offset", mark->offset);
    json_writer_end(writer, '}');
}

int
summary_mark_store(const struct summary_mark *mark, int directory, struct error *error)
{
    struct summary_mark copy = *mark;
    char name[64];

    format_name(mark->partition, name);
    return checkpoint_store(directory, name, write_mark, &copy, error);
}
