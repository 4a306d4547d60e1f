"""A skim claims what a file says or says that it is not sure; it never claims too little."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.config.run.skim import Skim, skim_bytes, skim_files

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


LEANING = "integration: slack\nname: a\ndelivery:\n  fallback: email/ops\n"
BODIES = st.sampled_from([*SURE.values(), *UNSURE.values(), LEANING]).map(str.encode)
TEXTS = st.lists(BODIES | st.binary(max_size=80) | st.just(None), max_size=150)


@given(TEXTS)
def test_many_files_together_claim_what_each_claims_alone(texts):
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{number}.yaml" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            if text is not None:
                Path(folder, file).write_bytes(text)
        skim = skim_files(files, folder)
    each = [(None, None) if text is None else skim_bytes(text) for text in texts]
    assert skim.ids == [claimed for claimed, _ in each]
    assert skim.fallbacks == {number: target for number, (_, target) in enumerate(each) if target is not None}
    assert skim.integrations >= {claimed.partition(b"/")[0] for claimed, _ in each if claimed is not None}


@given(TEXTS, st.integers(0, 150))
def test_skims_add_up(texts, cut):
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{number}.yaml" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            Path(folder, file).write_bytes(text or b"")
        at_once, sum_of_parts = skim_files(files, folder), Skim()
        for part in (files[:cut], files[cut:]):
            sum_of_parts.add(skim_files(part, folder))
    assert (sum_of_parts.ids, sum_of_parts.fallbacks) == (at_once.ids, at_once.fallbacks)


def test_files_that_nobody_can_open_leave_no_handle_behind(tmp_path):
    (tmp_path / "a.yaml").write_text(LEANING)
    before = len(os.listdir("/proc/self/fd"))
    skim = skim_files(["a.yaml", "gone.yaml", "a.yaml", "a.yaml/deeper.yaml"], str(tmp_path))
    assert skim.ids == [b"slack/a", None, b"slack/a", None]
    assert len(os.listdir("/proc/self/fd")) == before
