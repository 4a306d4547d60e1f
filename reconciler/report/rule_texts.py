"""One sentence about each rule, as reports that list rules and the documentation say it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RULE_TEXTS: Final[Mapping[str, str]] = MappingProxyType({
    "unreadable-file": "the file cannot be read: permissions, an I/O error, a dangling link, a device",
    "file-name": "the name is not UTF-8; the file is not loaded",
    "file-too-large": "more than 1 MiB",
    "encoding": "not UTF-8, or it holds characters that YAML forbids",
    "yaml-syntax": "not YAML: a tab for indentation, an open bracket",
    "yaml-tag": "a tag such as `!ruby/object`; there are none here",
    "yaml-merge": "a merge key `<<`: write the keys out",
    "yaml-limit": "too deep, or too many values",
    "yaml-alias": "an alias that is unknown or contains itself",
    "duplicate-key": "the same key twice in one mapping",
    "non-string-key": "a key that is a number, a boolean, null or a collection",
    "number-range": "a number too large to be kept exactly, or not finite",
    "empty-document": "nothing but comments; an empty file is not a removal",
    "missing-key": "a required key is not there",
    "unknown-key": "a key that nobody knows, with the nearest name",
    "wrong-type": "a value of another type than expected, such as the text `yes` for a boolean",
    "invalid-value": "a value that the schema forbids",
    "invalid-name": "a `name` that is not `[a-z0-9]` with `.`, `_`, `-` between, at most 63",
    "invalid-duration": "not a duration such as `90s` or `1h30m`",
    "unknown-integration": "no integration of this id is installed, with the nearest name",
    "integration-failed": "the integration cannot be used: its manifest or its schema is broken",
    "plaintext-secret": "a literal at the place of a secret",
    "secret-reference": "a reference that can never resolve: unknown scheme, `RECONCILE_*`, a path that leaves the "
                        "directory",
    "validation-limit": "validating took too long or found too much: a pattern that backtracks, for example",
    "duplicate-id": "two documents with one id; an error at each place, neither change applies",
    "unknown-event-type": "close to a declared event type, and not one",
    "filter-syntax": "`when` is not CEL, or names an unknown variable",
    "template-syntax": "a template does not compile, or names an unknown variable",
    "dangling-fallback": "`delivery.fallback` names a configuration that is not there",
    "ignored-setting": "a setting that has no effect beside another one, and why",
    "toml-syntax": "`reconcile.toml` is not TOML",
})  # fmt: skip
