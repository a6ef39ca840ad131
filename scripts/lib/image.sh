# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The image, built from Dockerfile with Debian's own tools and run by them, for machines without a Docker engine. Its base is
# a tree of Debian made as small as debian:trixie-slim is and called the same. Store and settings of the engine lie in the
# cache beside the tree, so that nothing is seen of, or left to, containers that the machine may have.

image_lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree_packages=apt # no systemd
# shellcheck source=scripts/lib/tree.sh
. "$image_lib/tree.sh"

image_base=docker.io/library/debian:trixie-slim

# What debian:trixie-slim leaves out.
image_slim=(--variant=minbase --dpkgopt=path-include='*')
for image_path in doc man info locale groff lintian linda; do
    image_slim+=("--dpkgopt=path-exclude=/usr/share/$image_path/*")
done
image_slim+=(--dpkgopt='path-include=/usr/share/doc/*/copyright')

# overlay, which copies no files, where the kernel has it for this directory.
image_driver() # DIRECTORY
{
    local try driver=vfs

    try=$(mktemp -d "$1/try.XXXXXX") && mkdir "$try"/{lower,upper,work,merged} || return
    if mount -t overlay -o "lowerdir=$try/lower,upperdir=$try/upper,workdir=$try/work" weatherd "$try/merged" 2>/dev/null; then
        umount "$try/merged"
        driver=overlay
    fi
    rm -rf "$try"
    echo "$driver"
}

# From here on buildah and podman use the store that belongs to the tree.
image_settings() # TREE
{
    local store=$1.containers volatile

    volatile=/run/weatherd-${1##*/} # podman takes no more than 50 bytes
    mkdir -p "$store" "$volatile"
    cat >"$store/storage.conf" <<EOF2
[storage]
driver = "$(image_driver "$store")"
graphroot = "$store/storage"
runroot = "$volatile/storage"
EOF2
    cat >"$store/containers.conf" <<EOF2
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "runc"
tmp_dir = "$volatile/podman"
volume_path = "$store/volumes"
EOF2
    export CONTAINERS_STORAGE_CONF=$store/storage.conf CONTAINERS_CONF=$store/containers.conf
    export PODMAN_IGNORE_CGROUPSV1_WARNING=1 # podman 5 would put it into what a container says
}

image_make_base() # TREE
{
    local container

    buildah inspect --type image "$image_base" >/dev/null 2>&1 && return
    container=$(buildah from scratch) || return
    buildah add --quiet "$container" "$1" && buildah config --cmd bash "$container" &&
        buildah commit --quiet "$container" "$image_base" && buildah rm "$container"
}

# Builds what has changed. Of the first stage a name is kept, so that its layers are not taken for garbage; of the garbage
# another run may still use some.
image_make() # NAME
{
    local options=(--isolation chroot --layers --format docker --pull=never)

    (
        cd "$image_lib/../.." &&
            buildah bud "${options[@]}" --target build --tag "$1-build" . &&
            buildah bud "${options[@]}" --tag "$1" .
    ) || return
    buildah rmi --prune || true
}

image_build() # NAME
{
    local tree log

    if ((EUID != 0)); then
        echo "image: only root can make a tree of Debian and run containers of it here" >&2
        return 1
    fi
    packages_install image >&2 || return
    tree=$(tree_fetch trixie apt "${image_slim[@]}") || return
    image_settings "$tree"
    exec 7>"$tree.containers/lock"
    flock 7
    log=$tree.containers/log
    if ! { image_make_base "$tree" && image_make "$1"; } </dev/null >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        echo "image: it could not be built; the log is $log" >&2
        return 1
    fi
    exec 7>&-
}
