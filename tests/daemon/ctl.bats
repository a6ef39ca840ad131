#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
#
# weatherctl on files of the consumer's and the forecast's, and on the mock cluster.

load ../lib/kit
# shellcheck disable=SC2154 # kit_top is the kit's
top=$kit_top

setup_file()
{
    start_mock temperatures:4
    fill temperatures 30
    mkdir "$BATS_FILE_TMPDIR/good"
    consumer -o "consumer.directory=$BATS_FILE_TMPDIR/good" --until-end 0-3
}

# A copy of the files, in "state".
take_files()
{
    cp -a "$BATS_FILE_TMPDIR/good" state
}

schema() { /usr/bin/python3 "$top/tests/lib/schema.py" "$top/share/$1.schema.json" "${@:2}"; }

# What the table must say: station, partition, reports, average to one decimal; by a reader of its own.
expected_rows() # DIRECTORY
{
    /usr/bin/python3 - "$1" <<'PYTHON'
import glob, json, re, sys
for path in glob.glob(sys.argv[1] + "/partition-*.json"):
    number = re.search(r"partition-(\d+)", path)[1]
    for key, value in json.load(open(path, encoding="utf-8")).items():
        if isinstance(value, dict):
            degrees = [f"{round(value[name], 1) + 0.0:.1f}" for name in ("avg", "min", "max")]
            print(key, number, value["count"], value["start"], value["end"], *degrees)
PYTHON
}

@test "--help names the commands, each command its options, and --version the libraries" {
    local command

    ctl --help >help
    for command in show status verify plot tail; do
        grep -E "^  $command " help
        ctl "$command" --help | grep -E "^Usage: weatherctl $command "
        ctl "$command" -h | grep -e '-h, --help'
    done
    ctl --version | grep -E '^weatherctl .*[0-9]+\.[0-9]+'
    ctl --version | grep -E 'librdkafka [0-9].*protobuf-c [0-9].*json-c [0-9]'
}

@test "usage errors exit 64, and a command that is nearly one is suggested" {
    local arguments

    while read -r arguments; do
        # shellcheck disable=SC2086 # words
        run ctl $arguments
        if ! { expect_status 64 && expect_output '^weatherctl: '; }; then
            echo "for $arguments" >&2
            return 1
        fi
    done <<'EOF2'

nothing
--nothing
show --nothing
show one two
show --watch --json
status --max-lag=x
status --max-lag=-1
status --max-age=5
status --max-lag=5 --offline
status --partitions=0-
status --partitions=
verify
plot
plot -o a.svg --unit=K
tail bad/name
tail --group=
tail -n x
EOF2
    run ctl shwo
    expect_status 64
    expect_output 'unknown command "shwo"; did you mean "show"\?'
    run ctl show -c nowhere.ini
    expect_status 78
}

@test "show has a row for each station of each file, as they are, within 80 columns" {
    take_files
    COLUMNS=80 ctl show state >table
    head -n 1 table | grep -E '^station +part +reports +from +to +average +lowest +highest$'
    sed '1d;$d' table | tr -s ' ' | sort >rows
    expected_rows state | sort | diff - rows
    [[ $(tail -n 1 table) == '10 stations, 300 reports in 4 partitions' ]]
    run grep -E '.{81}' table
    expect_status 1
}

@test "ids of any length and script stay in line" {
    mkdir state
    cat >state/partition-0.json <<'JSON'
{"offset": 5,
 "Zürich": {"count": 1, "sum": -0.04, "avg": -0.04, "start": "2000-01-01", "end": "2000-01-01"},
 "東京": {"count": 1, "sum": 1e300, "avg": 1e300, "start": "2000-01-01", "end": "2000-01-01"},
 "0123456789012345678901234567890123456789": {"count": 1, "sum": 1, "avg": 1, "start": "2000-01-01", "end": "2000-01-01"}}
JSON
    COLUMNS=80 ctl show state >table
    /usr/bin/python3 - <<'PYTHON'
import unicodedata
lines = open("table", encoding="utf-8").read().splitlines()[:-1]
widths = {sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in line) for line in lines}
assert len(widths) == 1 and widths.pop() <= 80, lines
assert any("…" in line for line in lines), lines
assert not any("-0.0" in line for line in lines), lines
PYTHON
}

# A terminal of that many columns.
on_terminal() # COLUMNS COMMAND...
{
    script -qec "stty cols $1 && ${*:2}" /dev/null </dev/null | tr -d '\r'
}

