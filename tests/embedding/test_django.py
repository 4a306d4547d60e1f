"""The Django example, as a project of its own in a process of its own: Django's settings are global."""

import os
import shutil
import subprocess
import sys

import pytest

DRIVER = """
import json, time
import django
django.setup()
from django.test import Client
from django_site.apps import manager, review_published
response = Client().post("/reviews/42/publish")
integration = manager().get_integration("reviews")
deadline = time.monotonic() + 20
while not integration.said and time.monotonic() < deadline:
    time.sleep(0.01)
receivers = len(review_published.receivers)
manager().stop()
print(json.dumps([response.status_code, integration.said, receivers, len(review_published.receivers)]))
"""


@pytest.mark.slow
def test_django_signal_reaches_the_integration(examples, tmp_path):
    shutil.copytree(examples / "configs", tmp_path / "configs")
    environment = {
        **os.environ,
        "PYTHONPATH": str(examples),
        "DJANGO_SETTINGS_MODULE": "django_site.settings",
        "REVIEWS_CONFIGS": str(tmp_path / "configs"),
        "REVIEWS_STATE": str(tmp_path / "state"),
    }
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == '[202, ["A review is out: 42"], 1, 0]', done.stderr
