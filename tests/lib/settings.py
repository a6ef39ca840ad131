#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes every mistake that a settings file can have and holds what a program says of it against what it should say.

    settings.py PROGRAM [ARGUMENT]...

The keys and the forms of their values are those of PROGRAM --help: for each key, and for each that may stand in
[topic NAME], values that are not of its form or out of its range, the key twice, and the key misspelt. Each file is
given to --check-config and to a plain start with the ARGUMENTs. All mistakes of a kind of line stand in a few files
together, and each must be told with its own line; the first of each kind stands alone in a file as well. Every run
must end with 78, print nothing else, leave its directory as it was, and make no connection to the broker it is told.

Prints how many mistakes and runs there were, or what was wrong with exit code 1.
"""

import concurrent.futures
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # the sources may be read-only
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import documents  # noqa: E402

TOPIC = "a.topic"  # of [topic NAME]
INT64_MAX = 2**63 - 1
LINE_MAX = 4096
NAME_MAX = 249  # bytes of a topic's name

# For each row of [kafka] that stands for many keys: one of them.
KAFKA = {
    "*password*": "sasl.password",
    "*secret*": "sasl.oauthbearer.client.secret",
    "ssl.key.pem": "ssl.key.pem",
    "sasl.oauthbearer.config": "sasl.oauthbearer.config",
    "sasl.*": "sasl.username",
    "ssl.*": "ssl.cipher.suites",
    "PROPERTY": "fetch.wait.max.ms",
}
# Not in every build of librdkafka, which then refuses a good value as well.
OPTIONAL = {"sasl.oauthbearer.client.secret"}


class Unknown(Exception):
    pass


# ---- values by form: (bad value, what is said of it as a regular expression); and a good one

EMPTY = ("", re.escape("the value must not be empty; leave the key out instead"))


def quoted(value, behind):
    """As a message shows a value: not more than 200 bytes, and no tab on a line of the log."""
    return re.escape(f'"{value[:200]}"'.replace("\t", "?")) + behind


def choice(form):
    words = form.split("|")
    if words == ["yes", "no"]:
        behind = " is neither yes nor no"
    else:
        behind = " must be " + re.escape(", ".join(words[:-1]) + " or " + words[-1])
    bad = ["maybe", "", words[0][:-1], words[0] + "x", words[0].swapcase(), form, "0", " ".join(words[:2])]
    return [(value, quoted(value, behind)) for value in dict.fromkeys(bad)], words[-1]


def limits(form):
    low, high, word = re.fullmatch(r"(-?\d+)\.\.(\d*)(?:\|(\w+))?", form).groups()
    low, high = int(low), int(high or INT64_MAX)
    more = re.escape(f', or "{word}"') if word else ""
    shown = r"\d+" if word else str(high)  # with a word for "without limit" the limit is the parser's own
    above = [str(high + 1), "9223372036854775808", "99999999999999999999"]
    below = [str(low - 1), "-9223372036854775809"]
    words = ["x", "1.5", "", "+5", "0x10", "1 2", "1_000", "1e3", "٣", "NaN"] + ([word.upper(), word + "ly"] if word else [])
    return [(value, quoted(value, " is not a whole number") + more) for value in words] + [
        (value, quoted(value, f" is out of range: it must be from {low} to {shown}") + more) for value in above + below
    ], str(low)


def durations(form):
    unlike = re.escape(" is not a duration, such as 100ms, 1s, 5min, 2h, 0")
    beyond = re.escape(" is out of range: at most a year, 8760h")
    return [
        (value, quoted(value, unlike))
        for value in ("soon", "", "400d", "-1s", "1", "1.5s", "1 s", "1S", "s", "+1s", "1s1s", "0x1s", "5m")
    ] + [
        (value, quoted(value, beyond)) for value in ("9000h", "8761h", "525601min", "18446744073709551616ms")
    ], "2h"


def schemas(form):
    unlike = re.escape("; ids of schemas are numbers, such as 17 or 17 18")
    return [
        (value, "there is no id of a schema; name some, such as 17 or 17 18, or leave the key out") for value in ("", " , ")
    ] + [
        (value, '"' + re.escape(word) + '".*' + unlike)
        for value, word in (("x", "x"), ("1 -1", "-1"), ("4294967296", "4294967296"), ("1.5", "1.5"), ("0x1", "0x1"), ("1;2", "1;2"))
    ] + [(" ".join("1" * 33), "these are more than 32 ids of schemas")], "0, 17 4294967295"


def spans(form):
    unlike = re.escape(" is not a span of time, such as 30s, 15min, 1h, 7d")
    beyond = re.escape(" is out of range: at most a century, 36525d")
    return [(value, quoted(value, unlike)) for value in ("soon", "", "-1d", "1", "100ms", "1.5h", "1 d", "1D", "1w", "d")] + [
        (value, quoted(value, beyond)) for value in ("36526d", "876601h", "18446744073709551616s")
    ], "2d"


def windows(form):
    unlike = re.escape(" is no window: none, day, month, year, or a span of time from 1s to 36525d, such as 15min")
    return [
        (value, quoted(value, unlike)) for value in ("", "week", "days", "Day", "none day", "0", "0s", "-1h", "100ms", "36526d")
    ], "90min"


def dates(form):
    bad = ("2001-02-29", "2000-1-1", "tomorrow", "", "0000-01-01", "10000-01-01", "2000-13-01", "2000-02-30", "2000/01/01")
    return [(value, quoted(value, " must be a date that exists, YYYY-MM-DD")) for value in bad], "2000-02-29"


def topics(form):
    unlike = re.escape(' is no name for a topic: letters, digits, ".", "_" and "-" make one')
    long = "a" * (NAME_MAX + 1)
    return (
        [("", "a topic needs a name")]
        + [(value, quoted(value, unlike)) for value in ("a b", "a/b", "a:b", "Zürich", ".", "..", "a,b", "a\tb", "a|b")]
        + [(long, quoted(long, " is too long for a topic: 250 characters, at most 249"))]
    ), "t" * NAME_MAX


def paths(form):
    unlike = re.escape(" has an empty name, must be a path such as metadata.timestamp")
    return [(value, quoted(value, unlike)) for value in (".", "..", ".a", "a.", "a..b")], "a b.c"


def lists(form):
    unlike = re.escape(" is not a list of partitions, such as 2 or 0,2 or 0-3")
    return [(value, quoted(value, unlike)) for value in ("x", "", "0-", "2-0", "-1", "0,,1", ",0", "0,")] + [
        ("1.5", quoted("1.5", re.escape(': ".5" does not belong in a list of partitions'))),
        ("0x1", quoted("0x1", re.escape(': "x1" does not belong in a list of partitions'))),
        ("0 0", quoted("0 0", " names partition 0 twice")),
        ("1-3,2", quoted("1-3,2", " names partition 2 twice")),
        ("2147483648", quoted("2147483648", ": a partition is at most 2147483647")),
        ("0-10000", quoted("0-10000", ": at most 10000 partitions")),
        ("0-2147483647", quoted("0-2147483647", ": at most 10000 partitions")),
    ], "0 2,4-5_7"


def fields(form):
    none = re.escape(" is none of station count sum avg start end min min_date max max_date")
    return [("", "names no field; the fields are station .*")] + [
        (value, quoted(word, none)) for value, word in (("counts", "counts"), ("station Count", "Count"), ("a=", ""), ("a=b=sum", "b=sum"))
    ] + [
        ("=sum", re.escape("the name before =sum must be text without blanks")),
        ("a=sum a=avg", re.escape('two fields are called "a"')),
        ("a=sum b=sum", re.escape('"sum" stands twice')),
    ], "id=station n=count avg"


def rates(form):
    unlike, beyond = " is not a decimal number", " is out of range: it must be from 0 to 1"
    return [(value, quoted(value, unlike)) for value in ("x", "", "50%", "0,5", "nan", "inf", "0x1", "+0.5", "1 2", ".")] + [
        (value, quoted(value, beyond)) for value in ("-0.1", "1.1", "2", "1e999", "1.0000000000000002")
    ], ".5"


def servers(form):
    unlike = re.escape(" is not a list of brokers, such as one:9092,two:9092, with ports from 1 to 65535")
    bad = ("", ",", "one,,two", "one,", ":9092", "one:", "one:x", "one:0", "one:65536", "one:-1", "one two", "one:9092 two:9092")
    return [(value, quoted(value, unlike)) for value in bad], "one, two:9092,SSL://three:65535,[::1]:1"


def names(form):
    return [EMPTY], "name with = # and ä"


def texts(form):
    control = re.escape("a station's id can't have a control character in it")
    long = "x" * 256
    return [("a\tb", control), (long, quoted(long, " has 256 bytes, a station's id at most 255"))], "name with = # and ä"


def moved_columns(form):
    missing = re.escape("a column's name is missing")
    unlike = re.escape(" is not a duration, such as 100ms, 1s, 5min, 2h, 0")
    return [("", missing), ("a,,b", missing), ("a,", missing)] + [
        (f"a, b {sign}{amount}", quoted(f"b {sign}{amount}", ": ") + quoted(amount, unlike))
        for sign, amount in (("-", "20"), ("-", ""), ("+", "soon"), ("-", "-1s"), ("+", "1.5s"))
    ] + [
        ("a -1h, b, a", re.escape('names "a" twice')),
        ("a,b,c,d,e,f,g,h", "names too many columns: at most 7"),
    ], "a, b c -20min ,d + e +1h"


def stars(form):
    return [(value, quoted(value, re.escape(" must be *, which is all of them"))) for value in ("", "**", "a", "*, a")], "*"


def anything(form):
    return [], "anything"


# The first that fits. A form that is in none of these is one whose mistakes nobody tests.
FORMS = [
    (r"none\|day\|.*\|SPAN", windows),
    (r"\w+(\|\w+)+", choice),
    (r"-?\d+\.\.\d*(\|\w+)?", limits),
    (r"DURATION", durations),
    (r"DATE", dates),
    (r"SPAN", spans),
    (r"IDS", schemas),
    (r"TOPIC", topics),
    (r"LIST", lists),
    (r"PATH", paths),
    (r"RATE", rates),
    (r"\[NAME=\]FIELD\.\.\.", fields),
    (r"HOST:PORT\[,HOST:PORT\]\.\.\.", servers),
    (r"DIRECTORY|FILE|COLUMN", names),
    (r"COLUMN,\.\.\.", moved_columns),
    (r"\*", stars),
    (r"TEXT", texts),
    (r"VALUE", anything),
]


def values(form):
    for pattern, make in FORMS:
        if re.fullmatch(pattern, form):
            return make(form)
    raise Unknown(f"the form {form} is not known to {os.path.basename(__file__)}: add what is wrong for it")


# ---- mistakes


class Mistake:
    """Lines of a section. The last one is wrong; {first} in the message is the line of the first."""

    def __init__(self, kind, section, lines, message, late=False):
        self.kind = kind
        self.section = section
        self.lines = [line.encode() if isinstance(line, str) else line for line in lines]
        self.message = message
        self.late = late  # found by librdkafka, when all else is good


def distance(a, b):
    """How many letters added, left out, mistaken, or neighbours swapped."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a.lower(), 1):
        row = [i]
        for j, y in enumerate(b.lower(), 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2].lower() and a[i - 2].lower() == y:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def misspellings(key, others):
    """Of one slip, and nearer to this key than to any other."""
    words = [key + key[-1], key[:1] + key[2:], key[1] + key[0] + key[2:], "x" + key, key.capitalize(), key[:-1] + "x"]
    for word in dict.fromkeys(words):
        if word not in others and all(distance(word, other) > distance(word, key) for other in others if other != key):
            yield word


