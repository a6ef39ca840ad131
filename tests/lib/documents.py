#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds what the documents say against what the programs say of themselves by --help.

    documents.py options HELP PAGE      the options of a page of section 8 are those of --help
    documents.py command HELP PAGE      those of a page's ".Ss COMMAND" and ".Ss All commands" are the command's own
    documents.py keys HELP PAGE         the keys of a page of section 5, with forms and defaults, are those of --help
    documents.py sample HELP INI        so are those of a sample file
    documents.py files PAGE TRACE...    what a program opened, as "strace -y -z -e %file" has it, is in FILES, and no others are
    documents.py recovery PAGE PROGRAM...  the messages in RECOVERY are in a program
    documents.py exits PAGE             prints the exit codes of a page
    documents.py fixed PAGE             prints "[SECTION] KEY" of the keys that a reload is not said to be enough for
    documents.py examples PAGE          prints the command lines of a page that need no broker
    documents.py shell PAGE             prints all commands of a page's examples, each on one line
    documents.py settings PAGE N        prints the Nth settings of a page's examples, from 1; exit 1: there are no more
    documents.py commands PAGE NAME     prints the commands in a page that begin with NAME, each on one line
    documents.py messages C PAGE CATALOG
                                        the table of messages, weatherd(7) and the journal's catalog have the same ids
    documents.py tests PAGE TOP         each test that a page names, by its file below TOP and its beginning, is there
    documents.py mutants PAGE TOP       each row of a page's tables names patches of TOP/tests/mutants, all of these are in a
                                        row, and each applies and names tests that are there
    documents.py references PAGE...     each reference to a page of ours is to one that there is
    documents.py uncomment INI          prints a sample file with all its keys in effect

