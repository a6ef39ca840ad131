/* SPDX-License-Identifier: MIT */

/* weatherd-forecast: from the command line to the loop and out again. */

#include "forecast/forecast.h"
#include "forecast/forecast_settings.h"

int
main(int argc, char **argv)
{
    daemon_main(&forecast_program, argc, argv, forecast_run);
}
