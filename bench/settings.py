"""The site's own settings, with one address more: a constant body in the same page."""

from fabriques.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