What differs is printed, and the exit code is 1.
"""

import fnmatch
import os
import pathlib
import re
import subprocess
import sys

PROPERTY = "PROPERTY"  # in [kafka], stands for any key
PER_TOPIC = "  [topic NAME], for one topic: "  # what --help begins such a list with


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def fail_unless_equal(documented, wanted, what, source="--help"):
    """Both are lists; the order counts."""
    for thing in wanted:
        if thing not in documented:
            print(f"{what}: lacks {thing}")
    for thing in documented:
        if thing not in wanted:
            print(f"{what}: has {thing}, which {source} has not")
    if sorted(map(str, documented)) == sorted(map(str, wanted)) and documented != wanted:
        print(f"{what}: is in another order than {source}")
    return 0 if documented == wanted else 1


# ---- --help


def help_options(text):
    """(letter or "", long name, argument or "")"""
    part = text.split("\nOptions:\n")[1].split("\n\n")[0]
    options = re.findall(r"^  (?:-(\w), |    )--([a-z-]+)(?:=(\S+))? ", part, re.M)
    assert len(options) == len(part.splitlines()), "an option of --help is not understood"
    return options


def help_keys(text):
    """(section, key, form, default or None), in the order of the table"""
    keys, section = [], None
    for line in text.split("\nSettings, in ")[1].splitlines()[1:]:
        if line.startswith(PER_TOPIC):
            continue  # keys that have been listed
        heading = re.fullmatch(r"  \[(\w+)(?: NAME)?\]", line)
        # the default is the last thing on the line, in brackets
        row = re.fullmatch(r"    (\S+) = (\S+) +(.*?)(?: \[(\S+)\])?", line)
        assert heading or row, f"--help: {line!r} is not understood"
        if heading:
            section = heading[1]
        else:
            keys.append((section, row[1], row[2], row[4]))
    return keys


def help_keys_per_topic(text):
    """Those that may stand in [topic NAME] as well."""
    lines = [line for line in text.splitlines() if line.startswith(PER_TOPIC)]
    return lines[0][len(PER_TOPIC):].split(", ") if lines else []


# ---- manual pages


def page_section(text, name):
    found = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S)
    assert found, f"there is no section {name}"
    return found[1]


def page_command_options(text, name):
    """What stands below the command, then what all commands have, but for what is said not to go with it."""
    description = page_section(text, "DESCRIPTION")
    own, common = (re.search(rf"^\.Ss {heading}\n(.*?)(?=^\.Ss |\Z)", description, re.M | re.S)[1]
                   for heading in (name, "All commands"))
    options = items_of_options(own)
    for letter, long_name, argument in items_of_options(common):
        item = re.search(rf"^\.It Fl {letter} [^\n]*\n(.*?)(?=^\.It |^\.El)", common, re.M | re.S)[1]
        limits = dict(re.findall(r"(Not with|only)[^.]*?\.Cm (\w+)", item) +
                      [("only", found) for found in re.findall(r"^\.Cm (\w+) ,\nonly in its long form", item, re.M)])
        if limits.get("Not with") == name:
            continue
        options.append(("" if limits.get("only") == name else letter, long_name, argument))
    return options


def page_options(text):
    return items_of_options(page_section(text, "OPTIONS"))


def items_of_options(text):
    options = []
    for line in re.findall(r"^\.It (Fl .*)$", text, re.M):
        item = re.fullmatch(r"(?:Fl (\w)(?: Ar (\S+))? , )?Fl -([a-z-]+)(?: Ns = Ns Ar (\S+))?", line)
        assert item, f"the option {line!r} is not understood"
        if item[1] and item[2] != item[4]:
            print(f"-{item[1]} takes {item[2]}, --{item[3]} takes {item[4]}")
            sys.exit(1)
        options.append((item[1] or "", item[3], item[4] or ""))
    return options


def page_keys(text):
    """Of the items ".It Ic KEY No = Ar FORM" below ".Ss [SECTION]", each with a "Default:" in its text."""
    keys = []
    for heading, body in re.findall(
        r"^\.Ss \[(.*?)\]\\&\n(.*?)(?=^\.S[sh] |\Z)", page_section(text, "DESCRIPTION"), re.M | re.S
    ):
        items = re.split(r"^\.It Ic (?=\S+ No = )", body, flags=re.M)[1:]
        for item in items:
            key, form = re.match(r"(\S+) No = (?:Ar|Cm) (\S+)\n", item).groups()
            default = re.search(r"^Default:(?: (none)[.;]|\n\.Cm (\S+) \.)", item, re.M)
            assert default, f"[{heading}] {key} says nothing of its default"
            keys.append((heading.split()[0], key, form, default[2]))
    return keys


def page_fixed_keys(text):
    """"[SECTION] KEY" of those of a program's own that are not said to take effect with a reload."""
    for section, key, *_ in page_keys(text):
        item = re.search(rf"^\.Ss \[{section}\b.*?^\.It Ic {re.escape(key)} No = (.*?)(?=^\.It |^\.El)", text, re.M | re.S)[1]
        if section not in ("kafka", "log") and not re.search("^Takes effect with a reload", item, re.M):
            yield f"[{section}] {key}"


def plain(text):
    return text.replace(r"\-", "-").replace(r"\(dq", '"').replace(r"\(aq", "'").replace(r"\e", "\\")


def page_shell(text, start=""):
    """The command lines that begin so, each on one line."""
    joined = re.sub(r"\\\n +", "", plain(text).replace("\\&", ""))
    return re.findall(rf"^(?:\.Dl )?\$ ({re.escape(start)}.*)$", joined, re.M)


def page_examples(text):
    for line in page_shell(page_section(text, "EXAMPLES"), "weather"):
        if re.search(r" --(check-config|print-config|help|version)\b", line) or re.match(
                r"weatherctl (show|verify|plot)\b(?!.*--watch)", line):
            yield line


# ---- files


def page_files(text):
    """The names of FILES, but for those that are only installed, and the units, which the service manager reads."""
    names = []
    for line in re.findall(r"^\.It (Pa .*)$", page_section(text, "FILES"), re.M):
        names += [name for name in re.findall(r"Pa (\S+)", line)
                  if not name.startswith("/usr/") and not name.endswith((".service", ".target"))]
    return names


