/* SPDX-License-Identifier: MIT */

/*
 * Lists of partitions, as people write them ("0,2", "0 2", "0-3") and as an
 * instance's name must (no comma is allowed there: "0_2"). "0-1000000000" is a
 * slip, not a wish, so there is a limit before memory is asked for.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/values.h"

#define N_PARTITIONS_MAX 10000

#define SHOWN                                                                                      \
    "\"%.200s\"" /* of a text in a message, so that the way out, its end, is not cut off */

/*
 * Steps over digits. A number above INT32_MAX comes out as one that is above it, however long it
 * is.
 */
static bool
scan_partition(const char **textp, int64_t *partitionp)
{
    const char *begin = *textp;
    int64_t partition = 0;

    for (; **textp >= '0' && **textp <= '9'; (*textp)++)
        if (partition <= INT32_MAX)
            partition = partition * 10 + (**textp - '0');
    *partitionp = partition;
    return *textp > begin;
}

/* "3" or "0-3". */
static bool
scan_range(const char **textp, int64_t *firstp, int64_t *lastp)
{
    if (!scan_partition(textp, firstp))
        return false;
    *lastp = *firstp;
    if (**textp != '-')
        return true;
    ++*textp;
    return scan_partition(textp, lastp) && *lastp >= *firstp;
}

/* Blanks, or one comma or underscore with blanks around it. */
static bool
skip_separator(const char **textp)
{
    const char *begin = *textp;

    *textp += strspn(*textp, " \t");
    if (**textp == ',' || **textp == '_') {
        ++*textp;
        *textp += strspn(*textp, " \t");
    }
    return *textp > begin;
}

/* Fills partitions, which has room for N_PARTITIONS_MAX, in the order of the text. */
static int
parse_ranges(int32_t *partitions, size_t *np, const char *text, struct error *error)
{
    const char *rest = text;
    size_t n = 0;

    do {
        int64_t first, last;

        if (!scan_range(&rest, &first, &last))
            return error_set(error, -EINVAL,
                             SHOWN " is not a list of partitions, such as 2 or 0,2 or 0-3", text);
        if (last > INT32_MAX)
            return error_set(error, -ERANGE, SHOWN ": a partition is at most %" PRId32, text,
                             INT32_MAX);
        if (last - first >= (int64_t)(N_PARTITIONS_MAX - n))
            return error_set(error, -ERANGE, SHOWN ": at most %d partitions", text,
                             N_PARTITIONS_MAX);
        for (; first <= last; first++)
            partitions[n++] = (int32_t)first;
    } while (skip_separator(&rest));
    if (*rest)
        return error_set(error, -EINVAL,
                         SHOWN ": \"%.20s\" does not belong in a list of partitions", text, rest);
    *np = n;
    return 0;
}

static int
compare_partitions(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;

    return (left > right) - (left < right);
}

int
partition_list_parse(struct partition_list *list, const char *text, struct error *error)
{
    cleanup(free) int32_t *partitions = calloc(N_PARTITIONS_MAX, sizeof(*partitions));
    size_t n = 0;
    int32_t *fitting;
    int r;

    if (!partitions)
        return error_set(error, -ENOMEM, "out of memory");
    r = parse_ranges(partitions, &n, text, error);
    if (r < 0)
        return r;
    qsort(partitions, n, sizeof(*partitions), compare_partitions);
    for (size_t i = 1; i < n; i++)
        if (partitions[i] == partitions[i - 1])
            return error_set(error, -EINVAL, SHOWN " names partition %" PRId32 " twice", text,
                             partitions[i]);

    fitting = realloc(partitions, n * sizeof(*partitions));
    list->partitions = fitting ? fitting : partitions;
    list->n_partitions = n;
    partitions = NULL;
    return 0;
}

void
partition_list_fini(struct partition_list *list)
{
    free(list->partitions);
    *list = (struct partition_list){.partitions = NULL};
}

void
partition_list_format(const struct partition_list *list, char *text, size_t size)
{
    size_t length = 0, end;

    if (size > 0)
        text[0] = '\0';
    for (size_t i = 0; i < list->n_partitions && length < size; i = end) {
        int32_t first = list->partitions[i], last;

        for (end = i + 1; end < list->n_partitions; end++)
            if (list->partitions[end] != list->partitions[end - 1] + 1)
                break;
        last = list->partitions[end - 1];
        length +=
            (size_t)snprintf(text + length, size - length, "%s%" PRId32, i > 0 ? "," : "", first);
        if (last > first && length < size)
            length += (size_t)snprintf(text + length, size - length, "-%" PRId32, last);
    }
}
