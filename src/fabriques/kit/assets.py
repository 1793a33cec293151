"""Static files: built at install from npm packages, served under hashed names in every mode."""

import re
import shutil
from pathlib import Path

from whitenoise.storage import CompressedManifestStaticFilesStorage

_FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
_URL = re.compile(r"url\((\.\./[^)\"']+)\)")
_SOURCE_MAP = re.compile(r"(/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=.*)\s*$")
_STATE_BRAND = re.compile(r"font-family:Marianne,arial,sans-serif")

# The icons that our templates use, as the design system names them.
ICONS = (
    "account-circle-line",
    "arrow-right-line",
    "france-line",
    "list-unordered",
    "theme-fill",
)
# The drawings of the display settings.
ARTWORK = ("light.svg", "dark.svg", "system.svg")


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Gives hashed addresses even when DEBUG is on, so that both modes serve the same files.

    Also rewrites the `import` statements of our modules, so that they name hashed files.
    """

    support_js_module_import_aggregation = True

    def url(self, name: str, force: bool = True) -> str:
        return str(super().url(name, force=force))


def build(node_modules: Path, out: Path) -> None:
    """Write the trimmed design system, its neutral typeface and Leaflet under `out`.

    The whole package holds 26 000 files; pages use one style sheet, one script and a few icons.
    Marianne, the State's typeface, goes into a sheet of its own that only the State's sites load;
    everywhere else Public Sans stands in.
    """
    dist = node_modules / "@gouvfr" / "dsfr" / "dist"
    target = out / "dsfr" / "dist"
    shutil.rmtree(out / "dsfr", ignore_errors=True)
    (target / "dsfr").mkdir(parents=True)
    css = _text(dist / "dsfr" / "dsfr.main.min.css")
    brand = "".join(_FONT_FACE.findall(css))
    css = _STATE_BRAND.sub("font-family:var(--typeface,arial,sans-serif)", _FONT_FACE.sub("", css))
    utility = _text(dist / "utility" / "icons" / "icons.main.min.css")
    icons = "".join(_icon_rules(utility, name) for name in ICONS)
    sheets = {
        "dsfr.min.css": css,
        "marianne.css": brand + ":root{--typeface:Marianne,arial,sans-serif}",
        "icons.css": icons.replace("../../icons/", "../icons/"),
    }
    for name, text in sheets.items():
        (target / "dsfr" / name).write_text(text, encoding="utf-8")
        for path in set(_URL.findall(text)):
            source = (dist / "dsfr" / path.split("#")[0].split("?")[0]).resolve()
            copy = target / source.relative_to(dist.resolve())
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    (target / "artwork").mkdir()
    for name in ARTWORK:
        shutil.copyfile(dist / "artwork" / name, target / "artwork" / name)
    script = _text(dist / "dsfr" / "dsfr.module.min.js")
    (target / "dsfr" / "dsfr.module.min.js").write_text(script, encoding="utf-8")

    fonts = out / "fonts"
    fonts.mkdir(exist_ok=True)
    files = node_modules / "@fontsource-variable" / "public-sans" / "files"
    for name in ("latin-wght-normal", "latin-ext-wght-normal"):
        shutil.copyfile(files / f"public-sans-{name}.woff2", fonts / f"public-sans-{name}.woff2")

    leaflet = node_modules / "leaflet" / "dist"
    (out / "leaflet" / "images").mkdir(parents=True, exist_ok=True)
    for name in ("leaflet.css", "leaflet-src.esm.js"):
        (out / "leaflet" / name).write_text(_text(leaflet / name), encoding="utf-8")
    for image in sorted((leaflet / "images").iterdir()):
        shutil.copyfile(image, out / "leaflet" / "images" / image.name)


def _text(path: Path) -> str:
    """A text file without the comment that names its source map, which we do not ship."""
    return _SOURCE_MAP.sub("", path.read_text(encoding="utf-8").rstrip())


def _icon_rules(css: str, name: str) -> str:
    rules = re.findall(rf"\.fr-icon-{re.escape(name)}:[^{{}}]*\{{[^{{}}]*\}}", css)
    if not rules:
        raise LookupError(f"The design system has no icon named {name}.")
    return "".join(rules)
