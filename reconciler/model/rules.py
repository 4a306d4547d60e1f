"""The stable ids of every finding, in one place: reports, suppressions and documentation refer to them."""

from typing import Final

# Files and YAML
UNREADABLE_FILE: Final = "unreadable-file"
FILE_NAME: Final = "file-name"
FILE_TOO_LARGE: Final = "file-too-large"
ENCODING: Final = "encoding"
YAML_SYNTAX: Final = "yaml-syntax"
YAML_TAG: Final = "yaml-tag"
YAML_MERGE: Final = "yaml-merge"
YAML_LIMIT: Final = "yaml-limit"
YAML_ALIAS: Final = "yaml-alias"
DUPLICATE_KEY: Final = "duplicate-key"
NON_STRING_KEY: Final = "non-string-key"
NUMBER_RANGE: Final = "number-range"
EMPTY_DOCUMENT: Final = "empty-document"
TOML_SYNTAX: Final = "toml-syntax"

# The envelope and the settings
MISSING_KEY: Final = "missing-key"
UNKNOWN_KEY: Final = "unknown-key"
WRONG_TYPE: Final = "wrong-type"
INVALID_VALUE: Final = "invalid-value"
INVALID_NAME: Final = "invalid-name"
INVALID_DURATION: Final = "invalid-duration"
UNKNOWN_INTEGRATION: Final = "unknown-integration"
INTEGRATION_FAILED: Final = "integration-failed"
PLAINTEXT_SECRET: Final = "plaintext-secret"
SECRET_REFERENCE: Final = "secret-reference"
VALIDATION_LIMIT: Final = "validation-limit"

# Whole-directory and semantic checks
DUPLICATE_ID: Final = "duplicate-id"
UNKNOWN_EVENT_TYPE: Final = "unknown-event-type"
FILTER_SYNTAX: Final = "filter-syntax"
TEMPLATE_SYNTAX: Final = "template-syntax"
DANGLING_FALLBACK: Final = "dangling-fallback"
IGNORED_SETTING: Final = "ignored-setting"
HOOK_COLLISION: Final = "hook-collision"
CONSTANT_FILTER: Final = "constant-filter"
REDUNDANT_EVENT: Final = "redundant-event"
UNKNOWN_FIELD: Final = "unknown-field"
ABSENT_FIELD: Final = "absent-field"
DISABLED_FALLBACK: Final = "disabled-fallback"
UNRESOLVED_SECRET: Final = "unresolved-secret"
SECRET_MISFIT: Final = "secret-misfit"

# What the directory allows, and comments about findings
POLICY: Final = "policy"
UNUSED_POLICY: Final = "unused-policy"
UNUSED_SUPPRESSION: Final = "unused-suppression"

# Our own fault: one file must not keep the others from being checked
INTERNAL_ERROR: Final = "internal-error"

# Test cases
INVALID_EVENT: Final = "invalid-event"
UNKNOWN_CONFIG: Final = "unknown-config"
DUPLICATE_CASE: Final = "duplicate-case"

RULES: Final = frozenset(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
"""Every rule."""
ADVICE: Final = frozenset({
    UNKNOWN_EVENT_TYPE, CONSTANT_FILTER, REDUNDANT_EVENT, ABSENT_FIELD, DANGLING_FALLBACK,
    DISABLED_FALLBACK, IGNORED_SETTING, UNUSED_POLICY, UNUSED_SUPPRESSION,
})  # fmt: skip
"""The rules whose findings are warnings: those alone may be left out of a report."""