def file_pattern(name):
    """A word in capitals stands for a name, N for a number; /etc lies in the working directory of the test."""
    name = re.sub(r"\$(\w+)", lambda variable: os.environ[variable[1]], name)
    if name.startswith("/etc/"):
        name = os.getcwd() + name
    pattern = re.escape(name).replace(r"\*", "[^/]+")
    pattern = re.sub(r"\bN\b", "[0-9]+", pattern)
    pattern = re.sub(r"\b[A-Z]{4,}\b", "[^/]+", pattern)
    return re.compile(("" if name.startswith("/") else r"(?:.*/)?") + pattern)


def traced_files(text):
    """Paths that were opened in the working directory, or written anywhere; a directory that was made has a slash."""
    here = os.getcwd() + "/"
    for call, arguments, result in re.findall(r"^(\w+)\((.*)\) += (.*)$", text, re.M):
        if call in ("open", "openat"):
            path = re.search("<(.*?)>", result)[1]
            writes = re.search("O_CREAT|O_WRONLY|O_RDWR|O_TRUNC", arguments)
            ours = path.startswith(here) or writes and not path.startswith(("/dev/", "/proc/"))
            if ours and "O_DIRECTORY" not in arguments:
                yield path
        elif re.match("creat|mkdir|rename|unlink|rmdir|link|symlink", call):
            for directory, name in re.findall(r'(?:<([^>]*)>, |^|, )"(.*?)"', arguments):
                yield os.path.join(here, directory, name) + ("/" if call.startswith("mkdir") else "")


def compare_files(page, traces):
    """A directory is made for the files in it."""
    patterns = {name: file_pattern(name) for name in page_files(page)}
    paths = {path for trace in traces for path in traced_files(trace)}
    status = 0
    for path in sorted(paths):
        if path.endswith("/"):
            known = any(other.startswith(path) and other != path for other in paths)
        else:
            known = any(pattern.fullmatch(path) for pattern in patterns.values())
        if not known:
            print(f"FILES lacks {path}")
            status = 1
    for name, pattern in patterns.items():
        if not any(pattern.fullmatch(path) for path in paths):
            print(f"FILES has {name}, which was not opened")
            status = 1
    return status


# ---- recovery


def compare_recovery(page, programs):
    """What stands between the parts that vary, and is long enough to mean something."""
    status, texts = 0, [open(program, "rb").read() for program in programs]
    for line in re.findall(r"^\.It (.*)$", page_section(page, "RECOVERY"), re.M):
        for part in re.split(r"…|\bN\b|: |; ", plain(line).replace("\\&", "")):
            known = part in map(os.strerror, range(1, 133)) or any(part.strip().encode() in text for text in texts)
            if len(part) > 10 and not known:
                print(f"RECOVERY has {part!r}, which is in no program")
                status = 1
    return status


# ---- sample files


def uncomment(text):
    """"#key = value" and "#[section]" are settings that are not in effect; "# text" is a comment."""
    return re.sub(r"^#(?=[^\s#])", "", text, flags=re.M)


def sample_keys(text):
    """(section, key, value)"""
    keys, section = [], None
    for line in uncomment(text).splitlines():
        heading = re.fullmatch(r"\[(\w+)(?: .*)?\]", line)
        row = re.fullmatch(r"(\S+) = (.*)", line)
        assert heading or row or not line or re.match(r"# |#$", line), f"{line!r} is not understood"
        if heading:
            section = heading[1]
        elif row:
            keys.append((section, row[1], row[2]))
    return keys


def is_pattern(key):
    return key == PROPERTY or "*" in key


def compare_sample(keys, table, per_topic):
    """Keys in the order of the table, with its defaults. A pattern stands for examples, and secrets need none."""
    status = 0
    literal = [(section, key) for section, key, form, default in table if not is_pattern(key)]
    optional = [(section, key) for section, key in literal if section == "kafka" and key != "bootstrap.servers"]
    have = [(section, key) for section, key, value in keys if (section, key) in literal]
    have_optional = [name for name in optional if name in have]
    wanted = [name for name in literal if name not in optional or name in have_optional]
    status |= fail_unless_equal(have, wanted, "the sample")
    for section, key, value in keys:
        if section == "topic" and key in per_topic:
            continue
        rows = [row for row in table if row[0] == section and (row[1] == PROPERTY or fnmatch.fnmatch(key, row[1]))]
        if not rows:
            print(f"the sample has [{section}] {key}, which is in no row of --help")
            status = 1
        elif rows[0][3] is not None and rows[0][3] != value:
            print(f"the sample has [{section}] {key} = {value}, the default is {rows[0][3]}")
            status = 1
    return status