@test "ids are whole in a pipe; where the terminal or COLUMNS is narrow they are cut in the middle" {
    local number long=station-with-a-name-of-fifty-characters-or-so-number

    mkdir -p state/further
    for number in 17 18; do
        echo "\"$long-$number\": {\"count\": 1, \"sum\": 1, \"avg\": 1, \"start\": \"2000-01-01\", \"end\": \"2000-01-01\"}"
    done | paste -s -d , | sed 's/.*/{"offset": 2, &}/' | tee state/partition-0.json >state/further/partition-0.json
    ctl show state >whole
    grep -E "^temperatures  $long-17  " whole
    grep -E "^further +$long-18  " whole
    COLUMNS=80 ctl show state >narrow
    # the first date made room for them
    head -n 1 narrow | grep -E '^topic +station +part reports to +average lowest highest$'
    grep -E '^temperatures station-wi…number-17 ' narrow
    grep -E '^further +station-wi…number-18 ' narrow
    ctl show state/further >whole
    kit_ctl show state/further
    # shellcheck disable=SC2154 # set by kit_ctl
    on_terminal 140 "${kit_command[@]}" | diff whole -
    on_terminal 80 "${kit_command[@]}" | grep -E '^station-wit…-number-18 '
    COLUMNS=140 on_terminal 80 "${kit_command[@]}" | diff whole -
}

@test "a file that is not good is named, the others are shown, and the exit code is 65" {
    spoils state/partition-0.json
    take_files
    sed -i 's/"count": /"count": -/' state/partition-0.json
    run ctl show state
    expect_status 65
    expect_output '^weatherctl: .*state/partition-0.json: station "Station.": "count" is -30'
    expect_output 'in 3 partitions$'
    run ctl show --json --offline state
    expect_status 65
    run ctl status --offline state
    expect_status 2
    expect_output '^temperatures +0 +bad '
    run ctl plot -o x.svg state
    expect_status 65
    [[ -s x.svg ]]
}

@test "show --json and the files fit their schemas, and spoilt ones do not" {
    local layout

    mkdir tagged monthly
    consumer -o consumer.directory=tagged -o consumer.layout=tagged --until-end 0-3
    mock topic single 1
    fill single 60 -o 'topic single.partitions=1' -o simulator.stations=1
    consumer -o consumer.topic=single -o consumer.directory=monthly -o consumer.layout=monthly --until-end 0
    take_files
    for layout in state tagged monthly; do
        schema partition "$layout"/partition-*.json
        ctl show --json "$layout" >document
        schema show document
        ctl show --json --offline "$layout" >document
        schema show document
    done
    json_is document 'd["stations"][0]["month"] == "January" and d["stations"][0]["station"] == "StationA"'
    json_is document '[s["statistics"]["count"] for s in d["stations"]] == [31, 29]'

    sed 's/"count"/"number"/' state/partition-0.json >spoilt
    run schema partition spoilt
    expect_status 1
    sed 's/"January"/"Januar"/' monthly/partition-0.json >spoilt
    run schema partition spoilt
    expect_status 1
    sed '0,/"max_date"/s//"maxdate"/' tagged/partition-0.json >spoilt
    run schema partition spoilt
    expect_status 1
    sed 's/"lag": null/"lag": "none"/' document >spoilt
    run schema show spoilt
    expect_status 1
    sed 's/"version": 1/"version": 2/' document >spoilt
    run schema show spoilt
    expect_status 1
}

@test "a file that does not fit its schema fails the test that leaves it behind" {
    take_files
    kit_check_files "$PWD"
    sed -i '/"end"/d' state/partition-2.json
    run helper schema.py "$top/share/partition.schema.json" state/partition-2.json
    expect_output "^state/partition-2.json: Station[A-J]: 'end' is a required property"
    run kit_check_files "$PWD"
    ((status != 0))
    spoils state/partition-2.json
    kit_check_files "$PWD"
}

@test "show --json says what the files say, with the lag" {
    take_files
    ctl show --json state >document
    json_is document 'd["version"] == 1 and [p["partition"] for p in d["partitions"]] == [0, 1, 2, 3]'
    json_is document 'all(p["lag"] == 0 and p["topic"] == "temperatures" and not p["running"] for p in d["partitions"])'
    json_is document "{s['station']: s['statistics'] for s in d['stations']} == {
        k: v for n in range(4) for k, v in json.load(open(f'state/partition-{n}.json')).items() if k != 'offset'}"
    json_is document 'not any(s["merged"] for s in d["stations"])'
    jq '.StationA.count' state/partition-*.json
    # one that is behind
    sed -i -E '0,/"offset": [0-9]+/s//"offset": 1/' state/partition-0.json
    ctl show --json state >document
    json_is document 'd["partitions"][0]["lag"] > 10 and d["partitions"][1]["lag"] == 0'
}

@test "a station of two files is one, and flagged" {
    take_files
    cp state/partition-0.json state/partition-7.json
    ctl show --json --offline state >document
    json_is document "all(s['merged'] == (s['partitions'] == [0, 7]) for s in d['stations'])"
    json_is document "all(s['statistics']['count'] == (60 if s['merged'] else 30) for s in d['stations'])"
    json_is document "any(s['merged'] for s in d['stations'])"
    ctl show state | grep -E '^Station. +0,7 +60 '
    ctl show state | grep -E 'in several of them, merged$'
}

