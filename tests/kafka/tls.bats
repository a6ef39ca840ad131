#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# TLS as users have it: an authority of their own, certificates of hosts and of clients, and passwords within. The
# broker has a door for the tests and four with TLS: one that is right, one whose certificate is another host's, one that asks for a
# client's certificate, and one that asks for a password.

# shellcheck disable=SC2154 # kit_top is the kit's

load ../lib/kit

setup_file()
{
    local controller doors pem

    requires java kcat protoc openssl
    export PKI=$BATS_FILE_TMPDIR/pki
    mkdir "$PKI"
    authority good
    authority evil
    certificate good broker subjectAltName=IP:127.0.0.1
    certificate good elsewhere subjectAltName=DNS:elsewhere.example.org
    certificate good client
    certificate good renewed
    certificate evil intruder

    controller=$((RANDOM % 6000 + 23000))
    export OPEN=127.0.0.1:$((controller + 1)) TLS=127.0.0.1:$((controller + 2)) WRONG_HOST=127.0.0.1:$((controller + 3)) \
        MUTUAL=127.0.0.1:$((controller + 4)) SASL=127.0.0.1:$((controller + 5))
    doors=PLAINTEXT://$OPEN,TLS://$TLS,WRONG://$WRONG_HOST,MUTUAL://$MUTUAL,SASL://$SASL
    pem=PEM
    start_kafka "listeners=$doors,CONTROLLER://127.0.0.1:$controller" "advertised.listeners=$doors" \
        "controller.quorum.voters=1@127.0.0.1:$controller" inter.broker.listener.name=PLAINTEXT \
        listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,WRONG:SSL,MUTUAL:SSL,SASL:SASL_SSL \
        ssl.keystore.type=$pem "ssl.keystore.location=$PKI/broker.chain" \
        ssl.truststore.type=$pem "ssl.truststore.location=$PKI/good.crt" \
        "listener.name.wrong.ssl.keystore.location=$PKI/elsewhere.chain" listener.name.wrong.ssl.keystore.type=$pem \
        listener.name.mutual.ssl.client.auth=required \
        sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512 \
        'listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_weatherd="right" user_ABCDEFGHIJKLMNOP="the+Secret/of=it";' \
        "listener.name.sasl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;"
    export BOOTSTRAP=$OPEN
    kafka tool configs --bootstrap-server "$OPEN" --alter --entity-type users --entity-name weatherd \
        --add-config 'SCRAM-SHA-512=[password=right]'
    new_topic temperatures
}

authority() # NAME
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1 authority" \
        -keyout "$PKI/$1.key" -out "$PKI/$1.crt" 2>/dev/null
}

# A key and a certificate, and both in one file.
certificate() # AUTHORITY NAME [EXTENSION]
{
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$PKI/$2.key" \
        -out "$PKI/$2.csr" 2>/dev/null
    openssl x509 -req -in "$PKI/$2.csr" -CA "$PKI/$1.crt" -CAkey "$PKI/$1.key" -CAcreateserial -days 2 \
        -extfile <(echo "${3-}") -out "$PKI/$2.crt" 2>/dev/null
    cat "$PKI/$2.key" "$PKI/$2.crt" >"$PKI/$2.chain"
}

