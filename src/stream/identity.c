/* SPDX-License-Identifier: MIT */

/* The source file: anchors chosen, written, and read back with suspicion. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "common/values.h"
#include "stream/checkpoint.h"
#include "stream/identity.h"

#define ANCHOR_RATIO 64

void
identity_init(struct identity *identity, const char *topic, int32_t partition)
{
    memset(identity, 0, sizeof(*identity));
    snprintf(identity->topic, sizeof(identity->topic), "%s", topic);
    identity->partition = partition;
}

static void
format_name(const struct identity *identity, char name[64])
{
    snprintf(name, 64, ".partition-%d.source", identity->partition);
}

struct loading {
    struct identity *identity;
    bool has_topic;
    bool has_partition;
};

/*
 * Escaped, a text may hold what it can't when it is written again. A station that no report can have
 * would make every report that of another one.
 */
static int
copy_text(char *destination, struct json_object *value, struct error *error)
{
    const char *text;
    int result = json_get_text(value, &text, error);

    if (result != 0)
        return result;
    if (strlen(text) >= IDENTITY_NAME_SIZE)
        return error_set(error, JSON_E_BAD, "is longer than %d bytes", IDENTITY_NAME_SIZE - 1);
    if (!value_is_text(text, strlen(text)))
        return error_set(error, JSON_E_BAD, "has a control character in it");
    strcpy(destination, text);
    return 0;
}

/* An anchor with what of it has been met. */
struct anchor_loading {
    struct identity_anchor anchor;
    bool has_offset, has_timestamp, has_crc;
};

static int
load_anchor_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct anchor_loading *loading = userdata;
    int64_t crc = 0;
    int result;

    if (strcmp(key, "offset") == 0) {
        result = json_get_integer(value, 0, INT64_MAX - 1, &loading->anchor.offset, error);
        loading->has_offset = true;
    } else if (strcmp(key, "timestamp") == 0) {
        result = json_get_integer(value, -1, INT64_MAX - 1, &loading->anchor.timestamp, error);
        loading->has_timestamp = true;
    } else if (strcmp(key, "crc") == 0) {
        result = json_get_integer(value, 0, UINT32_MAX, &crc, error);
        loading->anchor.crc = (uint32_t)crc;
        loading->has_crc = true;
    } else {
        return error_set(error, JSON_E_BAD, "has an unknown key \"%.100s\"", key);
    }
    return result == 0 ? 0 : error_prefix(error, result, "\"%.100s\" ", key);
}

static int
load_anchor(void *userdata, size_t index, struct json_object *value, struct error *error)
{
    struct identity *identity = userdata;
    struct anchor_loading loading = {.has_offset = false};
    int result;

    if (index >= IDENTITY_ANCHORS_MAX)
        return error_set(error, JSON_E_BAD, "has more than %d elements", IDENTITY_ANCHORS_MAX);
    result = json_each_member(value, load_anchor_member, &loading, error);
    if (result == 0 && !(loading.has_offset && loading.has_timestamp && loading.has_crc))
        result = error_set(error, JSON_E_BAD, "lacks \"offset\", \"timestamp\" or \"crc\"");
    if (result == 0 && index > 0 && loading.anchor.offset <= identity->anchors[index - 1].offset)
        result = error_set(error, JSON_E_BAD, "is not in the order of offsets");
    if (result != 0)
        return error_prefix(error, result, "[%zu] ", index);
    identity->anchors[index] = loading.anchor;
    identity->n_anchors = index + 1;
    return 0;
}

static int
load_partition(struct loading *loading, struct json_object *value, struct error *error)
{
    int64_t partition;
    int result = json_get_integer(value, 0, INT32_MAX, &partition, error);

    if (result == 0 && partition != loading->identity->partition)
        return error_set(error, JSON_E_BAD, "is %lld, must be %d", (long long)partition,
                         loading->identity->partition);
    loading->has_partition = true;
    return result;
}

/* That of the file, whichever it is. */
static int
take_topic(struct identity *identity, struct json_object *value, struct error *error)
{
    int result = copy_text(identity->topic, value, error);

    if (result == 0 && value_check_topic(identity->topic, error) < 0)
        return error_prefix(error, JSON_E_BAD, "is wrong: ");
    return result;
}

static int
load_topic(struct loading *loading, struct json_object *value, struct error *error)
{
    const char *topic;
    int result = json_get_text(value, &topic, error);

    if (result == 0 && !loading->identity->topic[0])
        result = take_topic(loading->identity, value, error);
    else if (result == 0 && strcmp(topic, loading->identity->topic) != 0)
        return error_set(error, IDENTITY_E_OTHER_TOPIC,
                         "is \"%.249s\", not \"%s\": this directory holds another topic's files; "
                         "give each topic a directory of its own",
                         topic, loading->identity->topic);
    loading->has_topic = true;
    return result;
}