@test "the directory: argument, settings, STATE_DIRECTORY, working directory; with those of further topics" {
    mkdir one two three
    cp "$BATS_FILE_TMPDIR"/good/partition-0.json one
    cp "$BATS_FILE_TMPDIR"/good/partition-1.json two
    cp "$BATS_FILE_TMPDIR"/good/partition-2.json three
    parts() { (cd "${directory:-.}" && ctl show --json --offline "$@") | jq -c '[.partitions[].partition]'; }
    cd one
    [[ $(STATE_DIRECTORY=../two parts -o consumer.directory=../three ../one) == '[0]' ]]
    [[ $(STATE_DIRECTORY=../two parts -o consumer.directory=../three) == '[2]' ]]
    [[ $(STATE_DIRECTORY=../two parts) == '[1]' ]]
    # none that was built for is there, or this would be it
    [[ -d /usr/local/var/lib/weatherd || -d /var/lib/weatherd || $(parts) == '[0]' ]]
    [[ $(parts -o consumer.directory=../three -o 'topic x.directory=../two') == '[2,1]' ]]
    cd "$BATS_TEST_TMPDIR"
    cp -r two one/further
    [[ $(ctl show --json --offline one | jq -c '[.partitions[] | [.topic, .partition]]') == \
        '[["temperatures",0],["further",1]]' ]]
    ctl show one | head -n 1 | grep -E '^topic +station +part'
    run ctl show nowhere
    expect_status 73
    expect_output 'nowhere: No such file'
    mkdir empty
    run ctl show empty
    expect_status 0
    expect_output 'there is no partition-N.json yet'
    run ctl status empty
    expect_status 3
    expect_output '^UNKNOWN: '
}

@test "a copy in a subdirectory is named and does not count" {
    take_files
    ctl show state >without
    cp -a state copy && mv copy state/backup
    ctl show state >with 2>warned
    diff without with
    grep -E 'state/backup/partition-0.json: there is another file of this partition, .*and others like it' warned
    run ctl status --offline state
    [[ $output == *'and 1 more' ]] # of four, none of which is read
}

@test "show --watch prints the table again when a file was replaced, and SIGINT ends it with 0" {
    take_files
    ctl_start watch show --watch state
    tables() { (($(grep -c 'partitions' "$(out_of watch)") == $1)); }
    wait_for 10 tables 1
    sed 's/"count": 30/"count": 30 /' state/partition-0.json >state/.new
    mv state/.new state/partition-9.json
    wait_for 10 tables 2
    grep -E ' 0,9 ' "$(out_of watch)"
    # a topic that comes later
    mkdir state/later
    cp state/partition-9.json state/later
    wait_for 10 tables 3
    cp state/partition-9.json state/later/partition-1.json
    wait_for 10 tables 4
    send_signal watch INT
    await watch 5
}

@test "show --watch on a terminal redraws in place and leaves the cursor below" {
    take_files
    kit_ctl show --watch state
    # shellcheck disable=SC2154 # set by kit_ctl
    start terminal /usr/bin/python3 -c 'import os, pty, sys
os.environ["TERM"] = "xterm"
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "${kit_command[@]}"
    seen() { grep -F -e "$1" "$(out_of terminal)"; }
    wait_for 10 seen '10 stations'
    sed 's/StationB/StationX/' state/partition-0.json >state/.new
    mv state/.new state/partition-0.json
    wait_for 10 seen StationX
    seen $'\033[12A' # over ten stations, a heading and a total
    kill -INT "$(pgrep -P "$(pid_of terminal)" weatherctl)"
    await terminal 5
    # the last that was said of wrapping is that it is on
    [[ $(grep -o $'\033\[?7[lh]' "$(out_of terminal)" | tail -n 1) == $'\033[?7h' ]]
}

@test "status: not running is critical, running is not, and names the process" {
    take_files
    run ctl status state
    expect_status 2
    expect_output '^topic +part +offset +lag +records/s +stations +age +process$'
    expect_output '^temperatures +0 +[0-9]+ +0 +- +[0-9]+ +[0-9.]+(s|min|h) +no$'
    expect_output '^CRITICAL: temperatures 0 is read by no daemon; .*and 1 more$'
    consumer_start one -o consumer.directory=state 0-3
    run ctl status state
    expect_status 0
    expect_output "^temperatures +2 +[0-9]+ +0 +0.0 +[0-9]+ +[0-9.]+(s|min|h) +$(pid_of one)\$"
    [[ ${lines[-1]} == 'OK: 4 partitions, at most 0 records behind' ]]
    ctl show --json state >document
    json_is document 'all(p["running"] for p in d["partitions"])'
    stop one
    run ctl status state
    expect_status 2
}