def of_any_value(section, key, good):
    """What no key can have, whatever its form."""
    name = re.escape(f'"{key}" in [{section}]: ')
    comment = name + re.escape(
        'a ";" after a blank does not begin a comment, and can\'t be part of a value; put the comment on a line of its own'
    )
    control = re.escape("a control character in the line, or it is not UTF-8")
    line = f"{key} = {good}".encode()
    for behind in ("; why", "\t; why", " ;"):
        yield Mistake("comment", section, [line + b" " + behind.encode()], comment)
    yield Mistake("comment", section, [f"{key} = ; {good}"], comment)
    for byte in (b"\x01", b"\x1b[0m", b"\x7f", b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xc2\x85", b"\x0b"):
        yield Mistake("control character", section, [line + byte + b"x"], control)
    yield Mistake("NUL", section, [line + b"\0"], re.escape("a NUL byte in the line: this is no text file"))
    for length in (LINE_MAX + 1, 3 * LINE_MAX):
        # not by blanks: they count as well
        yield Mistake(
            "long line", section, [line.ljust(length, b"x")], f"the line is too long: at most {LINE_MAX} bytes"
        )
    yield Mistake("no equals sign", section, [key], re.escape("neither KEY = VALUE nor [SECTION] nor a comment"))
    yield Mistake("colon", section, [f"{key}: {good}"], re.escape('only "=" separates a key from its value'))


def of_key(section, key, form, keys, empty=False):
    bad, good = values(form)
    if form == "TEXT" and not empty:
        bad = [EMPTY, *bad]
    name = re.escape(f'"{key}" in [{section}]: ')
    for value, message in bad:
        kind = "out of range" if "range" in message or "too long" in message else "unparsable"
        yield Mistake(kind, section, [f"{key} = {value}"], name + message)
    yield from of_any_value(section, key, good)
    for second in (good, "whatever it is"):
        yield Mistake(
            "duplicate", section, [f"{key} = {good}", f"{key} = {second}"], name + "stands twice, first in line {first}"
        )
    for word in misspellings(key, keys):
        message = re.escape(f'unknown key "{word}" in [{section}]; did you mean "{key}"?')
        yield Mistake("misspelt", section, [f"{word} = {good}"], message)


def of_property(pattern):
    """Of librdkafka's: it says itself what is wrong with a value."""
    key = KAFKA.get(pattern)
    if not key:
        raise Unknown(f"the key {pattern} in [kafka] is not known to {os.path.basename(__file__)}: add an example")
    for mistake in of_any_value("kafka", key, "7"):
        yield mistake
    name = re.escape(f'"{key}" in [kafka]: ')
    if key not in OPTIONAL:
        yield Mistake("duplicate", "kafka", [f"{key} = 7", f"{key} = 7"], name + "stands twice, first in line {first}")
    for word in (key + key[-1], key[:-2] + key[-1] + key[-2]):
        unknown = re.escape(f'[kafka] {word}: No such configuration property: "{word}"; did you mean "{key}"?')
        yield Mistake("misspelt", "kafka", [f"{word} = 7"], unknown, late=True)


def of_librdkafka():
    for key, value, message in (
        ("fetch.wait.max.ms", "x", r"\[kafka\] fetch\.wait\.max\.ms: Invalid value.*"),
        ("fetch.wait.max.ms", "300001", r"\[kafka\] fetch\.wait\.max\.ms: .*outside allowed range.*"),
        ("socket.timeout.ms", "-1", r"\[kafka\] socket\.timeout\.ms: .*outside allowed range.*"),
        ("security.protocol", "tls", r"\[kafka\] security\.protocol: .*Invalid value.*"),
        ("sasl.password", "@nowhere", r"\[kafka\] sasl\.password: \"@nowhere\" is a file below \$CREDENTIALS_DIRECTORY.*"),
        ("sasl.password", "@/nowhere", r"\[kafka\] sasl\.password: /nowhere: No such file or directory"),
        ("acks", "1", r"\[kafka\] acks can't be set: .*; remove the line"),
        ("client.idd", "x", r'\[kafka\] client\.idd: No such configuration property: "client\.idd"; did you mean "client\.id"\?'),
        ("sasl.pasword", "hunter2", r'\[kafka\] sasl\.pasword: No such [^2]*; did you mean "sasl\.password"\?'),
        ("sasl.passwordd", "hunter2", r'\[kafka\] sasl\.passwordd: No such [^2]*; did you mean "sasl\.password"\?'),
    ):
        yield Mistake("out of range" if "range" in message else "unparsable", "kafka", [f"{key} = {value}"], message, late=True)


def of_sections(sections):
    """Headings: each is a section of its own, in which nothing stands."""
    for section in sections:
        word = section.split()[0]
        rest = section[len(word):]
        for wrong in misspellings(word, {s.split()[0] for s in sections}):
            message = re.escape(f"unknown section [{wrong}{rest}]; did you mean [{section}]?")
            yield Mistake("misspelt section", f"{wrong}{rest}", [], message)
    if f"topic {TOPIC}" in sections:
        for value, message in topics("TOPIC")[0]:
            # the reader makes blanks one, and drops them at the end
            if value and "\t" not in value:
                yield Mistake("bad topic", f"topic {value}", [], re.escape(f"[topic {value}]: ") + message)


def all_mistakes(help_text):
    table = documents.help_keys(help_text)
    helps = dict(re.findall(r"^    (\S+) = \S+ +(.*)$", help_text, re.M))
    per_topic = documents.help_keys_per_topic(help_text)
    rows = [(f"topic {TOPIC}" if section == "topic" else section, *row) for section, *row in table]
    rows += [(f"topic {TOPIC}", key, form, default) for _, key, form, default in rows if key in per_topic]
    assert len(rows) == len(table) + len(per_topic), "a key per topic stands in two sections"
    keys = {}
    for section, key, _, _ in rows:
        keys.setdefault(section, set()).add(key)
    mistakes = []
    for section, key, form, _ in rows:
        if section == "kafka" and key != "bootstrap.servers":
            values(form)
            mistakes += of_property(key)
        elif section == "kafka":
            # a misspelt one is any other property to us
            mistakes += [m for m in of_key(section, key, form, keys[section]) if m.kind != "misspelt"]
        elif "*" in key:
            values(form)
            mistakes += of_any_value(section, key.replace("*", "retention.ms"), "1")
        else:
            mistakes += of_key(section, key, form, keys[section], "may be empty" in helps[key])
    mistakes += of_librdkafka()
    mistakes += of_sections(list(keys))
    return mistakes


# ---- files: the mistakes of one, and what must be said of each line


class File:
    def __init__(self, late):
        self.late = late
        self.sections = {}  # name: mistakes
        self.keys = set()

    def takes(self, mistake):
        names = {(mistake.section, re.split(rb"[ :]", line)[0]) for line in mistake.lines} or {mistake.section}
        if mistake.late != self.late or names & self.keys or (not mistake.lines and mistake.section in self.sections):
            return False
        self.keys |= names
        self.sections.setdefault(mistake.section, []).append(mistake)
        return True

    def write(self, path):
        """Returns the expected lines, as regular expressions."""
        lines, expected = [b"# a comment", b""], []
        for section, mistakes in self.sections.items():
            lines.append(f"[{section}]".encode())
            for mistake in mistakes:
                first = len(lines) + 1
                lines += mistake.lines
                message = mistake.message.replace("{first}", str(first))
                expected.append(re.escape(f"{path}:{len(lines)}: ") + message)
        with open(path, "wb") as file:
            file.write(b"\n".join(lines) + b"\n")
        return expected


def packed(mistakes):
    """As few files as hold each mistake once, and one for the first of each kind of each key."""
    files, alone, seen = [], [], set()
    for mistake in mistakes:
        if not any(file.takes(mistake) for file in files):
            files.append(File(mistake.late))
            files[-1].takes(mistake)
        name = (mistake.kind, mistake.section, *[re.split(rb"[ :=]", line)[0] for line in mistake.lines][-1:])
        if mistake.kind == "misspelt":
            name = (mistake.kind, mistake.section, mistake.message.rsplit('"', 2)[-2])
        if name not in seen:
            seen.add(name)
            alone.append(File(mistake.late))
            alone[-1].takes(mistake)
    return files + alone


# ---- runs


def environment(directory):
    kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS") if name in os.environ}
    return {**kept, "STATE_DIRECTORY": directory, "RUNTIME_DIRECTORY": directory, "LC_ALL": "C.UTF-8"}


def run(program, path, arguments, directory, expected):
    """What is wrong, as text, or None."""
    command = [program, "-c", path, *arguments]
    try:
        done = subprocess.run(
            command, cwd=directory, env=environment(directory), stdin=subprocess.DEVNULL, capture_output=True, timeout=60
        )
    except subprocess.TimeoutExpired as late:
        return f"{' '.join(command)}: still runs: {late.stderr}"
    begin = f"{os.path.basename(program)}: err: "
    said = done.stderr.decode(errors="backslashreplace").splitlines()
    for i in range(max(len(said), len(expected))):
        line = said[i] if i < len(said) else "nothing"
        wanted = re.escape(begin) + expected[i] if i < len(expected) else "nothing"
        if not re.fullmatch(wanted, line):
            return f"{' '.join(command)} says\n    {line}\nand not\n    {wanted}"
    if done.returncode != 78 or done.stdout:
        return f"{' '.join(command)}: exit code {done.returncode}, must be 78; it prints {done.stdout!r}"
    return None


def contacts(program, listener, arguments, scratch):
    """Whether a good file does lead to a connection: otherwise that there was none proves nothing."""
    good, directory = os.path.join(scratch, "good.ini"), os.path.join(scratch, "good")
    os.mkdir(directory)
    with open(good, "w", encoding="utf-8") as file:
        file.write("[log]\nlevel = err\n")
    listener.settimeout(30)
    with subprocess.Popen(
        [program, "-c", good, *arguments], cwd=directory, env=environment(directory), stdin=subprocess.DEVNULL
    ) as process:
        try:
            listener.accept()[0].close()
            return bool(os.listdir(directory))
        except TimeoutError:
            return False
        finally:
            process.send_signal(signal.SIGKILL)


def connected(listener):
    listener.setblocking(False)
    try:
        listener.accept()[0].close()
        return True
    except BlockingIOError:
        return False


def main(program, *arguments):
    text = subprocess.run([program, "--help"], capture_output=True, check=True, encoding="utf-8").stdout
    mistakes = all_mistakes(text)
    files = packed(mistakes)
    with tempfile.TemporaryDirectory() as scratch, socket.create_server(("127.0.0.1", 0)) as listener:
        broker = f"kafka.bootstrap.servers=127.0.0.1:{listener.getsockname()[1]}"
        directory = os.path.join(scratch, "empty")
        os.mkdir(directory)
        runs = []
        for i, file in enumerate(files):
            path = os.path.join(scratch, f"{i}.ini")
            expected = file.write(path)
            runs.append((program, path, ["-o", broker, "--check-config"], directory, expected))
            runs.append((program, path, ["-o", broker, *arguments], directory, expected))
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            wrong = [text for text in pool.map(lambda one: run(*one), runs) if text]
        if os.listdir(directory):
            wrong.append(f"something was written: {os.listdir(directory)}")
        if connected(listener):
            wrong.append("the broker was contacted")
        elif not wrong and not contacts(program, listener, ["-o", broker, *arguments], scratch):
            wrong.append("with a good file nothing is contacted or written either, so that this test proves nothing")
    for text in wrong[:20]:
        print(text)
    kinds = {kind: sum(mistake.kind == kind for mistake in mistakes) for kind in sorted({m.kind for m in mistakes})}
    print(f"{len(mistakes)} mistakes, {len(runs)} runs, {len(wrong)} wrong:", kinds)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (AssertionError, Unknown) as error:
        print(error)
        sys.exit(1)
