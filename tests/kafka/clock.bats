#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# The clock of the machine is set while both daemons work: tests/lib/clock.c gives them one of their own, which is set
# as the kernel's would be.

load ../lib/kit
load ../lib/both

setup_file()
{
    requires java kcat protoc jq
    start_kafka
}

# In place, because the daemons have it before their eyes.
set_clock() # SECONDS-AHEAD
{
    /usr/bin/python3 -c 'import struct, sys
with open("clock", "r+b") as clock: clock.write(struct.pack("=q", int(sys.argv[1])))' "$1"
}

hour=3600
day=$((24 * hour))

@test "a clock that is set back and forth changes nothing" {
    local ahead

    new_topic stepped
    head -c 8 /dev/zero >clock
    kit_under=(env "LD_PRELOAD=$(built clock.so)" "CLOCK=$PWD/clock")
    start_both stepped
    # shellcheck disable=SC2034 # the kit's
    kit_under=()
    # brokers refuse records that are more than an hour ahead
    for ahead in $((hour / 2)) -$day -$((1000 * day)) $((hour / 2)) 0; do
        go_on 0 1 2 3
        set_clock "$ahead"
    done
    go_on 0 1 2 3
    expect_exact_files stepped
    # it was another clock indeed
    kcat -b "$BOOTSTRAP" -C -t stepped -p 0 -o beginning -e -q -f '%T\n' >times.txt
    awk -v now="$EPOCHSECONDS" '$1 / 1000 < now - 999 * 86400 { past++ } $1 / 1000 > now + 600 { future++ }
        END { exit !past || !future }' times.txt
}
