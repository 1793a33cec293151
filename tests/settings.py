"""Settings of the tests: the real ones, on a database of their own."""

import os

os.environ.setdefault("SECRET_KEY", "tests")
os.environ["DEBUG"] = "0"

from fabriques.settings import *  # noqa: F403
from fabriques.settings import DATABASES, TEMPLATES, VAR
from tests.guards import FailOnUndefined

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
SITE_OPERATOR = "Agence d’essai"
SITE_CONTACT = "contact@fabriques.test"
SITE_URL = "https://fabriques.test"
MAIL_FROM = "Fabriques d’essai <ne-pas-repondre@fabriques.test>"

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["NAME"] = VAR / "tests.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": VAR / "tests.sqlite3"}
else:
    # A pool would keep connections open on the test database while it is dropped.
    DATABASES["default"]["OPTIONS"] = {}

# No build step before the unit tests: plain names, the browser tests serve the hashed ones.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = FailOnUndefined()
