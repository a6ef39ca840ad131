/* SPDX-License-Identifier: MIT */

/*
 * One piece of the consumer's work at a time, for callgrind, which counts what is done within the
 * functions counted_*: bench/check compares that with bench/instructions. What is done there is
 * done as often as this prints.
 *
 *     count decode|apply FORM        a record of that form read; read, and taken into the statistics
 *     count render                   a station written into a checkpoint's text
 *     count compiler                 tells by what it was compiled, on which the numbers depend
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"
#include "consumer/layout.h"

#define DAYS 8 /* of which averages have all their digits */

struct job {
    struct records records;
    struct report_fields fields;
    struct partition partition;
    size_t first; /* record, */
    size_t bytes; /* and where it is */
};

static size_t
counted_decode(struct job *job)
{
    const uint8_t *at = job->records.bytes + job->bytes;
    struct report report;
    struct error error;

    for (size_t i = job->first; i < job->records.n_records; at += job->records.lengths[i++]) {
        if (report_reader_read(&job->partition.reader, at, job->records.lengths[i], &report,
                               &error) != 0)
            abort();
        report_reader_release(&job->partition.reader);
    }
    return job->records.n_records - job->first;
}

static size_t
counted_apply(struct job *job)
{
    const uint8_t *at = job->records.bytes + job->bytes;
    struct error error;

    for (size_t i = job->first; i < job->records.n_records; at += job->records.lengths[i++])
        if (partition_apply(&job->partition, at, job->records.lengths[i], &error) !=
            PARTITION_COUNTED)
            abort();
    return job->records.n_records - job->first;
}

static int
drop_text(void *userdata, const void *data, size_t length)
{
    return 0;
}

static size_t
counted_render(struct job *job)
{
    struct json_writer writer;

    json_writer_init(&writer, drop_text, NULL);
    layout_ops.write(&job->partition, 1234567, &writer);
    if (json_writer_finish(&writer) != 0)
        abort();
    return STATIONS;
}

#define TEXT(number)    #number
#define TEXT_OF(number) TEXT(number)
#ifdef __clang__
#define COMPILER "clang-" TEXT_OF(__clang_major__)
#else
#define COMPILER "gcc-" TEXT_OF(__GNUC__)
#endif

/* Called through here, they keep their names. */
static const struct {
    const char *name;
    size_t (*count)(struct job *job);
} works[] = {{"decode", counted_decode}, {"apply", counted_apply}, {"render", counted_render}};

/* The first day's reports, each of a new station, are not what most are. */
static void
apply_first_day(struct job *job)
{
    struct error error;

    for (; job->first < STATIONS; job->bytes += job->records.lengths[job->first++])
        if (partition_apply(&job->partition, job->records.bytes + job->bytes,
                            job->records.lengths[job->first], &error) != PARTITION_COUNTED)
            abort();
}

int
main(int argc, char **argv)
{
    enum form form = argc > 2 ? form_find(argv[2]) : PROTOBUF;
    struct job job = {.first = 0};

    for (size_t i = 0; argc > 1 && i < sizeof(works) / sizeof(works[0]); i++)
        if (strcmp(argv[1], works[i].name) == 0) {
            records_init(&job.records, form, DAYS);
            records_partition(&job.partition, &job.fields, form);
            apply_first_day(&job);
            if (works[i].count == counted_render)
                counted_apply(&job);
            printf("%zu\n", works[i].count(&job));
            partition_fini(&job.partition);
            records_fini(&job.records);
            return 0;
        }
    if (argc == 2 && strcmp(argv[1], "compiler") == 0) {
        puts(COMPILER);
        return 0;
    }
    fprintf(stderr, "Usage: count decode|apply|render|compiler [FORM]\n");
    return 2;
}
