/* SPDX-License-Identifier: MIT */

/*
 * Any text as a list of partitions, and as what stands on the command line with and without a
 * topic: what is taken is sorted, each partition once and within the bounds, and is the same when
 * it is written in its shortest form and read again. What is refused is refused with a reason.
 */

#include "reader/assignment.h"
#include "fuzz.h"

#define LIST_SIZE (10000 * sizeof("2147483647,"))

static char formatted[LIST_SIZE], again[LIST_SIZE];

static void
check_list(const struct partition_list *list)
{
    struct partition_list copy = {.partitions = NULL};
    struct error error = ERROR_INIT;

    must(list->n_partitions >= 1 && list->n_partitions <= 10000, "%zu", list->n_partitions);
    for (size_t i = 0; i < list->n_partitions; i++)
        must(list->partitions[i] > (i ? list->partitions[i - 1] : -1), "%d", list->partitions[i]);
    partition_list_format(list, formatted, sizeof(formatted));
    must(partition_list_parse(&copy, formatted, &error) == 0, "%s", error.text);
    must(copy.n_partitions == list->n_partitions &&
             memcmp(copy.partitions, list->partitions,
                    list->n_partitions * sizeof(*list->partitions)) == 0,
         "%s", formatted);
    partition_list_format(&copy, again, sizeof(again));
    must(strcmp(formatted, again) == 0, "%s, %s", formatted, again);
    partition_list_fini(&copy);
}

static void
check_arguments(char *text)
{
    static const struct reader_kind kind = {.section = "consumer"};
    static struct reader_topic common = {.topic = (char *)"temperatures"};
    static const struct reader_settings settings = {.kind = &kind, .common = &common};
    char *arguments[] = {text, (char *)"7", (char *)"my_topic:0_2"};
    struct assignment assignment;

    for (int n = 1; n <= 3; n++) {
        struct error error = ERROR_INIT;

        if (assignment_parse(&assignment, arguments, n, &settings, &error) != 0) {
            must_explain(&error);
            continue;
        }
        for (size_t i = 0; i < assignment.n_topics; i++) {
            must(value_check_topic(assignment.topics[i].name, &error) == 0, "%s", error.text);
            check_list(&assignment.topics[i].list);
        }
        assignment_format(&assignment, formatted, sizeof(formatted));
        assignment_fini(&assignment);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(free) char *text = strndup((const char *)data, size);
    struct partition_list list = {.partitions = NULL};
    struct error error = ERROR_INIT;

    if (partition_list_parse(&list, text, &error) == 0) {
        check_list(&list);
        partition_list_fini(&list);
    } else {
        must_explain(&error);
    }
    check_arguments(text);
    return 0;
}
