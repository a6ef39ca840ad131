/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as .partition-7.source: what is loaded keeps the rules of the file, is the same when it
 * is stored and loaded again, also with one more anchor, and is the topic's that was asked for.
 */

#include "fuzz.h"
#include "stream/checkpoint.h"
#include "stream/identity.h"

#define NAME ".partition-7.source"

static void
check_rules(const struct identity *identity)
{
    must(identity->partition == 7 && identity->partitions >= 0, "%d", identity->partitions);
    must(memchr(identity->topic, 0, IDENTITY_NAME_SIZE) &&
             memchr(identity->cluster, 0, IDENTITY_NAME_SIZE) &&
             memchr(identity->station, 0, IDENTITY_NAME_SIZE) &&
             identity->n_anchors <= IDENTITY_ANCHORS_MAX,
         "%zu anchors", identity->n_anchors);
    for (size_t i = 0; i < identity->n_anchors; i++)
        must(identity->anchors[i].timestamp >= -1 &&
                 identity->anchors[i].offset > (i ? identity->anchors[i - 1].offset : -1),
             "anchor %zu", i);
}

/* What was loaded is what is loaded again, and the second file is the first to the byte. */
static void
must_come_back(const struct identity *identity)
{
    struct error error = ERROR_INIT;
    struct identity again;
    char *first, *second;

    must(identity_store(identity, fuzz_directory(), &error) == 0, "%s", error.text);
    first = fuzz_read(NAME);
    identity_init(&again, identity->topic, 7);
    must(identity_load(&again, fuzz_directory(), &error) == 0, "%s\n%s", error.text, first);
    must(identity->partitions == again.partitions && identity->n_anchors == again.n_anchors &&
             strcmp(identity->station, again.station) == 0 &&
             strcmp(identity->cluster, again.cluster) == 0,
         "%s", first);
    for (size_t i = 0; i < again.n_anchors; i++)
        must(identity->anchors[i].offset == again.anchors[i].offset &&
                 identity->anchors[i].timestamp == again.anchors[i].timestamp &&
                 identity->anchors[i].crc == again.anchors[i].crc,
             "%s", first);
    must(identity_store(&again, fuzz_directory(), &error) == 0, "%s", error.text);
    second = fuzz_read(NAME);
    must(strcmp(first, second) == 0, "%s\n%s", first, second);
    free(first);
    free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const topics[] = {"", "temperatures"}; /* "": any, for weatherctl */

    for (size_t i = 0; i < 2; i++) {
        struct error error = ERROR_INIT;
        struct identity identity;
        int result;

        fuzz_write(NAME, data, size);
        identity_init(&identity, topics[i], 7);
        result = identity_load(&identity, fuzz_directory(), &error);
        if (result != 0) {
            must(result == CHECKPOINT_E_CORRUPT || result == IDENTITY_E_OTHER_TOPIC, "%d", result);
            must_explain(&error);
            continue;
        }
        must(i == 0 || strcmp(identity.topic, topics[i]) == 0, "%s", identity.topic);
        check_rules(&identity);
        must_come_back(&identity);
        identity_add(&identity, &(struct identity_anchor){.offset = 1000, .timestamp = -1});
        check_rules(&identity);
        must_come_back(&identity);
    }
    return 0;
}
