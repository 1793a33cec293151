"""Office documents: real archives of OpenDocument or Office Open XML, with nothing that acts."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from xml.parsers import expat

from fabriques.kit.uploads.kinds import FORMATS, Kind, WrongFileError

MAX_PARTS = 5_000
MAX_INFLATED = 250_000_000  # bytes, for the whole document
MAX_RATIO = 100  # inflated to stored, beyond the first ten megabytes
_FIRST = 10_000_000

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PACKAGED_FILE = "Ole10Native".encode("utf-16-le")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_MACRO_FOLDERS = ("Basic/", "Scripts/")
_MAIN = {
    f"application/vnd.openxmlformats-officedocument.{family}.main+xml": extension
    for family, extension in (
        ("wordprocessingml.document", "docx"),
        ("spreadsheetml.sheet", "xlsx"),
        ("presentationml.presentation", "pptx"),
        ("presentationml.slideshow", "pptx"),
    )
}
_ODF = {
    FORMATS[extension][1]: extension
    for extension in ("odt", "ods", "odp")
    if FORMATS[extension][0] is Kind.OFFICE
}
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|/|\\|\.\./", re.I)
_WEB = re.compile(r"(https?|ftp|mhtml|ms-)", re.I)
_ODF_OBJECTS = {"object", "object-ole", "plugin", "applet", "floating-frame"}

_DAMAGED = "Ce document est abîmé : il ne peut pas être lu."
_MACROS = "Ce document contient des macros : enregistrez-le dans un format sans macros."
_PROTECTED = "Ce document est protégé par un mot de passe : enregistrez-le sans protection."
_LINKED = "Ce document va chercher un objet hors de lui-même : remplacez cet objet par une image."
_PROGRAM = "Ce document contient un fichier incorporé : retirez-le, ou remplacez-le par une image."


def check_old_office(data: bytes) -> tuple[str, bytes]:
    """Refuse the binary formats of before 2007, and what a password turns documents into."""
    if _ENCRYPTED_PACKAGE in data:
        raise WrongFileError(_PROTECTED, "office-encrypted")
    raise WrongFileError(
        "Ce document est dans un ancien format (.doc, .xls, .ppt) : "
        "enregistrez-le au format ODT, ODS, ODP, DOCX, XLSX ou PPTX.",
        "office-old",
    )


def check_office(data: bytes) -> str:
    """The extension of the document, or `WrongFileError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _check(archive, len(data))
    except WrongFileError:
        raise
    except Exception:  # whatever an archive that lies makes its readers raise
        raise WrongFileError(_DAMAGED, "office") from None


def _check(archive: zipfile.ZipFile, size: int) -> str:
    parts = archive.infolist()
    _check_limits(parts, size)
    names = [part.orig_filename for part in parts]
    for name in names:
        if name != posixpath.normpath(name) + ("/" if name.endswith("/") else "") or (
            name.startswith(("/", "..")) or any(char in name for char in "\\:\0")
        ):
            raise WrongFileError(_DAMAGED, "office-names")
    if len(set(names)) < len(names):
        raise WrongFileError(_DAMAGED, "office-names")
    if "mimetype" in names:
        extension = _ODF.get(archive.read("mimetype").decode().strip())
        check = _check_odf
    else:
        extension = _main_part(archive) if "[Content_Types].xml" in names else None
        check = _check_ooxml
    if extension is None:
        raise WrongFileError("Cette archive n’est pas un document bureautique connu.", "unknown")
    for part in parts:
        content = archive.read(part)  # whole, so that what is damaged shows
        if content[:8] == _OLE and _PACKAGED_FILE in content:
            raise WrongFileError(_PROGRAM, "office-program")
        if (
            part.filename.lower().endswith("vbaproject.bin")
            or b"vbaProject.bin" in content[-65536:]
        ):
            raise WrongFileError(_MACROS, "office-macros")
        check(part.filename, content)
    return extension


def _check_limits(parts: list[zipfile.ZipInfo], size: int) -> None:
    if any(part.flag_bits & 1 for part in parts):
        raise WrongFileError(_PROTECTED, "office-encrypted")
    inflated = sum(part.file_size for part in parts)
    if (
        len(parts) > MAX_PARTS
        or inflated > MAX_INFLATED
        or inflated > max(size * MAX_RATIO, _FIRST)
        or any(
            part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts
        )
    ):
        raise WrongFileError("Ce document est trop lourd une fois ouvert.", "office-bomb")


def _main_part(archive: zipfile.ZipFile) -> str | None:
    """The format that an Office Open XML document declares for its main part."""
    declared = [
        attributes.get("ContentType", "")
        for _, attributes in _elements(archive.read("[Content_Types].xml"))
    ]
    if any("macro" in media_type.lower() or "vbaProject" in media_type for media_type in declared):
        raise WrongFileError(_MACROS, "office-macros")
    return next((_MAIN[media_type] for media_type in declared if media_type in _MAIN), None)


def _check_ooxml(name: str, content: bytes) -> None:
    if "/activex/" in name.lower() or "/macrosheets/" in name.lower():
        raise WrongFileError(_MACROS, "office-macros")
    if not name.lower().endswith(".rels"):
        return
    for _, attributes in _elements(content):
        if attributes.get("TargetMode", "").lower() != "external":
            continue
        relation = attributes.get("Type", "").rsplit("/", 1)[-1]
        target = attributes.get("Target", "")
        # The models of an office are on its own disks: only one fetched from the web is refused.
        if relation in ("oleObject", "package", "subDocument", "frame", "control") or (
            relation == "attachedTemplate" and _WEB.match(target)
        ):
            raise WrongFileError(_LINKED, "office-linked")


def _check_odf(name: str, content: bytes) -> None:
    if name.startswith(_MACRO_FOLDERS) or any(f"/{folder}" in name for folder in _MACRO_FOLDERS):
        raise WrongFileError(_MACROS, "office-macros")
    if posixpath.basename(name) not in ("content.xml", "styles.xml", "manifest.xml"):
        return
    for element, attributes in _elements(content):
        if element == "encryption-data":
            raise WrongFileError(_PROTECTED, "office-encrypted")
        if element == "event-listener":
            raise WrongFileError(_MACROS, "office-macros")
        if element in _ODF_OBJECTS and _OUTSIDE.match(attributes.get("href", "")):
            raise WrongFileError(_LINKED, "office-linked")


def _elements(content: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Elements of an XML part in order, names and attributes without their namespaces.

    A part that declares a document type is refused: no office software writes one.
    """
    found: list[tuple[str, dict[str, str]]] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append((_local(name), {_local(key): value for key, value in attributes.items()}))

    def doctype(*_: object) -> None:
        raise WrongFileError(_DAMAGED, "office-doctype")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    parser.Parse(content, True)
    return iter(found)


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]
