#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# On a cluster that asks for permissions, those that weatherd(7) names are enough, and each is needed. The broker has
# two doors: one for the tests, whose user may do everything, and one with passwords.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

setup_file()
{
    start_guarded_kafka 'user_producer="p # = ;p" user_consumer="c" user_forecast="c" user_person="c"' \
        authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer super.users=User:ANONYMOUS
}

# A daemon of ours through the guarded door; the producer's password has what an INI file might take amiss.
as() # USER PROGRAM ARGUMENT...
{
    local password=c

    [[ $1 != producer ]] || password='p # = ;p'
    cat >"$1.ini" <<EOF
[kafka]
security.protocol = SASL_PLAINTEXT
sasl.mechanism = PLAIN
sasl.username = $1
sasl.password = @$PWD/$1.password
EOF
    printf %s "$password" >"$1.password"
    BOOTSTRAP=$GUARDED "$2" -c "$1.ini" "${@:3}"
}

# The permissions of the manual whose command holds all the words.
grant() # WORD...
{
    local command granted=0

    while read -r command; do
        if has_words "$command" "$@"; then
            command=${command/localhost:9092/$OPEN}
            # shellcheck disable=SC2086 # a command line
            kafka tool org.apache.kafka.tools.AclCommand ${command#kafka-acls.sh}
            granted=$((granted + 1))
        fi
    done < <(/usr/bin/python3 "$top/tests/lib/documents.py" commands "$top/man/weatherd.7" kafka-acls.sh)
    ((granted == 1))
}

has_words() # TEXT WORD...
{
    local text=$1 word

    for word in "${@:2}"; do
        [[ $text == *$word* ]] || return 1
    done
}

@test "with the permissions of the manual, one after the other, everything works that they are for" {
    # no permission at all
    run as producer producer -o producer.days=1 -o producer.interval=0
    expect_status 69
    grant User:producer Create
    as producer producer -o producer.days=5 -o producer.interval=0
    run as producer producer --fresh -o producer.days=5 -o producer.interval=0 -o "topic temperatures.if_exists=recreate"
    expect_status 69
    expect_output "topic temperatures can't be deleted: .*if_exists = keep"
    grant User:producer Delete
    as producer producer --fresh -o producer.days=6 -o producer.interval=0 -o "topic temperatures.if_exists=recreate"

    run as consumer consumer --until-end 0-3
    expect_status 69
    expect_output 'topic temperatures: the broker refuses access; grant READ and DESCRIBE on it'
    grant User:consumer Read temperatures
    run as consumer consumer --until-end 0-3
    expect_status 0
    (($(grep -c 'warning' <<<"$output") == 1))
    expect_output 'warning: the group weatherd does not take offsets: .*grant READ on the group, or set commit = no'
    topic compare temperatures .
    run as consumer consumer --until-end -o consumer.commit=no 0-3
    expect_status 0
    if grep -q warning <<<"$output"; then return 1; fi
    grant User:consumer group
    rm partition-0.json .partition-0.source
    run as consumer consumer --until-end 0-3
    expect_status 0
    if grep -q warning <<<"$output"; then return 1; fi
    kafka tool org.apache.kafka.tools.consumer.group.ConsumerGroupCommand --bootstrap-server "$OPEN" --describe \
        --group weatherd >groups
    (($(awk '$2 == "temperatures" && $4 == $5 && $6 == 0' groups | wc -l) == 4))

    new_topic temperatures-invalid 1
    echo '{"raw": "no report", "key": "x", "partition": 0}' | topic send temperatures
    run as consumer consumer --until-end -o consumer.invalid_topic=temperatures-invalid 0-3
    expect_status 69
    expect_output 'grant WRITE and DESCRIBE on that topic'
    grant temperatures-invalid
    as consumer consumer --until-end -o consumer.invalid_topic=temperatures-invalid 0-3
    [[ $(kcat -b "$OPEN" -C -t temperatures-invalid -e -q) == 'no report' ]]

    run as consumer consumer --until-end -o consumer.summary_topic=temperatures-by-station 0-3
    expect_status 69
    expect_output 'temperatures-by-station can.t be made: Authorization failed.*grant CREATE, WRITE and DESCRIBE on it'
    # made by somebody else
    new_topic temperatures-by-others 1
    run as consumer consumer --until-end -o consumer.summary_topic=temperatures-by-others 0-3
    expect_status 69
    expect_output 'grant CREATE, WRITE and DESCRIBE on it'
    grant temperatures-by-station
    as consumer consumer --until-end -o consumer.summary_topic=temperatures-by-station 0-3
    helper summaries.py "$OPEN" temperatures-by-station .
}

@test "with the permissions of the manual a forecast works, and without them is told which are missing" {
    local at=(-o forecast.model=rain.json --until-end 0-3)

    fill temperatures 10
    helper trees.py make 1 rain.json reports.json
    run as forecast forecast "${at[@]}"
    expect_status 69 # by whichever topic is refused first
    expect_output 'grant (READ|WRITE) and DESCRIBE on (it|that topic)'
    grant User:forecast temperatures
    run as forecast forecast "${at[@]}"
    expect_status 69
    expect_output 'prediction.*grant (CREATE, )?WRITE and DESCRIBE on'
    grant User:forecast predictions
    run as forecast forecast "${at[@]}"
    expect_status 0
    expect_output 'warning: the group weatherd-forecast does not take offsets: .*grant READ on the group, or set commit = no'
    grant User:forecast group
    # a broker hears of a permission a little after it has been given
    wait_for 30 forecasts_and_misses_no_permission "${at[@]}"
    (($(kcat -b "$OPEN" -C -t predictions -e -q | wc -l) > 50))
}

forecasts_and_misses_no_permission() # ARGUMENT...
{
    rm -f partition-0.json .partition-0.source
    as forecast forecast "$@" >log 2>&1 || return
    if grep grant log; then return 1; fi
}

@test "with the permissions of the manual a person reads along, and without them is told which are missing" {
    printf c >person.password
    person() { # without the kit's door
        "$(built weatherctl)" "$@" -o "kafka.bootstrap.servers=$GUARDED" -o kafka.security.protocol=SASL_PLAINTEXT \
            -o kafka.sasl.mechanism=PLAIN -o kafka.sasl.username=person -o "kafka.sasl.password=@$PWD/person.password" \
            temperatures
    }
    run person tail --from-beginning -n 1 -c /dev/null
    expect_status 69
    grant User:person topic
    run person tail --from-beginning -n 1 -c /dev/null
    expect_status 69
    grant User:person group
    run person tail --from-beginning -n 1 -c /dev/null
    expect_status 0
    expect_output '^\{"station_id": "Station'
}

@test "a wrong password ends both daemons with 69, and a password with # and = and blanks arrives whole" {
    as producer producer --check-config # makes the file
    printf wrong >producer.password
    BOOTSTRAP=$GUARDED run producer -c producer.ini -o producer.days=1
    expect_status 69
    expect_output 'Kafka refuses this client'
    BOOTSTRAP=$GUARDED run consumer -c producer.ini 0
    expect_status 69
    # the same without the detour of a file
    sed -i 's/^sasl.password = .*/sasl.password = p # = ;p/' producer.ini
    BOOTSTRAP=$GUARDED run producer -c producer.ini --check-config
    expect_status 78
    expect_output 'producer.ini:5: '
}