@test "status with limits: the summary first, with performance data, and the exit codes of a plugin" {
    take_files
    consumer_start one -o consumer.directory=state 0-3
    run ctl status --max-lag=0 --max-age=1h state
    expect_status 0
    [[ ${lines[0]} =~ ^'OK: 4 partitions, at most 0 records behind | lag=0;;0;0 age='[0-9.]+'s;;3600;0 stations=10;;;0'$ ]]
    send_signal one STOP
    fill temperatures 31
    run ctl status --max-lag=5 state
    expect_status 2
    expect_output '^CRITICAL: temperatures [0-3] is [0-9]+ records behind'
    run ctl status --max-lag=100000 state
    expect_status 0
    run ctl status --max-age=1ms state
    expect_status 2
    expect_output '^CRITICAL: temperatures [0-3] was written [0-9]+ s ago'
    # nobody to ask: that is no fault of the daemon's
    run ctl status -o kafka.bootstrap.servers=127.0.0.1:1 --max-lag=5 --max-age=1ms state
    expect_status 1
    expect_output '^WARNING: temperatures 0 has an unknown lag'
    expect_output '^temperatures +0 +[0-9]+ +- '
    run ctl status --offline state
    expect_status 0
    send_signal one CONT
    stop one
}

@test "status --partitions leaves the files of others out" {
    take_files
    mkdir state/stations
    cp state/partition-2.json state/stations # of the topic that the directory is called like
    consumer_start one -o consumer.directory=state 0-1
    run ctl status --offline --partitions=0-1 state
    expect_status 0
    [[ ${lines[-1]} == 'OK: 2 partitions' ]]
    run ctl status --offline '--partitions=0 stations:2' state
    expect_status 2
    expect_output '^CRITICAL: stations 2 is read by no daemon$'
    [[ $output != *'temperatures 2'* ]]
    run ctl status --offline --partitions=stations:0-1 state
    expect_status 3
    stop one
}

@test "status waits for brokers that do not answer for two seconds, and --offline for none" {
    take_files
    run within 20 ctl status -o kafka.bootstrap.servers=127.0.0.1:1 state
    expect_status 2
    expect_output "can't ask Kafka for the ends of the partitions: "
    run ctl status --offline state
    expect_status 2
    [[ $output != *"can't ask"* ]]
}

@test "status shows how fast records are counted" {
    mock topic moving 4
    producer_start source -o 'topic moving.partitions=4' -o producer.interval=10ms
    consumer_start sink -o consumer.topic=moving -o consumer.checkpoint_interval=200ms 0-3
    fast() { ctl status . | awk '$1 == "moving" && $5 > 100 && $5 < 100000' | grep -q .; }
    wait_for 20 fast
    stop source && stop sink
}

@test "verify looks at every file, and refuses what the consumer refuses" {
    local name message failed=0

    take_files
    ctl verify state/partition-{0..3}.json >verified
    [[ $(wc -l <verified) == 4 ]]
    grep -E '^state/partition-0.json: ok, offset [0-9]+, [0-9]+ stations?$' verified
    run ctl verify state/nothing state/partition-9.json nowhere/partition-0.json state/partition-1.json
    expect_status 65
    expect_output 'state/nothing: is not called partition-N.json'
    expect_output 'state/partition-9.json: No such file'
    expect_output 'nowhere/partition-0.json: No such file'
    expect_output '^state/partition-1.json: ok'
    mock topic spoilt 1
    fill spoilt 9 -o 'topic spoilt.partitions=1' -o simulator.stations=1
    mkdir single && consumer -o consumer.topic=spoilt -o consumer.directory=single --until-end 0
    while IFS=$'\t' read -r name message; do
        [[ $name != another-layout ]] || continue # which is for the settings to say
        spoils "$name"
        mkdir "$name" && cp -a single/. "$name"
        helper corrupt.py "$name" "$name/partition-0.json"
        run ctl verify "$name/partition-0.json"
        if ! { expect_status 65 && expect_output "$message" && expect_output 'partition-0.json'; } 2>error; then
            printf '%s: %s\n' "$name" "$(<error)"
            failed=$((failed + 1))
        fi
    done < <(helper corrupt.py list)
    ((failed == 0))
}

@test "verify compares the name with the number inside, and reads the source file" {
    spoils state/partition-0.json # its source file
    mkdir state
    consumer -o consumer.directory=state -o consumer.layout=tagged --until-end 0-1
    ctl verify state/partition-0.json
    mv state/partition-0.json state/partition-5.json
    run ctl verify state/partition-5.json
    expect_status 65
    expect_output 'partition-5.json: "partition" is 0, must be 5'
    mv state/partition-5.json state/partition-0.json
    sed -i 's/"partition": 0/"partition": 3/' state/.partition-0.source
    run ctl verify state/partition-0.json
    expect_status 65
    expect_output 'state/.partition-0.source: "partition" is 3, must be 0'
}

