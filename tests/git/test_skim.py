"""A skim claims what a file says or says that it is not sure; it never claims too little."""

import pytest

from reconciler.config.run.skim import skim_bytes

SURE = {
    "plain": "integration: slack\nname: a\n",
    "comments": "# ü – x\n\nintegration: slack\n# between\nname: a\nsettings:\n  x: 1\n",
    "marked": "---\nintegration: slack\nname: a\nx: 1\n",
    "swapped": "name: a\nintegration: slack\nx: 1\n",
    "crlf": "integration: slack\r\nname: a\r\nx: 1\r\n",
}
UNSURE = {
    "two documents": "integration: slack\nname: a\n---\nintegration: slack\nname: b\n",
    "document behind dots": "integration: slack\nname: a\n...\nintegration: slack\nname: b\n",
    "quoted": 'integration: "slack"\nname: a\n',
    "continued": "integration: slack\nname: a\n  b\n",
    "continued behind a blank line": "integration: slack\nname: a\n\n  b\n",
    "comment behind": "integration: slack\nname: a # x\n",
    "inside a string": 'description: "\nintegration: slack\nname: a\n"\nintegration: slack\nname: b\n',
    "flow": "{integration: slack, name: a}\n",
    "other keys first": "labels: {}\nintegration: slack\nname: a\n",
    "key in escapes": 'integration: slack\nname: a\ndelivery: {"\\x66allback": slack/b}\n',
    "line break of libyaml": "integration: slack\nname: a\nx: 1\u2028---\nname: b\n",
    "lone carriage return": "integration: slack\nname: a\nx: 1\r---\rname: b\n",
    "byte order mark": "\ufeffintegration: slack\nname: a\n",
    "odd fallback": "integration: slack\nname: a\ndelivery: {fallback: slack/b}\n",
    "fallback told of twice": "integration: slack\nname: a\ndescription: fallback\ndelivery:\n  fallback: slack/b\n",
    "large": "integration: slack\nname: a\n" + "#" * 9000,
    "empty": "",
}


@pytest.mark.parametrize("text", SURE.values(), ids=SURE)
def test_simple_file_is_sure(text):
    assert skim_bytes(text.encode()) == (b"slack/a", None)


@pytest.mark.parametrize("text", UNSURE.values(), ids=UNSURE)
def test_anything_else_is_not(text):
    assert skim_bytes(text.encode()) == (None, None)


def test_fallback_is_seen():
    text = b"integration: slack\nname: a\ndelivery:\n  retry_for: 1h\n  fallback: email/ops\n"
    assert skim_bytes(text) == (b"slack/a", b"email/ops")
