"""Conventions of the code base, held by tests: floors, documents, templates, tables."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from django.apps import apps
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "fabriques"


def test_no_missing_migration(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_each_domain_imports_from_lower_floors_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_setting_of_the_environment_is_documented() -> None:
    read = re.findall(r'env(?:\.\w+)?\(\s*"([A-Z_]+)"', (SOURCE / "settings.py").read_text())
    documented = (ROOT / "docs" / "settings.md").read_text()
    assert read
    assert [name for name in read if f"`{name}`" not in documented] == []


def test_every_runtime_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[\[<>=]", item)[0] for item in project["dependencies"]]
    reasons = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text()
    assert len(names) <= 30
    assert [name for name in names if f"| {name} |" not in reasons] == []


def test_no_template_is_left_unused() -> None:
    folders = [*SOURCE.glob("*/templates"), *SOURCE.glob("*/jinja2")]
    templates = {
        str(path.relative_to(folder)) for folder in folders for path in folder.rglob("*.html")
    }
    text = "\n".join(
        path.read_text() for pattern in ("*.py", "*.html") for path in SOURCE.rglob(pattern)
    )
    found_by_django = {"404.html", "500.html"}
    # Letters name theirs without an ending: there is one of each in text and in HTML.
    named = {name for name in templates if f'"{name.removesuffix(".html")}"' in text}
    unnamed = templates - found_by_django - named
    assert {name for name in unnamed if f'"{name}"' not in text} == set()


def test_every_model_has_a_name_and_an_order() -> None:
    for model in apps.get_models():
        if model.__module__.startswith("fabriques."):
            assert "__str__" in vars(model), model
            if model._meta.label not in ("kit.SearchTerm", "kit.SearchWord", "kit.SearchStamp"):
                assert model._meta.ordering, model


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in SOURCE.rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 450 and "migrations" not in path.parts
    }
    assert long == {}
