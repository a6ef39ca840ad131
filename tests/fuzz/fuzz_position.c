/* SPDX-License-Identifier: MIT */

/*
 * Any bytes as producer.json: what is loaded has a position and topics that Kafka could have, each
 * once, and is the same when it is stored and loaded again. What is refused leaves what was there.
 */

#include "fuzz.h"
#include "producer/position.h"

static void
check_topics(const struct position_file *file)
{
    struct error error;

    must(file->n_topics <= POSITION_TOPICS_MAX && (!file->covers_all || file->n_topics == 0), "%zu",
         file->n_topics);
    for (size_t i = 0; i < file->n_topics; i++) {
        must(value_check_topic(file->topics[i], &error) == 0, "%s", error.text);
        for (size_t j = 0; j < i; j++)
            must(strcmp(file->topics[i], file->topics[j]) != 0, "%s", file->topics[i]);
    }
}

static char *
store(const struct position_file *file, const struct position *position)
{
    struct error error = ERROR_INIT;

    must(position_store(file, position, &error) == 0, "%s", error.text);
    return fuzz_read(POSITION_FILE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct position position = {4711, 4712}, again;
    struct error error = ERROR_INIT;
    struct position_file file;
    int result;

    position_file_init(&file, fuzz_directory(), "csv");
    fuzz_write(POSITION_FILE, data, size);
    result = position_load(&file, &position, &error);
    if (result == 0) {
        char *first = store(&file, &position), *second;

        must(position.days < INT64_MAX && position.reports < INT64_MAX, "%s", first);
        check_topics(&file);
        must(position_load(&file, &again, &error) == 0, "%s", error.text);
        must(again.days == position.days && again.reports == position.reports, "%s", first);
        second = store(&file, &again);
        must(strcmp(first, second) == 0, "%s\n%s", first, second);
        free(first);
        free(second);
    } else {
        must(result == POSITION_E_CORRUPT, "%d", result);
        must_explain(&error);
        must(position.days == 4711 && position.reports == 4712 && file.n_topics == 0, "changed");
    }
    position_file_fini(&file);
    return 0;
}
