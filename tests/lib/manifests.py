#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What compose.yaml and the manifests of Kubernetes give to a container.

    manifests.py environment FILE SERVICE            NAME=VALUE a line
    manifests.py properties FILE SERVICE             of Kafka's image: the broker's properties that its variables are
    manifests.py probe FILE CONTAINER KIND           the command of a container's startup, readiness or liveness, a word a line
    manifests.py get FILE PATH                       a value as JSON: services.consumer.read_only; spec.replicas, of the
                                                     last document where there are several
"""

import json
import sys

import yaml

sys.dont_write_bytecode = True


def load(path):
    with open(path, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))[-1]


def get(path, keys):
    value = load(path)
    for key in keys.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def container(path, name):
    return next(c for c in get(path, "spec.template.spec.containers") if c["name"] == name)


def environment(path, name):
    document = load(path)
    if "services" in document:
        return document["services"][name]["environment"]
    return {variable["name"]: variable["value"] for variable in container(path, name)["env"]}


# The image takes KAFKA_LOG_DIRS for log.dirs.
def properties(path, name):
    return {key.removeprefix("KAFKA_").lower().replace("_", "."): value for key, value in environment(path, name).items()}


def main(command, path, *arguments):
    if command in ("environment", "properties"):
        values = {"environment": environment, "properties": properties}[command](path, *arguments)
        print("\n".join(f"{key}={value}" for key, value in values.items()))
    elif command == "probe":
        print("\n".join(container(path, arguments[0])[f"{arguments[1]}Probe"]["exec"]["command"]))
    else:
        print(json.dumps(get(path, arguments[0])))


main(*sys.argv[1:])
