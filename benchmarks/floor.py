#!/usr/bin/env python3
"""The floor: the least that any validator of YAML files in Python has to do. floor.py DIR SCHEMA.

Reads every file beneath DIR, composes and constructs it with PyYAML's C parser, and asks jsonschema-rs for a verdict.
No positions, no caps, no duplicate keys, no findings. It is written to be fast (no resolver, no collector of cycles),
so that the ratio against it flatters nobody. Prints how many files there are and how many are not valid.
"""

import gc
import json
import os
import sys

import jsonschema_rs
from yaml.cyaml import CParser
from yaml.nodes import MappingNode, ScalarNode

CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}


class Parser(CParser):
    """libyaml's composer with the three hooks that it asks for, doing nothing."""

    def descend_resolver(self, _parent, _index):
        """Do nothing."""

    def ascend_resolver(self):
        """Do nothing."""

    def resolve(self, _kind, _value, _implicit):
        """Call every node untagged."""
        return ""


def construct(node):
    """Return a node's value; numbers as integers, which are all that the corpus has."""
    if node.__class__ is ScalarNode:
        value = node.value
        if node.style or (value not in CONSTANTS and not value.isdigit()):
            return value
        return int(value) if value.isdigit() else CONSTANTS[value]
    if node.__class__ is MappingNode:
        return {key.value: construct(value) for key, value in node.value}
    return [construct(item) for item in node.value]


def files(folder):
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from files(entry.path)
            elif entry.name.endswith((".yaml", ".yml")):
                yield entry.path


def main():
    folder, schema_file = sys.argv[1:]
    with open(schema_file, "rb") as opened:
        is_valid = jsonschema_rs.validator_for(json.load(opened)).is_valid
    count = bad = 0
    for file in files(folder):
        with open(file, "rb") as opened:
            data = opened.read()
        count += 1
        bad += not is_valid(construct(Parser(data).get_single_node()))
    print(f"{count} files, {bad} not valid")


if __name__ == "__main__":
    gc.disable()
    main()
