"""What gunicorn and uwsgi serve."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "django_site.settings")
logging.basicConfig(level=logging.INFO)  # the story of the engine, and what the integration says
application = get_wsgi_application()
