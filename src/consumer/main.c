/* SPDX-License-Identifier: MIT */

/* weatherd-consumer: from the command line to the loop and out again. */

#include "consumer/consumer.h"
#include "consumer/consumer_settings.h"

static int
run(struct daemon *daemon, struct settings *settings)
{
    struct consumer *consumer;
    int exit_code = consumer_new(&consumer, daemon, settings);

    return exit_code == 0 ? consumer_run(consumer) : exit_code;
}

int
main(int argc, char **argv)
{
    daemon_main(&consumer_program, argc, argv, run);
}