# The settings of a client of that door: configure DOOR [PROPERTY=VALUE...]
configure()
{
    printf '[kafka]\nbootstrap.servers = %s\nsecurity.protocol = SSL\n' "$1" >tls.ini
    (($# == 1)) || printf '%s\n' "${@:2}" >>tls.ini
}

right=ssl.ca.location=$BATS_FILE_TMPDIR/pki/good.crt

produce() { BOOTSTRAP='' producer -c tls.ini -o 'topic temperatures.partitions=4' -o producer.days=3 -o producer.interval=0; }
consume() { BOOTSTRAP='' consumer -c tls.ini --until-end 0-3; }

# Both work through the door.
both_work()
{
    run produce
    expect_status 0
    run consume
    expect_status 0
    topic compare temperatures . --text
    rm -f partition-* .partition-* producer.json
}

# Both end with 69, have said why, and have left nothing behind.
both_are_refused() # MESSAGE
{
    run produce
    expect_status 69
    expect_output "err: Kafka refuses this client: .*$1"
    run consume
    expect_status 69
    expect_output "err: Kafka refuses this client: .*$1"
    [[ ! -e partition-0.json && ! -e producer.json ]]
}

@test "with the right authority both work, and nothing is warned about" {
    configure "$TLS" "$right"
    both_work
    if grep warning <<<"$output"; then return 1; fi
}

@test "a broker of another authority, or one unknown to the system, is refused" {
    configure "$TLS" "ssl.ca.location=$PKI/evil.crt"
    both_are_refused 'certificate verify failed'
    configure "$TLS"
    both_are_refused 'certificate verify failed'
}

@test "a certificate of another host is refused without any setting" {
    configure "$WRONG_HOST" "$right"
    both_are_refused 'certificate verify failed'
}

@test "verification that is turned off lets both work, and is warned about" {
    configure "$WRONG_HOST" "$right" ssl.endpoint.identification.algorithm=none
    both_work
    expect_output 'warning: .*ssl.endpoint.identification.algorithm = none: anybody on the way'
    configure "$TLS" enable.ssl.certificate.verification=false
    both_work
    expect_output 'warning: .*enable.ssl.certificate.verification = false: anybody on the way'
}

@test "a client's certificate is asked for, and only one of the broker's authority is good" {
    configure "$MUTUAL" "$right"
    both_are_refused ''
    configure "$MUTUAL" "$right" "ssl.certificate.location=$PKI/intruder.crt" "ssl.key.location=$PKI/intruder.key"
    both_are_refused ''
    configure "$MUTUAL" "$right" "ssl.certificate.location=$PKI/client.crt" "ssl.key.location=$PKI/client.key"
    both_work
    # a key that needs a password, which is in a file
    openssl pkcs8 -topk8 -in "$PKI/client.key" -passout pass:secret -out locked.key
    printf secret >key.password
    configure "$MUTUAL" "$right" "ssl.certificate.location=$PKI/client.crt" "ssl.key.location=$PWD/locked.key" \
        "ssl.key.password=@$PWD/key.password"
    both_work
}

@test "a client's certificate that is renewed in its place is in force with a reload" {
    local name

    cp "$PKI/client.crt" own.crt
    cp "$PKI/client.key" own.key
    configure "$MUTUAL" "$right" "ssl.certificate.location=$PWD/own.crt" "ssl.key.location=$PWD/own.key"
    BOOTSTRAP='' consumer_start sink -c tls.ini -o consumer.checkpoint_interval=0 0-3
    BOOTSTRAP='' producer_start source -c tls.ini -o 'topic temperatures.partitions=4'
    wait_for 20 json_is producer.json 'd["days"] > 0'
    wait_for 20 json_is partition-0.json 'd["offset"] > 0'
    cp "$PKI/renewed.crt" own.crt
    cp "$PKI/renewed.key" own.key
    for name in sink source; do
        send_signal $name HUP
        wait_for 10 log_has $name 'credentials .*going on with a new client'
    done
    name=$(json producer.json 'd["days"]')
    wait_for 30 json_is producer.json "d['days'] > $name"
    name=$(json partition-0.json 'd["offset"]')
    wait_for 30 json_is partition-0.json "d['offset'] > $name"
    within 5 stop source
    within 5 stop sink
    consume
    topic compare temperatures . --text
}

# Of the library that the daemons use: old_librdkafka 2.6.1
old_librdkafka() # VERSION
{
    local version

    version=$(consumer --version | sed -n 's/^librdkafka \([^,]*\),.*/\1/p')
    [[ -n $version && $version != "$1" && $(printf '%s\n' "$1" "$version" | sort -V | head -n 1) == "$version" ]]
}

@test "passwords within TLS: the right one is good, a wrong one is refused, and of SCRAM it is told when no one can be" {
    local mechanism

    for mechanism in PLAIN SCRAM-SHA-512; do
        configure "$SASL" "$right" sasl.mechanism=$mechanism sasl.username=weatherd "sasl.password=@$PWD/password"
        sed -i 's/^security.protocol = SSL$/security.protocol = SASL_SSL/' tls.ini
        printf wrong >password
        both_are_refused '[Aa]uthentication'
        printf right >password
        if [[ $mechanism == SCRAM* ]] && old_librdkafka 2.6.1; then
            both_are_refused "whatever the password, librdkafka .* can't log in to Kafka 4.0 or later by SCRAM"
        else
            both_work
        fi
    done
}

# As the files say, but for the address and the authority.
at_the_cloud() # consumer|producer ARGUMENT...
{
    BOOTSTRAP='' CREDENTIALS_DIRECTORY=$PWD/credentials "$1" -c "$kit_top/examples/cloud/$1.ini" \
        -o "kafka.bootstrap.servers=$SASL" -o "kafka.$right" "${@:2}"
}

cloud_produces() { at_the_cloud producer -o 'topic temperatures.replication_factor=1' -o producer.days=3 -o producer.interval=0; }
cloud_consumes() { at_the_cloud consumer --until-end 0-3; }

@test "examples/cloud: a wrong secret ends with 69 and says so, the right one gives the figures, and nobody sees it" {
    local secret='the+Secret/of=it' wrong='the+Secret/of=another' command

    mkdir credentials
    for command in cloud_produces cloud_consumes; do
        echo "$wrong" >credentials/kafka-password
        run $command
        expect_status 69
        expect_output 'err: Kafka refuses this client: .*[Aa]uthentication'
        if grep -F "$wrong" <<<"$output"; then return 1; fi
        echo "$secret" >credentials/kafka-password
        run $command
        expect_status 0
        if grep -F "$secret" <<<"$output"; then return 1; fi
    done
    topic compare temperatures . --text
    run at_the_cloud consumer --print-config
    expect_output '^sasl.password = '
    if grep -F "$secret" <<<"$output"; then return 1; fi
    run at_the_cloud consumer -v --until-end 0-3
    expect_status 0
    if grep -F "$secret" <<<"$output"; then return 1; fi

    BOOTSTRAP='' CREDENTIALS_DIRECTORY=$PWD/credentials consumer_start seen -c "$kit_top/examples/cloud/consumer.ini" \
        -o "kafka.bootstrap.servers=$SASL" -o "kafka.$right"
    wait_for 20 log_has seen 'reading from offset'
    tr '\0' '\n' <"/proc/$(pid_of seen)/cmdline" >visible
    tr '\0' '\n' <"/proc/$(pid_of seen)/environ" >>visible
    ps -ef >>visible
    grep -q examples/cloud/consumer.ini visible
    if grep -F "$secret" visible; then return 1; fi
    stop seen
}

@test "a client without TLS at a door with it, and the reverse, are told what may be the matter" {
    printf '[kafka]\nbootstrap.servers = %s\n' "$TLS" >tls.ini
    BOOTSTRAP='' consumer_start plain -c tls.ini 0
    wait_for 20 log_has plain 'warning: .*security.protocol'
    within 5 stop plain
    configure "$OPEN" "$right"
    BOOTSTRAP='' consumer_start secure -c tls.ini -o consumer.directory=. 0
    if old_librdkafka 2.1; then
        run await secure 20
        expect_status 69
        log_has secure 'err: Kafka refuses this client: .*SSL handshake failed'
    else # which takes it for a connection that was cut, and that may be all it is
        wait_for 20 log_has secure 'warning: .*SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener'
        within 5 stop secure
    fi
}