def comments_missing(text):
    """Every key has a comment before it; keys of a group share one."""
    status, commented = 0, False
    for line in text.splitlines():
        if line.startswith("# "):
            commented = True
        elif not line or re.match(r"#?\[", line):
            commented = False
        elif not commented:
            print(f"the sample has no comment for {line}")
            status = 1
    return status


# ---- tests


def compare_tests(page, top):
    """`tests/kafka/crash.bats` "killed with -9", "four consumers": each is the beginning of one test."""
    named = [(file, start) for file, starts in re.findall(r'`(tests/\S+\.bats)`((?: "[^"]+",?)+)', page)
             for start in re.findall(r'"([^"]+)"', starts)]
    status = not named
    for file, start in named:
        found = [name for name in re.findall(r'^@test "(.*)" {$', read(os.path.join(top, file)), re.M)
                 if name.startswith(start)]
        if len(found) != 1:
            print(f"{len(found)} tests of {file} begin with '{start}'")
            status = True
    return int(status)


# ---- mutants


def page_rows(page):
    """(fault, cell of the mutants) of each row of the tables of faults"""
    for table in re.findall(r"^\| fault .*\n\| --- .*\n((?:\| .*\n)+)", page, re.M):
        for line in table.splitlines():
            cells = line.strip("|").split(" | ")
            yield cells[0].strip(), cells[3] if len(cells) == 4 else ""


def named_tests(top, file, regex):
    """How many tests of a *.bats, or of a program of tests/unit, have such a name."""
    path, pattern = (file, r'^@test "(.*)" {$') if file.endswith(".bats") else (file + ".c", r"cmocka_unit_test\((\w+)\)")
    path = os.path.join(top, path)
    return sum(bool(re.search(regex, name)) for name in re.findall(pattern, read(path), re.M)) if os.path.exists(path) else 0


def check_patch(path, top):
    """What is wrong with one."""
    result = subprocess.run(["patch", "--batch", "--dry-run", "--forward", "--strip=1", "--reject-file=-",
                             "--directory", top, "--input", os.path.abspath(path)], capture_output=True, text=True)
    if result.returncode:
        yield f"{path} no longer applies: {result.stdout}"
    tests = re.findall(r"^Test: (\S+): (.*)$", read(path).partition("\n--- ")[0], re.M)
    if not tests:
        yield f"{path} names no test"
    for file, regex in tests:
        if not named_tests(top, file, regex):
            yield f"{path}: {file} has no test {regex}"


def compare_mutants(page, top):
    """Each row names patches of tests/mutants, and each of these is in a row."""
    patches = {path.stem: str(path) for path in pathlib.Path(top, "tests/mutants").glob("*.patch")}
    problems, named = [], set()
    for fault, cell in page_rows(page):
        names = re.findall(r"`([^`]+)`", cell)
        named.update(names)
        problems += [f"no mutant is named for: {fault}"] if not names else []
        problems += [f"there is no mutant {name}" for name in names if name not in patches]
    problems += [f"the mutant {name} is in no row" for name in sorted(patches.keys() - named)]
    problems += [problem for path in sorted(patches.values()) for problem in check_patch(path, top)]
    for problem in problems:
        print(problem)
    return int(bool(problems) or not patches)


# ---- messages

FIELDS = {"WEATHERD_TOPIC", "WEATHERD_PARTITION", "WEATHERD_OFFSET", "WEATHERD_STATION"}


def table_messages(text):
    """(name, id), in the order of the table"""
    rows = re.findall(r'\[MESSAGE_(\w+)\] = \{LOG_LEVEL_\w+, "(\w+)"\}', text)
    assert len(rows) == text.count('"}'), "a row of the table of messages is not understood"
    return [(name.lower().replace("_", "-"), number) for name, number in rows]


