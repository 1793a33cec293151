"""Files made on the spot for tests of uploads: real ones, and what ill will makes of them."""

import io
import zipfile
import zlib

import openpyxl
import typst
from odfdo import Document
from PIL import Image

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


Parts = dict[str, str | bytes]


def picture(source: str = "PNG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, source, **options)
    return written.getvalue()


def pdf(text: str = "Compte rendu") -> bytes:
    return typst.compile(text.encode())


def pdf_with(objects: bytes, *, trailer: bytes = b"") -> bytes:
    """A small PDF that holds these objects."""
    return (
        b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n"
        + objects
        + b"\nxref\n0 1\ntrailer << /Root 1 0 R "
        + trailer
        + b">>\nstartxref\n0\n%%EOF\n"
    )


def object_stream(objects: bytes, *, kind: bytes = b"/ObjStm") -> bytes:
    packed = zlib.compress(objects)
    return (
        b"9 0 obj << /Type %s /N 1 /First 4 /Filter /FlateDecode /Length %d >>\n"
        b"stream\n%s\nendstream" % (kind, len(packed), packed)
    )


def odf(kind: str = "text") -> bytes:
    written = io.BytesIO()
    Document(kind).save(written)
    return written.getvalue()


def xlsx() -> bytes:
    written = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["commune", "population"])
    book.save(written)
    return written.getvalue()


def package(media_type: str = WORD, parts: Parts | None = None) -> bytes:
    """A minimal Office Open XML document with these parts added."""
    files: Parts = {
        "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Override PartName="/a" '
        f'ContentType="{media_type}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"/>',
    }
    return archive(files | (parts or {}))


def relations(kind: str, target: str, mode: str = "External") -> str:
    return (
        f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/{kind}" '
        f'Target="{target}" TargetMode="{mode}"/></Relationships>'
    )


def archive(files: Parts) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return written.getvalue()


def added(document: bytes, parts: Parts) -> bytes:
    """The same archive, with parts added or replaced."""
    with zipfile.ZipFile(io.BytesIO(document)) as file:
        files: Parts = {name: file.read(name) for name in file.namelist()}
    return archive(files | parts)
