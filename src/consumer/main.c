/* SPDX-License-Identifier: MIT */

/* weatherd-consumer: from the command line to the loop and out again. */

#include "consumer/consumer.h"
#include "consumer/consumer_settings.h"

int
main(int argc, char **argv)
{
    daemon_main(&consumer_program, argc, argv, consumer_run);
}