def catalog_messages(text, pages):
    """(name, id) of entries that have all that belongs to one"""
    messages = []
    for entry in text.split("\n\n# ")[1:]:
        name, number, page, section, body = re.fullmatch(
            r"(\S+)\n-- (\w+)\nSubject: .+\nDefined-By: weatherd\nDocumentation: man:(\S+)\((\d)\)\n\n(.+)",
            entry, re.S).groups()
        assert os.path.exists(f"{pages}/{page}.{section}"), f"{name}: there is no page {page}({section})"
        unknown = set(re.findall(r"@([A-Z_]+)@", entry)) - FIELDS
        assert not unknown, f"{name}: no message has {unknown}"
        assert not re.search(r"^[#;-]", body, re.M), f"{name}: a line is no text to the journal"
        messages.append((name, number))
    return messages


def compare_messages(table, page, catalog, pages):
    wanted, source = table_messages(table), "the table"
    documented = re.findall(r"^\.It Sy (\S+) , Li (\w+)\n[^.\n]", page_section(page, "MESSAGES"), re.M)
    return fail_unless_equal(documented, wanted, "weatherd(7)", source) | \
        fail_unless_equal(catalog_messages(catalog, pages), wanted, "the catalog", source)


# ---- main


def references(paths):
    status, there = 0, {os.path.basename(path) for path in paths}
    for path in paths:
        for name, section in re.findall(r"^\.Xr (weather\S*|report\S*) (\d)", read(path), re.M):
            if f"{name}.{section}" not in there:
                print(f"{path}: refers to {name}({section}), which there is not")
                status = 1
        title = re.search(r"^\.Dt (\S+) (\d)$", read(path), re.M)
        if not title or f"{title[1].lower()}.{title[2]}" != os.path.basename(path):
            print(f"{path}: has another title than its file's name")
            status = 1
    return status


def main(command, *paths):
    if command in ("commands", "settings"):
        *paths, name = paths
    if command == "recovery":
        return compare_recovery(read(paths[0]), paths[1:])
    if command in ("tests", "mutants"):
        return (compare_tests if command == "tests" else compare_mutants)(read(paths[0]), paths[1])
    texts = [read(path) for path in paths]
    if command == "options":
        return fail_unless_equal(page_options(texts[1]), help_options(texts[0]), paths[1])
    if command == "command":
        name = re.match(r"Usage: weatherctl (\w+)", texts[0])[1]
        return fail_unless_equal(page_command_options(texts[1], name), help_options(texts[0]), f"{paths[1]}: {name}")
    if command == "keys":
        return fail_unless_equal(page_keys(texts[1]), help_keys(texts[0]), paths[1])
    if command == "sample":
        keys = sample_keys(texts[1])
        return compare_sample(keys, help_keys(texts[0]), help_keys_per_topic(texts[0])) | comments_missing(texts[1])
    if command == "files":
        return compare_files(texts[0], texts[1:])
    if command == "exits":
        print(*re.findall(r"^\.It (\d+)$", page_section(texts[0], "EXIT STATUS"), re.M))
    elif command == "fixed":
        print(*page_fixed_keys(texts[0]), sep="\n")
    elif command == "examples":
        print(*page_examples(texts[0]), sep="\n")
    elif command == "shell":
        print(*page_shell(page_section(texts[0], "EXAMPLES")), sep="\n")
    elif command == "settings":
        blocks = re.findall(r"^\.Bd[^\n]*\n(\[.*?)^\.Ed$", page_section(texts[0], "EXAMPLES"), re.M | re.S)
        if int(name) > len(blocks):
            return 1
        print(blocks[int(name) - 1], end="")
    elif command == "commands":
        print(*page_shell(texts[0], name + " "), sep="\n")
    elif command == "messages":
        return compare_messages(*texts, os.path.dirname(paths[1]))
    elif command == "references":
        return references(paths)
    elif command == "uncomment":
        print(uncomment(texts[0]), end="")
    else:
        print(__doc__)
        return 64
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except AssertionError as error:
        print(error)
        sys.exit(1)
