"""YAML as people like to read it."""

from reconciler.config.yaml.writer import write_yaml


def test_configuration_is_written_as_a_person_would():
    value = {
        "integration": "slack",
        "enabled": True,
        "labels": {"tier": "1", "since": "2024-01-01", "old": "yes"},
        "settings": {"channel": "#builds", "url": "https://example.com/#x", "pattern": "\\d+", "empty": {}},
        "events": [{"type": "build.*", "when": 'data.status == "failed"'}],
        "message": {"title": "{{ event.data.job }}", "text": "one\n\ntwo\n"},
        "rows": [[1, 2.0], [], None],
    }
    assert write_yaml(value) == (
        "integration: slack\n"
        "enabled: true\n"
        "labels:\n"
        '  tier: "1"\n'
        '  since: "2024-01-01"\n'
        '  old: "yes"\n'
        "settings:\n"
        '  channel: "#builds"\n'
        "  url: https://example.com/#x\n"
        "  pattern: '\\d+'\n"
        "  empty: {}\n"
        "events:\n"
        "  - type: build.*\n"
        '    when: data.status == "failed"\n'
        "message:\n"
        '  title: "{{ event.data.job }}"\n'
        "  text: |\n"
        "    one\n"
        "\n"
        "    two\n"
        "rows:\n"
        "  - - 1\n"
        "    - 2.0\n"
        "  - []\n"
        "  - null\n"
    )


def test_quotes_need_no_escapes_where_the_others_would():
    assert write_yaml('"quoted" text') == "'\"quoted\" text'\n"


def test_long_key_takes_the_explicit_form():
    assert write_yaml({"k" * 1001: {"a": 1}}) == f"? {'k' * 1001}\n:\n  a: 1\n"


def test_what_cannot_be_seen_is_escaped():
    assert write_yaml("a\u200bb\x7f\ufeff\U000e0001") == '"a\\u200Bb\\x7F\\uFEFF\\U000E0001"\n'