@test "verify takes a month without years for one, as the consumer does" {
    echo '{"partition": 0, "offset": 3, "May": {}}' >partition-0.json
    run ctl verify partition-0.json
    expect_status 0
    expect_output 'ok, offset 3, 0 months'
}

# The texts of a class in a picture, a line each; that it is XML at all is checked by the way.
texts() # FILE CLASS
{
    /usr/bin/python3 - "$@" <<'PYTHON'
import sys
import xml.etree.ElementTree as tree
for text in tree.parse(sys.argv[1]).iter("{http://www.w3.org/2000/svg}text"):
    if sys.argv[2] in text.get("class").split():
        print(text.text)
PYTHON
}

@test "plot draws a bar a station, labelled with text and the average" {
    local inode

    take_files
    ctl plot -o averages.svg state
    texts averages.svg label >labels
    printf 'Station%s\n' A B C D E F G H I J | diff - labels
    paste -d ' ' labels <(texts averages.svg value) >found
    expected_rows state | awk '{ print $1, $6 }' | sort | diff - found
    [[ $(texts averages.svg unit) == degrees ]]
    ctl plot --unit=F -o - state >to-stdout.svg
    [[ $(texts to-stdout.svg unit) == °F ]]
    # another file takes its place, and nothing is left beside it
    inode=$(stat -c %i averages.svg)
    ln averages.svg kept.svg
    ctl plot -o averages.svg --unit=C state
    [[ $(stat -c %i averages.svg) != "$inode" && $(stat -c %i kept.svg) == "$inode" ]]
    [[ $(texts averages.svg unit) == °C && $(find . -maxdepth 1 -name '.*tmp*') == '' ]]
    run ctl plot -o nowhere/x.svg state
    expect_status 74
    mkdir empty
    run ctl plot -o x.svg empty
    expect_status 65
    [[ ! -e x.svg ]]
}

@test "plot of months has a bar for each, of the latest year that has it, in the calendar's order" {
    mock topic months 1
    fill months 800 -o 'topic months.partitions=1' -o simulator.stations=1
    consumer -o consumer.topic=months -o consumer.layout=monthly --until-end 0
    ctl plot -o months.svg .
    texts months.svg label >labels
    printf '%s\n' January-2002 February-2002 March-2002 April-2001 May-2001 June-2001 July-2001 August-2001 \
        September-2001 October-2001 November-2001 December-2001 | diff - labels
    [[ $(texts months.svg value | sed -n 4p) == $(jq '.April["2001"].avg' partition-0.json | xargs printf '%.1f') ]]
}

# ---- files of weatherd-forecast, made without Kafka

# partition-N.json of a tree and reports that are drawn with the seed N, the stations P<N>StationA to H.
foresee() # DIRECTORY N...
{
    local directory=$1 n

    mkdir -p "$directory"
    for n in "${@:2}"; do
        helper trees.py make "$n" tree.json reports.json
        sed -i "s/\"Station/\"P${n}Station/" reports.json
        "$WEATHERD_BUILD/tests/lib/foresee" tree.json seven.json <reports.json >predictions.json
        sed "s/\"partition\": 7/\"partition\": $n/" seven.json >"$directory/partition-$n.json"
    done
}

# What show must say of forecasts, by a reader of its own; the last line is about the score.
expected_predictions() # DIRECTORY
{
    /usr/bin/python3 - "$1" <<'PYTHON'
import datetime, glob, json, sys
rain, rows, score = ["dry", "rain"], [], {}
for path in glob.glob(sys.argv[1] + "/partition-*.json"):
    document = json.load(open(path, encoding="utf-8"))
    for count in ("hits", "false_alarms", "misses", "correct_negatives"):
        score[count] = score.get(count, 0) + document["score"][count]
    for name, station in document["stations"].items():
        last, following = station["days"][-1], station.get("prediction")
        row = [name, last["date"], rain[last["predicted"]] if "predicted" in last else "-", rain[last["raining"]]]
        if following:
            assert datetime.date.fromisoformat(following["date"]).toordinal() == datetime.date.fromisoformat(last["date"]).toordinal() + 1
            row += [following["date"], rain[following["prediction"]], f"{following['probability']:.2f}"]
        rows.append(" ".join(row + ["-", "-", "-"] * (not following)))
print(*sorted(rows), sep="\n")
n = sum(score.values())
print(f"accuracy {(score['hits'] + score['correct_negatives']) / n:.1%} of {n} predictions, "
      f"\"never rains\" {(score['false_alarms'] + score['correct_negatives']) / n:.1%}".replace("%", " %"))
PYTHON
}

