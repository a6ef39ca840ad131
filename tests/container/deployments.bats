#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# compose.yaml and the manifests of Kubernetes: whether those who read them will take them, and what the image makes of
# what is in them.

load ../lib/container
# shellcheck disable=SC2154 # kit_top is the kit's
compose=$kit_top/compose.yaml pods=$kit_top/examples/kubernetes/weatherd.yaml forecasts=$kit_top/examples/kubernetes/forecast.yaml

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

@test "producer, consumer and forecast of compose.yaml work together, with no more rights than it gives them" {
    local service

    helper trees.py make 1 rain.json reports.json
    value_is "$compose" services.forecast.volumes '["./rain.json:/etc/weatherd/rain.json:ro", "forecasts:/var/lib/weatherd-forecast"]'
    for service in producer consumer forecast; do
        value_is "$compose" "services.$service.read_only" true
        value_is "$compose" "services.$service.tmpfs" '["/run"]'
        value_is "$compose" "services.$service.cap_drop" '["ALL"]'
        value_is "$compose" "services.$service.security_opt" '["no-new-privileges"]'
        state_directory "$service"
        deployed "$service" "$compose" "$service" --read-only-tmpfs=false --tmpfs /run \
            --volume "$PWD/$service:$(directory_of "$service")" --volume "$PWD/rain.json:/etc/weatherd/rain.json:ro"
    done
    wait_for 20 ready producer weatherd-producer
    wait_for 20 ready consumer weatherd-consumer@0-1 weatherd-consumer@2-3
    wait_for 20 ready forecast weatherd-forecast@0-1 weatherd-forecast@2-3
    counted() { json_is consumer/partition-3.json 'd["StationA"]["count"] > 10'; }
    wait_for 30 counted
    foreseen() { json_is forecast/partition-3.json 'd["score"]["hits"] + d["score"]["correct_negatives"] > 10'; }
    wait_for 30 foreseen
    for service in producer consumer forecast; do
        healthy "$service"
        container_stop "$service"
    done
}

directory_of() # SERVICE
{
    [[ $1 == forecast ]] && echo /var/lib/weatherd-forecast || echo /var/lib/weatherd
}

@test "Kubernetes accepts the manifests, and would not accept a mistake" {
    validate "$pods"
    validate "$forecasts"
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

# A pod with no more rights than it has, of another group, with a directory of the group's.
pod() # NAME FILE CONTAINER OPTION...
{
    local pod=spec.template.spec

    value_is "$2" $pod.containers.0.securityContext.readOnlyRootFilesystem true &&
        value_is "$2" $pod.containers.0.securityContext.allowPrivilegeEscalation false &&
        value_is "$2" $pod.containers.0.securityContext.capabilities.drop '["ALL"]' &&
        value_is "$2" $pod.securityContext.runAsNonRoot true || return
    chown 0:10001 state
    chmod 2775 state
    deployed "$1" "$2" "$3" --read-only-tmpfs=false --tmpfs /run "${@:4}" \
        --user "$(manifest get "$2" $pod.securityContext.runAsUser):$(manifest get "$2" $pod.securityContext.fsGroup)"
}

probes_pass() # NAME FILE CONTAINER
{
    local kind command

    for kind in startup readiness liveness; do
        mapfile -t command < <(manifest probe "$2" "$3" "$kind")
        inside "$1" "${command[@]}" || return
    done
}

@test "a pod with its rights reads its partitions, and its probes find it well" {
    fill temperatures 30
    pod one "$pods" weatherd -e HOSTNAME=weatherd-1
    wait_for 20 ready one weatherd-consumer@2-3
    straight() { consumer -o consumer.directory=. --until-end 2-3 && same_files . state; }
    wait_for 20 straight
    probes_pass one "$pods" weatherd
    container_stop one
}

@test "a pod of forecasts with its rights predicts, its probes find it well, and it takes another model as its README says" {
    fill temperatures 30
    mkdir model
    helper trees.py make 1 model/rain.json reports.json
    pod one "$forecasts" weatherd --volume "$PWD/state:/var/lib/weatherd-forecast" --volume "$PWD/model:/etc/weatherd/model:ro"
    wait_for 20 ready one weatherd-forecast@0-1 weatherd-forecast@2-3
    predicted() { offsets_are "$(($(length temperatures)))" state/partition-{0..3}.json; }
    wait_for 20 predicted
    probes_pass one "$forecasts" weatherd
    inside one weatherctl show /var/lib/weatherd-forecast | grep '^StationA '
    echo '{}' >model/rain.json
    run inside one weatherd-forecast -o forecast.model=/etc/weatherd/model/rain.json --check-config
    expect_status 78
    helper trees.py make 2 model/rain.json reports.json
    inside one weatherd-forecast -o forecast.model=/etc/weatherd/model/rain.json --check-config
    inside one sh -c 'kill -HUP 1'
    reloaded() { [[ $(container_log one | grep -c 'settings reloaded') == 2 ]]; }
    wait_for 10 reloaded
    container_stop one
}

@test "each variable is in the manual, and the examples and the manual have no others" {
    known() { grep -oE 'WEATHERD_[A-Z_]+' "$kit_top"/s6/{start,service/run} -h | sort -u; }
    known >all
    grep -oE 'Ev WEATHERD_[A-Z_]+' "$kit_top/man/weatherd.7" | cut -c 4- | sort -u | diff all -
    grep -ohE 'WEATHERD_[A-Z_]+' "$compose" "$pods" "$forecasts" "$kit_top"/{README,doc/scaling,examples/kubernetes/README}.md |
        grep -v '^WEATHERD_\(BUILD\|CACHE\)$' | sort -u >used
    [[ -s used ]]
    [[ -z $(comm -13 all used) ]]
}
