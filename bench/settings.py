"""The site's own settings, with one address more: a constant body in the same page."""

from pathlib import Path

from fabriques.settings import *  # noqa: F403
from fabriques.settings import TEMPLATES

ROOT_URLCONF = "bench.urls"
TEMPLATES[0]["DIRS"] = [Path(__file__).resolve().parent / "templates"]