@test "show of a forecast's directory: what was predicted and what happened, the next day, and the score, within 80 columns" {
    foresee state 1 2 3
    ctl verify state/partition-{1..3}.json >verified
    grep -E '^state/partition-2.json: ok, offset [0-9]+, 9 stations$' verified
    COLUMNS=80 ctl show state >table
    head -n 1 table | grep -E '^station +last day +predicted +happened +next day +prediction +probability$'
    # the station of all three partitions has a row, by the latest day
    (($(wc -l <table) == 1 + 3 * 8 + 1 + 1))
    sed '1d' table | grep '^P\|^accuracy' | tr -s ' ' | LC_ALL=C sort >rows
    expected_predictions state | grep '^P\|^accuracy' | LC_ALL=C sort | diff - rows
    grep -E ' (dry|rain) +(dry|rain) +2012-' rows
    run grep -E '.{81}' table
    expect_status 1
    ctl show --json --offline state >document
    json_is document '[p["layout"] for p in d["partitions"]] == ["forecast"] * 3 and d["stations"] == []'
    json_is document "{(f['partition'], f['station']): (f['days'], f.get('prediction')) for f in d['forecasts'] if f['station'][0] == 'P'} == {
        (n, k): (s['days'], s.get('prediction')) for n in (1, 2, 3)
        for k, s in json.load(open(f'state/partition-{n}.json'))['stations'].items() if k[0] == 'P'}"
    json_is document "[p['score'] for p in d['partitions']] == [json.load(open(f'state/partition-{n}.json'))['score'] for n in (1, 2, 3)]"
    schema show document
    sed 's/"accuracy": 0/"accuracy": 1/' document >spoilt
    run schema show spoilt
    expect_status 1
}

@test "a station of two partitions of a forecast is shown by its latest day" {
    foresee state 1
    jq '.partition = 2 | .stations |= map_values(del(.prediction) | .days |= map(.date |= sub("2012"; "2011")))' \
        state/partition-1.json >state/partition-2.json
    ctl verify state/partition-2.json
    ctl show state | sed '$d' >both
    rm state/partition-2.json
    ctl show state | sed '$d' | diff both -
}

@test "a consumer's stations called score and stations are stations" {
    local layout member='{"count": 1, "sum": 1, "avg": 1, "start": "2000-01-01", "end": "2000-01-01"}'

    for layout in '"offset": 2' '"partition": 0, "offset": 2'; do
        mkdir -p state
        echo "{$layout, \"score\": $member, \"stations\": $member}" >state/partition-0.json
        ctl show state >table
        [[ $(tail -n 1 table) == '2 stations, 2 reports in 1 partition' ]]
        [[ $(ctl verify state/partition-0.json) == *'ok, offset 2, 2 stations' ]]
        ctl show --json --offline state >document
        json_is document 'd["partitions"][0]["layout"] != "forecast" and "forecasts" not in d'
    done
}

@test "a forecast's file that is not good is named and refused by verify, show, status and plot" {
    local change message

    foresee good 1
    spoils state
    while IFS=$'\t' read -r change message; do
        rm -rf state && mkdir state
        sed -E "$change" good/partition-1.json >state/partition-1.json
        ! cmp good/partition-1.json state/partition-1.json >/dev/null
        run ctl verify state/partition-1.json
        expect_status 65
        expect_output "state/partition-1.json: $message"
        run ctl show state
        expect_status 65
        expect_output "state/partition-1.json: $message"
        run ctl status --offline state
        expect_status 2
        expect_output 'CRITICAL: temperatures 1 has a bad file'
        run ctl plot -o x.svg state
        expect_status 65
    done <<'EOF2'
s/("score".*)"accuracy": 0\.[0-9]/\1"accuracy": 0.99/	"score" "accuracy" is 0\.99.*, must be 0\.[0-9]+ by the counts
s/("score".*)"base_rate": 0/\1"base_rate": 1/	"score" "base_rate" is 1\.[0-9]+, must be from 0 to 1
s/"hits": /"hits": -/	"score" "hits" is -[0-9]+, must be at least 0
s/"partition": 1/"partition": 2/	"partition" is 2, must be 1
s/"predicted": 1/"predicted": 2/	station "P1Station.": days\[.\]: "predicted" is 2, must be at most 1
s/"version": 1/"version": 2/	"model": "version" is 2
EOF2
}