static int
load_member(void *userdata, const char *key, struct json_object *value, struct error *error)
{
    struct loading *loading = userdata;
    int64_t partitions;
    int result;

    if (strcmp(key, "cluster") == 0) {
        result = copy_text(loading->identity->cluster, value, error);
    } else if (strcmp(key, "topic") == 0) {
        result = load_topic(loading, value, error);
    } else if (strcmp(key, "partition") == 0) {
        result = load_partition(loading, value, error);
    } else if (strcmp(key, "partitions") == 0) {
        result = json_get_integer(value, 0, INT32_MAX, &partitions, error);
        if (result == 0)
            loading->identity->partitions = (int32_t)partitions;
    } else if (strcmp(key, "station") == 0) {
        result = copy_text(loading->identity->station, value, error);
    } else if (strcmp(key, "anchors") == 0) {
        result = json_each_element(value, load_anchor, loading->identity, error);
    } else {
        result = error_set(error, JSON_E_BAD, "is an unknown key");
    }
    return result == 0 ? 0 : error_prefix(error, result, "\"%.100s\" ", key);
}

int
identity_load(struct identity *identity, int directory, struct error *error)
{
    cleanup(json_release) struct json_object *root = NULL;
    struct identity loaded;
    struct loading loading = {.identity = &loaded};
    char name[64];
    int result;

    identity_init(&loaded, identity->topic, identity->partition);
    format_name(identity, name);
    result = checkpoint_load(directory, name, &root, error);
    if (result != 0)
        return result;
    result = json_each_member(root, load_member, &loading, error);
    if (result == 0 && (!loading.has_topic || !loading.has_partition))
        result = error_set(error, JSON_E_BAD, "lacks \"topic\" or \"partition\"");
    if (result > 0)
        return error_prefix(error, result == JSON_E_BAD ? CHECKPOINT_E_CORRUPT : result,
                            "%s: ", name);
    if (result == 0)
        *identity = loaded;
    return result;
}

static void
write_identity(void *userdata, struct json_writer *writer)
{
    const struct identity *identity = userdata;

    json_writer_begin(writer, NULL, '{');
    if (identity->cluster[0])
        json_writer_text(writer, "cluster", identity->cluster);
    json_writer_text(writer, "topic", identity->topic);
    json_writer_integer(writer, "partition", identity->partition);
    if (identity->partitions > 0)
        json_writer_integer(writer, "partitions", identity->partitions);
    if (identity->station[0])
        json_writer_text(writer, "station", identity->station);
    json_writer_begin(writer, "anchors", '[');
    for (size_t i = 0; i < identity->n_anchors; i++) {
        json_writer_begin(writer, NULL, '{');
        json_writer_integer(writer, "offset", identity->anchors[i].offset);
        json_writer_integer(writer, "timestamp", identity->anchors[i].timestamp);
        json_writer_integer(writer, "crc", identity->anchors[i].crc);
        json_writer_end(writer, '}');
    }
    json_writer_end(writer, ']');
    json_writer_end(writer, '}');
}

void
identity_describe(struct identity *identity, int directory, struct checkpoint *checkpoint)
{
    *checkpoint =
        (struct checkpoint){.directory = directory, .write = write_identity, .userdata = identity};
    format_name(identity, checkpoint->name);
}

int
identity_store(const struct identity *identity, int directory, struct error *error)
{
    struct identity copy = *identity;
    char name[64];

    format_name(identity, name);
    return checkpoint_store(directory, name, write_identity, &copy, error);
}

uint32_t
identity_crc(const void *key, size_t key_length, const void *payload, size_t length)
{
    const unsigned char prefix[4] = {
        (unsigned char)key_length,
        (unsigned char)(key_length >> 8),
        (unsigned char)(key_length >> 16),
        (unsigned char)(key_length >> 24),
    };
    uLong crc = crc32_z(0, prefix, sizeof(prefix));

    /* A null pointer would make zlib begin anew. */
    if (key_length > 0)
        crc = crc32_z(crc, key, key_length);
    if (length > 0)
        crc = crc32_z(crc, payload, length);
    return (uint32_t)crc;
}

static void
drop_anchor(struct identity *identity, size_t index)
{
    memmove(&identity->anchors[index], &identity->anchors[index + 1],
            (identity->n_anchors - index - 1) * sizeof(identity->anchors[0]));
    identity->n_anchors--;
}

void
identity_add(struct identity *identity, const struct identity_anchor *anchor)
{
    const struct identity_anchor *anchors = identity->anchors;

    while (identity->n_anchors > 0 && anchors[identity->n_anchors - 1].offset >= anchor->offset)
        identity->n_anchors--;
    for (size_t i = identity->n_anchors; i-- > 1;) {
        int64_t older = anchor->offset - anchors[i - 1].offset;
        int64_t newer = i + 1 < identity->n_anchors ? anchor->offset - anchors[i + 1].offset : 1;

        if (older / ANCHOR_RATIO < newer)
            drop_anchor(identity, i);
    }
    if (identity->n_anchors == IDENTITY_ANCHORS_MAX)
        drop_anchor(identity, 0);
    identity->anchors[identity->n_anchors++] = *anchor;
}
