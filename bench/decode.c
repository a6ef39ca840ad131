/* SPDX-License-Identifier: MIT */

/*
 * What a record costs between librdkafka and the disk: decoded and applied, in nanoseconds of this
 * thread, for each form that a record can have. The forms take turns, so that a machine whose speed
 * changes treats them alike; of each the best round counts.
 *
 *     decode                    prints a line a form
 *     decode A B MAXIMUM        and fails when A costs more than MAXIMUM times what B does
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "records.h"

#define DAYS   100
#define ROUNDS 31

/* Nanoseconds of this thread. */
static double
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* A record's share of one round. */
static double
apply_all(enum form form, const struct records *records)
{
    struct report_fields fields;
    struct partition partition;
    const uint8_t *at = records->bytes;
    struct error error;
    double began;

    records_partition(&partition, &fields, form);
    began = now();
    for (size_t i = 0; i < records->n_records; at += records->lengths[i++])
        if (partition_apply(&partition, at, records->lengths[i], &error) != PARTITION_COUNTED)
            abort();
    began = now() - began;
    partition_fini(&partition);
    return began / (double)records->n_records;
}

int
main(int argc, char **argv)
{
    struct records records[N_FORMS];
    double best[N_FORMS], a, b;

    for (enum form form = 0; form < N_FORMS; form++) {
        records_init(&records[form], form, DAYS);
        best[form] = apply_all(form, &records[form]);
    }
    for (int round = 1; round < ROUNDS; round++)
        for (enum form form = 0; form < N_FORMS; form++) {
            double cost = apply_all(form, &records[form]);

            if (cost < best[form])
                best[form] = cost;
        }
    for (enum form form = 0; form < N_FORMS; form++) {
        printf("%s: %.1f ns a record\n", form_names[form], best[form]);
        records_fini(&records[form]);
    }
    if (argc != 4)
        return 0;
    a = best[form_find(argv[1])];
    b = best[form_find(argv[2])];
    printf("%s / %s: %.2f\n", argv[1], argv[2], a / b);
    return a > strtod(argv[3], NULL) * b;
}