@test "status of a forecast: lag and age as of any, and how right it was" {
    local hits

    foresee state 1 2
    run ctl status --offline state
    expect_status 2
    expect_output '^temperatures +2 +[0-9]+ +- +- +9 +[0-9.]+(s|min|h) +no$'
    expect_output '^topic +part +accuracy +base rate +hits +false alarms +misses +correct negatives$'
    expect_output '^CRITICAL: temperatures 1 is read by no daemon; temperatures 2 is read by no daemon$'
    json state/partition-2.json '"{accuracy:.1f} % {base_rate:.1f} % {hits} {false_alarms} {misses} {correct_negatives}".format(
        **{k: v if isinstance(v, int) else 100 * v for k, v in d["score"].items()})' >expected
    hits=$(ctl status --offline state | awk '$1 == "temperatures" && $2 == 2 && $4 == "%"' | tr -s ' ')
    [[ $hits == "temperatures 2 $(<expected)" ]]
    run ctl status --offline --max-age=1h state
    expect_output '^CRITICAL: .* \| age=[0-9.]+s;;3600;0 stations=18;;;0$'
    run ctl status --offline --partitions=1 state
    [[ $output != *'temperatures     2'* ]]
}

@test "a directory with files of both daemons shows both, and no file is a copy of the other's" {
    take_files
    foresee state/forecast 1 2
    cp state/.partition-{1,2}.source state/forecast # of the same topic
    ctl show state >table 2>warned
    [[ ! -s warned ]]
    grep -x '10 stations, 300 reports in 4 partitions' table
    grep -E '^P2StationA +2012-' table
    tail -n 1 table | grep '^accuracy '
    ctl plot -o averages.svg state
    [[ $(texts averages.svg title) == 'Average by station' ]]
}

@test "show --watch of a forecast shows the next days as they come" {
    foresee state 1
    foresee later 2
    ctl_start watch show --watch state
    scores() { (($(grep -c '^accuracy' "$(out_of watch)") == $1)); }
    wait_for 10 scores 1
    cp later/partition-2.json state/.new
    mv state/.new state/partition-2.json
    wait_for 10 scores 2
    grep -E '^P2StationA ' "$(out_of watch)"
    send_signal watch INT
    await watch 5
}

@test "a terminal of few lines has as many stations as fit, and the score below them" {
    foresee state 1 2
    kit_ctl show --watch state
    start terminal /usr/bin/python3 -c 'import fcntl, os, pty, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 10, 80, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"accuracy" not in seen:
    seen += os.read(fd, 65536)
os.kill(pid, 2)
os.waitpid(pid, 0)
print(seen.decode().replace("\r", "").replace("\033[K", ""))' "${kit_command[@]}"
    await terminal 10
    sed -n '/station/,/accuracy/p' "$(out_of terminal)" >picture
    (($(wc -l <picture) == 9))
    tail -n 2 picture | head -n 1 | grep -x '… and 11 more'
}

@test "plot of a forecast draws each partition's accuracy beside never rains, at 3 bars and at 60" {
    local n

    foresee state 1 2 3
    ctl plot -o three.svg state
    [[ $(texts three.svg title) == 'Predictions of rain by partition' ]]
    texts three.svg label | diff <(printf 'partition %d\n' 1 2 3) -
    for n in 1 2 3; do
        json state/partition-$n.json '"%.1f" % (100 * d["score"]["accuracy"])'
    done | diff - <(texts three.svg value)
    [[ $(texts three.svg subtitle) == "temperatures, $(expected_predictions state | tail -n 1)" ]]
    [[ $(texts three.svg legend) == '"never rains"' ]]
    for n in {4..60}; do
        sed "s/\"partition\": 1/\"partition\": $n/" state/partition-1.json >"state/partition-$n.json"
    done
    ctl plot -o sixty.svg state
    (($(texts sixty.svg label | wc -l) == 60))
    (($(grep -c '<path class="mark"' sixty.svg) == 60 + 1))
    # nothing scored yet
    mkdir young
    echo '{"offset": 0, "partition": 0, "score": {"hits": 0, "false_alarms": 0, "misses": 0, "correct_negatives": 0},' \
        '"stations": {}}' >young/partition-0.json
    run ctl plot -o x.svg young
    expect_status 65
    expect_output "no prediction's day has come yet, so there is nothing to draw"
    [[ $(ctl show young | tail -n 1) == "no prediction's day has come yet" ]]
    ctl status --offline young | grep -E '^temperatures +0 +- +- +0 +0 +0 +0$'
}

@test "tail prints the reports as lines, from the beginning and only as many as wanted" {
    local number

    ctl tail --group=one --from-beginning -n 300 >lines
    [[ $(wc -l <lines) == 300 ]]
    topic dump temperatures | jq -c '[.station_id, .date, .degrees, .partition, (.raining | if . then 1 else 0 end)]' |
        sort >expected
    jq -c '[.station_id, .date, .degrees, .partition, .raining]' lines | sort >found
    (($(comm -23 found expected | wc -l) == 0))
    number=$(grep -c -E \
        '^\{"station_id": "Station[A-J]", "date": "2000-[0-9-]{5}", "degrees": -?[0-9.]+, "partition": [0-3], "raining": [01]\}$' lines)
    ((number == 300))
}

