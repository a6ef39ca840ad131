#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs a machine: systemd in a container that has processes, cgroups and files of its own and shares the network. The
# files are a tree with all changes in memory, so that the next machine finds the tree as it was. It ends with its
# parent, whatever becomes of that one, and then nothing is left of it.
#
#     keeper.bash TREE DIRECTORY      DIRECTORY/nspawn has the process whose child is the machine's init
set -euo pipefail

# shellcheck source=scripts/lib/tree.sh
. "$(dirname "$0")/../../scripts/lib/tree.sh"
if [[ ${3-} != apart ]]; then
    # A session of its own, which no signal to the caller's group reaches, and mounts that nobody else sees and that
    # are gone with the last process that does.
    exec setsid setpriv --pdeathsig TERM unshare --mount --propagation slave bash "$0" "$1" "$2" apart
fi
tree=$1 directory=$2

# Where no systemd gives it a cgroup of its own, a container takes its caller's, in which another may be. The host may
# have version 1.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
group=/sys/fs/cgroup/weatherd-$$
mkdir "$group"

leave()
{
    trap '' TERM
    # the death of systemd-nspawn alone is not that of its child
    echo 1 >"$group/cgroup.kill"
    wait
    for ((tries = 0; tries < 200; tries++)); do
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
        sleep 0.05
    done
}
trap leave EXIT
trap 'exit 143' TERM

mkdir -p "$directory/memory" /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
tree_mount "$tree" "$directory/memory"

# 133: the machine wants to boot again
status=133
while ((status == 133)); do
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        # should the keeper be killed, the machine is shut down
        exec setpriv --pdeathsig TERM systemd-nspawn --quiet --boot --register=no --keep-unit --machine=weatherd-$$ \
            --directory="$directory/memory/root" --link-journal=no --console=read-only
    ) &
    nspawn=$!
    echo "$nspawn" >"$directory/nspawn"
    status=0
    wait "$nspawn" || status=$?
done
