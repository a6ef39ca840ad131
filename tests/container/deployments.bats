#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# compose.yaml and the manifests of Kubernetes: whether those who read them will take them, and what the image makes of
# what is in them.

load ../lib/container
# shellcheck disable=SC2154 # kit_top is the kit's
compose=$kit_top/compose.yaml pods=$kit_top/examples/kubernetes/weatherd.yaml

setup_file()
{
    requires java docker-compose
    local property arguments=()

    # The broker of compose.yaml, but for addresses and directories.
    while read -r property; do
        [[ $property =~ ^(node\.id|process\.roles|log\.dirs|.*listeners|controller\.quorum\.voters)= ]] || arguments+=("$property")
    done < <(manifest properties "$compose" kafka)
    ((${#arguments[@]} == 6))
    start_kafka "${arguments[@]}"
}

manifest() # COMMAND ARGUMENT...
{
    helper manifests.py "$@"
}

# The container of a service or pod, on the broker that is there.
deployed() # NAME FILE SERVICE OPTION...
{
    local options=() variable

    while read -r variable; do
        options+=(-e "${variable/kafka:9092/$BOOTSTRAP}")
    done < <(manifest environment "$2" "$3")
    ((${#options[@]})) && container "$1" "${options[@]}" "${@:4}"
}

value_is() # FILE PATH JSON
{
    [[ $(manifest get "$1" "$2") == "$3" ]]
}

@test "docker-compose accepts compose.yaml, and would not accept a mistake" {
    docker-compose -f "$compose" config -q
    sed 's/read_only:/readonly:/' "$compose" >mistaken.yaml
    run docker-compose -f mistaken.yaml config -q
    ((status != 0))
}

@test "Kafka knows the properties that compose.yaml sets" {
    local property

    while read -r property; do
        grep -E "^[[:space:]]${property%%=*} = " "$KIT_KAFKA/log" >/dev/null || {
            echo "not known: $property"
            return 1
        }
    done < <(manifest properties "$compose" kafka)
    # what was set is in force
    grep -E '^[[:space:]]auto\.create\.topics\.enable = false' "$KIT_KAFKA/log" >/dev/null
}

@test "producer and consumer of compose.yaml work together, with no more rights than it gives them" {
    local service

    for service in producer consumer; do
        value_is "$compose" "services.$service.read_only" true
        value_is "$compose" "services.$service.tmpfs" '["/run"]'
        value_is "$compose" "services.$service.cap_drop" '["ALL"]'
        value_is "$compose" "services.$service.security_opt" '["no-new-privileges"]'
        state_directory "$service"
        deployed "$service" "$compose" "$service" --read-only-tmpfs=false --tmpfs /run --volume "$PWD/$service:/var/lib/weatherd"
    done
    wait_for 20 ready producer weatherd-producer
    wait_for 20 ready consumer weatherd-consumer@0-1 weatherd-consumer@2-3
    counted() { json_is consumer/partition-3.json 'd["StationA"]["count"] > 10'; }
    wait_for 30 counted
    healthy producer
    healthy consumer
    container_stop producer
    container_stop consumer
}

@test "Kubernetes accepts the manifests, and would not accept a mistake" {
    validate "$pods"
    sed 's/readOnlyRootFilesystem/readonlyRootFilesystem/' "$pods" >mistaken.yaml
    run validate mistaken.yaml
    ((status != 0))
    expect_output 'readonlyRootFilesystem'
}

# By the schemas of a version that is old, and of one that is new.
validate() # FILE
{
    local version

    for version in 1.29 1.33; do
        PYTHONPATH=$WEATHERD_KUBERNETES /usr/bin/python3 -m kubernetes_validate --strict --kubernetes-version "$version" "$1" || return
    done
}

@test "a pod with its rights reads its partitions, and its probes find it well" {
    local pod=spec.template.spec kind command

    value_is "$pods" $pod.containers.0.securityContext.readOnlyRootFilesystem true
    value_is "$pods" $pod.containers.0.securityContext.allowPrivilegeEscalation false
    value_is "$pods" $pod.containers.0.securityContext.capabilities.drop '["ALL"]'
    value_is "$pods" $pod.securityContext.runAsNonRoot true
    fill temperatures 30
    # of another group, with a directory of the group's
    chown 0:10001 state
    chmod 2775 state
    deployed one "$pods" weatherd -e HOSTNAME=weatherd-1 --read-only-tmpfs=false --tmpfs /run \
        --user "$(manifest get "$pods" $pod.securityContext.runAsUser):$(manifest get "$pods" $pod.securityContext.fsGroup)"
    wait_for 20 ready one weatherd-consumer@2-3
    straight() { consumer -o consumer.directory=. --until-end 2-3 && same_files . state; }
    wait_for 20 straight
    for kind in startup readiness liveness; do
        mapfile -t command < <(manifest probe "$pods" weatherd "$kind")
        inside one "${command[@]}"
    done
    container_stop one
}

@test "each variable is in the manual, and the examples and the manual have no others" {
    known() { grep -oE 'WEATHERD_[A-Z_]+' "$kit_top"/s6/{start,service/run} -h | sort -u; }
    known >all
    grep -oE 'Ev WEATHERD_[A-Z_]+' "$kit_top/man/weatherd.7" | cut -c 4- | sort -u | diff all -
    grep -ohE 'WEATHERD_[A-Z_]+' "$compose" "$pods" "$kit_top"/{README,doc/scaling,examples/kubernetes/README}.md |
        grep -v '^WEATHERD_\(BUILD\|CACHE\)$' | sort -u >used
    [[ -s used ]]
    [[ -z $(comm -13 all used) ]]
}