@test "tail prints what is no report with its place, and --raw whatever there is" {
    mock topic odd 1
    topic send odd <<'JSON'
{"raw": "garbage", "key": "k"}
{"raw": null, "key": "gone"}
{"raw_base64": "AAD/", "key": "ü"}
JSON
    ctl tail --group=odd --from-beginning -n 3 odd >lines
    jq -e -s 'map(.offset) == [0, 1, 2] and all(.partition == 0 and (.error | length > 5))' lines
    ctl tail --group=raw --raw --from-beginning -n 3 odd >lines
    diff - lines <<'JSON'
{"partition": 0, "offset": 0, "key": "k", "value": "garbage"}
{"partition": 0, "offset": 1, "key": "gone", "value": null}
{"partition": 0, "offset": 2, "key": "ü", "value_base64": "AAD/"}
JSON
}

@test "tail ends with 0 on SIGTERM and SIGINT at once, with a broker and without" {
    ctl_start tail tail --group=ended
    grow() { [[ -s $(out_of tail) ]]; }
    ctl_start beginning tail --group=begun --from-beginning
    read_some() { [[ -s $(out_of beginning) ]]; }
    wait_for 20 read_some
    send_signal beginning TERM
    within 5 await beginning 5
    send_signal tail INT
    within 5 await tail 5
    ctl_start lost tail -o kafka.bootstrap.servers=127.0.0.1:1
    wait_for 10 log_has lost 'weatherctl: warning: Kafka: '
    send_signal lost TERM
    within 5 await lost 5
}

@test "whoever stops reading ends it quietly, and a full disk is an error" {
    take_files
    kit_ctl tail --group=closed --from-beginning
    # shellcheck disable=SC2154 # set by kit_ctl
    start closed bash -c 'set -o pipefail; "$@" | head -n 1' - "${kit_command[@]}"
    await closed 20 || (($? == 141))
    [[ $(wc -l <"$(out_of closed)") == 1 && ! -s $(log_of closed) ]]
    # shellcheck disable=SC2016 # expanded there
    run bash -c '"$@" >/dev/full' - "$(built weatherctl)" verify state/partition-0.json
    expect_status 74
}

complete_words() # WORD...
{
    # shellcheck disable=SC2016 # expanded there
    PATH=$(dirname "$(built weatherctl)"):$PATH bash -c '. "$1"
        compopt() { :; }
        COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
        "$(complete -p "$2" | sed "s/.*-F \([^ ]*\) .*/\1/")" "$2"
        echo "${COMPREPLY[*]}"' - "$top/completion/weatherctl" "$@"
}

@test "completion in bash knows commands, options, keys, their values and files" {
    mkdir directory
    : >file.ini
    [[ $(complete_words weatherctl '') == 'show status verify plot tail --help --version' ]]
    [[ $(complete_words weatherctl st) == status ]]
    [[ $(complete_words weatherctl show --) == '--watch --json --offline --help --verbose --config= --option=' ]]
    [[ $(complete_words weatherctl plot --unit = '') == 'F C' ]]
    [[ $(complete_words weatherctl show -o consumer.f) == consumer.format= ]]
    [[ $(complete_words weatherctl tail -o consumer.format = j) == json ]]
    [[ $(complete_words weatherctl plot --option consumer.la) == 'consumer.layout= consumer.late=' ]]
    [[ $(complete_words weatherctl plot -o 'fi') == file.ini ]]
    [[ $(complete_words weatherctl verify 'fi') == file.ini ]]
    [[ $(complete_words weatherctl show '') == directory ]]
    [[ $(complete_words weatherd-consumer --until) == --until-end ]]
    [[ $(complete_words weatherd-consumer -c f) == file.ini ]]
    [[ $(complete_words weatherd-producer -o producer.source = '') == 'simulator csv orders events' ]]
    [[ $(complete_words weatherd-producer --fr) == --fresh ]]
    [[ $(complete_words weatherd-forecast -o forecast.mod) == forecast.model= ]]
}

@test "what is typed at an interactive bash is completed" {
    mkdir directory
    : >file.ini
    printf '%s\n' "PATH=$(dirname "$(built weatherctl)"):\$PATH" ". '$top/completion/weatherctl'" >rc
    helper typed.py rc 'weatherctl sho^I--w^Idir^I' 'weatherctl tail -o consumer.form^Ijs^I' 'weatherctl plot --un^IC' \
        'weatherd-consumer -c fi^I--print^I' 'weatherd-producer -o producer.source=s^I' >completed
    diff - completed <<'EOF2'
weatherctl show --watch directory/
weatherctl tail -o consumer.format=json 
weatherctl plot --unit=C
weatherd-consumer -c file.ini --print-config 
weatherd-producer -o producer.source=simulator 
EOF2
}
