"""The settings of the Django project, as small as they can be."""

import os
from pathlib import Path

SECRET_KEY = "an example, and never a secret"  # noqa: S105 — this project serves nobody
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
ROOT_URLCONF = "django_site.urls"
INSTALLED_APPS = ["django_site.apps.ReviewsConfig"]
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("REVIEWS_DATABASE", ".reviews.sqlite3")}
}
USE_TZ = True

RECONCILE_CONFIGS = Path(os.environ.get("REVIEWS_CONFIGS", Path(__file__).parent.parent / "configs"))
RECONCILE_STATE = Path(os.environ.get("REVIEWS_STATE", ".reconcile-django"))
