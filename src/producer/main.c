/* SPDX-License-Identifier: MIT */

/* weatherd-producer: from the command line to the loop and out again. */

#include "producer/producer.h"
#include "producer/producer_settings.h"

static int
run(struct daemon *daemon, struct settings *settings)
{
    struct producer *producer;
    int exit_code = producer_new(&producer, daemon, settings);

    return exit_code == 0 ? producer_run(producer) : exit_code;
}

int
main(int argc, char **argv)
{
    daemon_main(&producer_program, argc, argv, run);
}
