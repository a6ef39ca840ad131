/* SPDX-License-Identifier: MIT */

/* weatherd-consumer: from the command line to the loop and out again. */

#include <stdio.h>
#include <unistd.h>

#include "consumer/consumer.h"
#include "consumer/consumer_settings.h"

static int
run(struct daemon *daemon)
{
    struct settings *settings;
    struct consumer *consumer;
    int exit_code = daemon_load_settings(daemon, &settings);

    if (exit_code == 0)
        exit_code = consumer_new(&consumer, daemon, settings);
    if (exit_code == 0)
        exit_code = consumer_run(consumer);
    return exit_code;
}

int
main(int argc, char **argv)
{
    struct daemon daemon;
    int exit_code = daemon_init(&daemon, &consumer_program, argc, argv);

    if (exit_code == DAEMON_GO_ON)
        exit_code = daemon_show_settings(&daemon);
    if (exit_code == DAEMON_GO_ON)
        exit_code = run(&daemon);
    /*
     * librdkafka's threads are still there, and its clean-up may never return: see
     * source_abandon().
     */
    fflush(NULL);
    _exit(exit_code);
}
