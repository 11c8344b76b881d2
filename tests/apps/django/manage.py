"""A Django project in one file; its database outlives every release."""
import os
import sys
from pathlib import Path

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(os.environ.get("DATA_ROOT", ".")) / "db.sqlite3",
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.staticfiles", "visits"],
    ROOT_URLCONF="visits.urls",
    SECRET_KEY="for a test",
    STATIC_ROOT=Path(__file__).resolve().parent / "staticfiles",
    STATIC_URL="static/",
)
django.setup()

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
else:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
