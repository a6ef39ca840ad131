/* SPDX-License-Identifier: MIT */

/* weatherctl: what a person does with weather reports and with what weatherd makes of them. */

#include "ctl/ctl.h"

int
main(int argc, char **argv)
{
    ctl_main(argc, argv);
}
