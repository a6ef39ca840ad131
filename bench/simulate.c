/* SPDX-License-Identifier: MIT */

/*
 * What weatherd-producer would send with the same command line, made and thrown away: what the
 * weather alone costs.
 */

#include <stdio.h>
#include <sysexits.h>

#include "producer/producer_settings.h"

static int
simulate(struct daemon *daemon, struct settings *settings)
{
    struct producer_settings config;
    struct error error = ERROR_INIT;
    cleanup(feed_free) struct feed *feed = NULL;
    uint64_t n_reports = 0;
    double sum = 0;

    if (producer_settings_read(&config, settings, &error) < 0 ||
        feed_new(&feed, &config.feed, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        return EX_USAGE;
    }
    for (uint64_t day = 0; day < config.days; day++) {
        size_t size = feed_day_size(feed, day);
        const struct report *reports = feed_day(feed, day);

        for (size_t i = 0; i < size; i++)
            sum += reports[i].degrees;
        n_reports += size;
    }
    printf("%llu reports, %.4f degrees on average\n", (unsigned long long)n_reports,
           sum / (double)n_reports);
    return EX_OK;
}

int
main(int argc, char **argv)
{
    daemon_main(&producer_program, argc, argv, simulate);
}
