/* SPDX-License-Identifier: MIT */

/* weatherd-producer: from the command line to the loop and out again. */

#include <stdio.h>
#include <unistd.h>

#include "producer/producer.h"
#include "producer/producer_settings.h"

static int
run(struct daemon *daemon)
{
    struct settings *settings;
    struct producer *producer;
    int exit_code = daemon_load_settings(daemon, &settings);

    if (exit_code == 0)
        exit_code = producer_new(&producer, daemon, settings);
    if (exit_code == 0)
        exit_code = producer_run(producer);
    return exit_code;
}

int
main(int argc, char **argv)
{
    struct daemon daemon;
    int exit_code = daemon_init(&daemon, &producer_program, argc, argv);

    if (exit_code == DAEMON_GO_ON)
        exit_code = daemon_show_settings(&daemon);
    if (exit_code == DAEMON_GO_ON)
        exit_code = run(&daemon);
    /* librdkafka's threads are still there, and its clean-up may never return. */
    fflush(NULL);
    _exit(exit_code);
}
