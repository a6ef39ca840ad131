# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Containers of the image, for a file of tests; a broker outside is reached on the loopback, which they share. A test file
# of tests/container says "load ../lib/container"; it has all of kit.bash as well.
#
#     @test "a container reads" {
#         container one -e WEATHERD_BOOTSTRAP_SERVERS="$BOOTSTRAP" -e WEATHERD_PARTITIONS='0-1 2-3'
#         wait_for 20 ready one
#         wait_for 20 offsets_are 4000 state/partition-*.json
#         container_stop one
#     }

# shellcheck source=tests/lib/kit.bash
. "$(dirname "${BASH_SOURCE[0]}")/kit.bash"

image=localhost/weatherd
user=10001 # as Dockerfile has it

setup()
{
    kit_setup
    state_directory state
}

teardown()
{
    [[ -n ${BATS_TEST_COMPLETED-} ]] || container_print_logs
    kit_teardown
    containers | xargs --no-run-if-empty podman rm --force --time 0 --volumes >/dev/null 3>&-
}

# Those of this test.
containers()
{
    podman ps --all --quiet --filter "label=test=$BATS_TEST_TMPDIR"
}

container_print_logs()
{
    local container

    for container in $(containers); do
        podman ps --all --filter "id=$container"
        podman logs "$container" 2>&1 | tail -n 40
    done
}

# A directory that the image's user may write to, as a volume.
state_directory() # DIRECTORY
{
    install -d -o "$user" "$1"
}

container_name() # NAME
{
    echo "weatherd-$$-$BATS_TEST_NUMBER-$1"
}

# In the background, with no more rights and no more to write to than it needs. Of options that contradict, the last wins.
container() # NAME OPTION... [-- COMMAND...]
{
    local options=(--detach --name "$(container_name "$1")" --label "test=$BATS_TEST_TMPDIR" --network=host --read-only
        --cap-drop=all --security-opt=no-new-privileges --health-interval=disable)

    shift
    [[ $* == *:/var/lib/weatherd* ]] || options+=(--volume "$PWD/state:/var/lib/weatherd")
    while (($#)) && [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    podman run "${options[@]}" "$image" "${@:2}" </dev/null >/dev/null 3>&-
}

# A command in a container that runs.
inside() # NAME COMMAND ARGUMENT...
{
    timeout -k 5 "${WEATHERD_TIMEOUT:-60}" podman exec "$(container_name "$1")" "${@:2}" </dev/null 3>&-
}

container_log() # NAME
{
    podman logs "$(container_name "$1")" 2>&1 3>&-
}

container_has() # NAME FIELD VALUE
{
    [[ $(podman inspect --format "{{.State.$2}}" "$(container_name "$1")" 3>&-) == "$3" ]]
}

# Waits until the container ends, prints its log and returns its exit code.
container_await() # NAME [SECONDS]
{
    wait_for "${2:-30}" container_has "$1" Running false || return 124
    container_log "$1"
    return "$(podman inspect --format '{{.State.ExitCode}}' "$(container_name "$1")" 3>&-)"
}

container_signal() # NAME SIGNAL
{
    podman kill --signal "$2" "$(container_name "$1")" >/dev/null 3>&-
}

container_stop() # NAME
{
    container_signal "$1" TERM && container_await "$1" 20
}

# ---- what runs in it

# The directory of a service, as s6's programs want it.
service() # NAME
{
    echo "/run/weatherd/services/$1"
}

service_is() # CONTAINER SERVICE FIELDS VALUES
{
    [[ $(inside "$1" s6-svstat -o "$3" "$(service "$2")") == "$4" ]]
}

# Whether the container's services are there and ready, and none else.
ready() # CONTAINER SERVICE...
{
    local service

    [[ $(inside "$1" ls /run/weatherd/services | sort) == "$(printf '%s\n' "${@:2}" | sort)" ]] || return
    for service in "${@:2}"; do
        service_is "$1" "$service" up,ready 'true true' || return
    done
}

healthy() # CONTAINER
{
    podman healthcheck run "$(container_name "$1")" 3>&-
}
