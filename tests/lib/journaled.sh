#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Runs a program as systemd would whose journal is tests/lib/journal.py: its stderr is the journal's stream, and
# the socket in DIRECTORY is the machine's. In a mount namespace of its own, so the machine may have none.
#
#     journaled.sh DIRECTORY PROGRAM [ARGUMENT]...

namespace='unshare --mount'
[ "$(id -u)" = 0 ] || namespace='unshare --mount --map-root-user'
# The disks of tests that run beside this one would be held by the namespace, whatever becomes of them outside.
# shellcheck disable=SC2016 # the variables are the inner shell's
exec $namespace sh -c 'findmnt -n -l -o TARGET | grep /bats-run- | xargs -r umount --lazy
    mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal &&
    mount --bind "$0" /run/systemd/journal || exit 99
    JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2)
    export JOURNAL_STREAM
    exec "$@"' "$@"
