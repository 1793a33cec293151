"""Files that people send: what is kept, what is refused, in which words."""

import io
import random
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import FileResponse
from dsfr.forms import DsfrBaseForm
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from fabriques.kit.uploads import MO, Accepted, CheckedFileField, Kind, RefusedFile, accept, served
from fabriques.kit.uploads import images as checked_images
from tests.kit import samples

EVERY = tuple(Kind)


def sent(content: bytes, name: str = "fichier", **options: object) -> Accepted:
    options = {"kinds": EVERY, "max_bytes": MO, **options}
    return accept(ContentFile(content, name), **options)  # type: ignore[arg-type]


def refusal(content: bytes, name: str = "fichier", **options: object) -> tuple[str, str]:
    """The code and the sentence of a refusal."""
    with pytest.raises(RefusedFile) as refused:
        sent(content, name, **options)
    return str(refused.value.code), refused.value.messages[0]


REAL = {
    "png": (samples.picture("PNG"), "image/png"),
    "jpg": (samples.picture("JPEG"), "image/jpeg"),
    "webp": (samples.picture("WEBP"), "image/webp"),
    "pdf": (samples.pdf(), "application/pdf"),
    "odt": (samples.odf("text"), "application/vnd.oasis.opendocument.text"),
    "ods": (samples.odf("spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet"),
    "odp": (samples.odf("presentation"), "application/vnd.oasis.opendocument.presentation"),
    "xlsx": (
        samples.xlsx(),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "docx": (
        samples.package(),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "txt": ("Des mots accentués".encode(), "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize("extension", REAL)
def test_what_a_file_holds_says_what_it_is(extension: str) -> None:
    content, media_type = REAL[extension]
    accepted = sent(content, "malheur.exe")
    assert accepted.media_type == media_type
    assert accepted.name == f"malheur.exe.{extension}"
    assert accepted.file.read() == accepted.content
    if accepted.kind in (Kind.PDF, Kind.OFFICE):
        assert accepted.content == content


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("compte rendu.doc", "compte rendu.pdf"),
        ("Élu·e référent·e.PDF", "Élu·e référent·e.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Bureau\\plan.v2.pdf", "plan.v2.pdf"),
        ("a\r\nSet-Cookie: x=y.pdf", "a Set-Cookie x=y.pdf"),
        ("fdp\u202e.exe", "fdp .exe.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("...", "document.pdf"),
        ("", "document.pdf"),
        ("📄" * 200, "📄" * 30 + ".pdf"),
    ],
)
def test_names_are_made_safe(given_name: str, kept: str) -> None:
    file = io.BytesIO(REAL["pdf"][0])
    upload = ContentFile(file.read())
    upload.name = given_name
    assert accept(upload, kinds=EVERY, max_bytes=MO).name == kept


def test_a_refusal_says_what_is_wrong_then_what_would_do() -> None:
    code, sentence = refusal(b"x" * 1_234_567, max_bytes=MO)
    assert code == "too-big"
    assert sentence.startswith("Ce fichier pèse 1,3 Mo ; la limite est de 1 Mo.")
    code, sentence = refusal(REAL["pdf"][0], kinds=[Kind.IMAGE], max_bytes=500_000)
    assert (code, sentence) == (
        "kind",
        "Ce fichier est de type « PDF ». "
        "Formats acceptés : image (PNG, JPEG, WebP ou GIF). 0,5 Mo au plus.",
    )
    _, sentence = refusal(b"", kinds=[Kind.PDF], max_bytes=10 * MO)
    assert sentence == "Ce fichier est vide. Format accepté : PDF. 10 Mo au plus."


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "markup"),
        (b"\xef\xbb\xbf <!DOCTYPE html><p>bonjour", "markup"),
        ("<html>".encode("utf-16"), "markup"),
        (b"<?xml version='1.0'?><a/>", "markup"),
        (b"MZ\x90\x00\x03", "unknown"),
        (b"\x7fELF\x02\x01", "unknown"),
        (b"texte\x00coup\xc3\xa9", "unknown"),
        (b"\x81\x8d", "unknown"),
    ],
)
def test_what_is_neither_a_document_nor_a_text_is_refused(content: bytes, code: str) -> None:
    assert refusal(content, "photo.png")[0] == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_texts_of_every_office_come_out_as_utf8(encoding: str) -> None:
    accepted = sent("Commune;Élu·e\nBrest;3\n".encode(encoding), "Liste.CSV")
    assert accepted.content == "Commune;Élu·e\nBrest;3\n".encode()
    assert (accepted.name, accepted.media_type) == ("Liste.csv", "text/csv; charset=utf-8")


# --- Images -----------------------------------------------------------------------------------


def opened(accepted: Accepted) -> Image.Image:
    return Image.open(io.BytesIO(accepted.content))


def test_an_image_is_put_upright_and_says_nothing_of_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010F] = "Appareil de Camille"
    exif.get_ifd(0x8825)[2] = (48.0, 23.0, 0.0)  # latitude
    photo = samples.picture("JPEG", (60, 40), exif=exif, comment=b"chez Camille")
    accepted = sent(photo + b"<script>alert(1)</script>", "photo.jpeg")
    image = opened(accepted)
    assert image.size == (40, 60)
    assert not image.getexif()
    assert b"Camille" not in accepted.content
    assert b"script" not in accepted.content
    assert accepted.name == "photo.jpg"


def test_notes_and_profiles_of_other_formats_go_too() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Camille")
    for content in (
        samples.picture("PNG", pnginfo=notes, icc_profile=b"Camille"),
        samples.picture("WEBP", xmp=b"Camille", exif=b"Exif\0\0Camille"),
        samples.picture("GIF", comment=b"Camille"),
    ):
        assert b"Camille" in content
        assert b"Camille" not in sent(content).content


def test_an_image_is_made_smaller_and_keeps_its_transparency() -> None:
    written = io.BytesIO()
    Image.new("RGBA", (3000, 1500), (0, 99, 99, 0)).save(written, "PNG")
    image = opened(sent(written.getvalue()))
    assert image.size == (2400, 1200)
    assert image.convert("RGBA").getpixel((0, 0))[3] == 0


def test_an_animation_is_kept_as_its_first_frame() -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    accepted = sent(written.getvalue(), "anime.gif")
    assert accepted.name == "anime.png"
    assert opened(accepted).convert("RGB").getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "I;16", "CMYK"])
def test_every_kind_of_pixels_is_readable(mode: str) -> None:
    source = "JPEG" if mode == "CMYK" else "PNG"
    fill = {"I;16": 40_000, "CMYK": (0, 0, 0, 0)}.get(mode, "white")
    written = io.BytesIO()
    Image.new(mode, (8, 8), fill).save(written, source)
    pixel = opened(sent(written.getvalue())).convert("RGB").getpixel((4, 4))
    assert pixel == ((156, 156, 156) if mode == "I;16" else (255, 255, 255))


def test_a_picture_too_large_to_open_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checked_images.MAX_PIXELS, "PNG", 1000)
    assert refusal(samples.picture("PNG", (100, 100)))[0] == "image-pixels"
    # Only its header is read: the bomb itself is never decoded.
    header = bytearray(samples.picture("PNG", (10, 10)))
    header[16:24] = (30_000).to_bytes(4, "big") * 2
    assert refusal(bytes(header))[0] in ("image-pixels", "image")


@pytest.mark.parametrize("extension", ["png", "jpg", "webp"])
def test_a_cut_image_is_refused(extension: str) -> None:
    content = REAL[extension][0]
    assert refusal(content[: len(content) // 2])[0] == "image"


# --- PDF --------------------------------------------------------------------------------------


def test_a_plain_pdf_passes() -> None:
    content = samples.pdf_with(b"2 0 obj << /S /GoTo /Title (/JavaScripts of old) >> endobj")
    assert sent(content).content == content


@pytest.mark.parametrize(
    "objects",
    [
        b"2 0 obj << /S /JavaScript /JS (app.alert(1)) >> endobj",
        b"2 0 obj << /S /J#61vaScript /JS (x) >> endobj",
        b"2 0 obj << /S/#4A#61#76#61#53#63#72#69#70#74/JS(x) >> endobj",
        b"2 0 obj << /S /Launch /F (calc.exe) >> endobj",
        b"2 0 obj << /Names << /EmbeddedFiles 3 0 R >> >> endobj",
        b"2 0 obj << /Type /EmbeddedFile >> endobj",
        b"2 0 obj << /Subtype /RichMedia >> endobj",
        samples.object_stream(b"3 0 << /S /JavaScript /JS (x) >>"),
        samples.object_stream(b"3 0 << /S /#4cAunch >>", kind=b"/Obj#53tm"),
    ],
)
def test_a_pdf_that_acts_is_refused(objects: bytes) -> None:
    code, sentence = refusal(samples.pdf_with(objects))
    assert code == "pdf-active"
    assert "programme ou un fichier joint" in sentence


def test_a_pdf_is_refused_when_it_is_protected_cut_or_hides_its_objects() -> None:
    assert refusal(samples.pdf_with(b"", trailer=b"/Encrypt 5 0 R "))[0] == "pdf-encrypted"
    assert refusal(samples.pdf()[:-40])[0] == "pdf"
    scrambled = samples.object_stream(b"3 0 << >>").replace(b"\x78\x9c", b"\x00\x00")
    assert refusal(samples.pdf_with(scrambled))[0] == "pdf"
    bomb = samples.object_stream(b"\0" * 101_000_000)
    assert refusal(samples.pdf_with(bomb))[0] == "pdf"


# --- Office documents -------------------------------------------------------------------------

ODT = REAL["odt"][0]
MACRO_TYPE = "application/vnd.ms-word.document.macroEnabled.main+xml"
CONTENT = (
    '<office:document-content xmlns:office="urn:o" xmlns:script="urn:s" xmlns:draw="urn:d" '
    'xmlns:xlink="urn:x" xmlns:manifest="urn:m">{}</office:document-content>'
)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (samples.package(MACRO_TYPE), "office-macros"),
        (samples.archive({"mimetype": "application/zip"}), "unknown"),
        (samples.archive({"lisez-moi.txt": "bonjour"}), "unknown"),
        (samples.package("application/vnd.ms-excel.sheet.binary.main"), "unknown"),
        (samples.added(samples.package(), {"word/vbaProject.bin": b"x"}), "office-macros"),
        (samples.added(samples.package(), {"word/activeX/a.xml": b"x"}), "office-macros"),
        (samples.added(samples.package(), {"xl/macrosheets/s.xml": b"x"}), "office-macros"),
        (
            samples.package(
                parts={
                    "[Content_Types].xml": '<?xml version="1.0" encoding="utf-16"?>'.encode(
                        "utf-16"
                    )
                    + f'<T><O ContentType="{MACRO_TYPE}"/></T>'.encode("utf-16-le")
                }
            ),
            "office-macros",
        ),
        (
            samples.package(
                parts={"word/embeddings/a.xlsx": samples.archive({"xl/vbaProject.bin": ""})}
            ),
            "office-macros",
        ),
        (
            samples.package(
                parts={
                    "word/embeddings/o.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
                    + "\x01Ole10Native".encode("utf-16-le")
                }
            ),
            "office-program",
        ),
        (
            samples.package(
                parts={"word/_rels/d.rels": samples.relations("oleObject", "file:///c:/o.bin")}
            ),
            "office-linked",
        ),
        (
            samples.package(
                parts={
                    "word/_rels/s.rels": samples.relations("attachedTemplate", "https://x.test/m")
                }
            ),
            "office-linked",
        ),
        (
            samples.package(
                parts={
                    "word/_rels/s.rels": samples.relations("attachedTemplate", "file:///s/m.dotx")
                }
            ),
            "docx",
        ),
        (
            samples.package(
                parts={"word/_rels/d.rels": samples.relations("hyperlink", "https://x")}
            ),
            "docx",
        ),
        (samples.added(ODT, {"Basic/Standard/Module1.xml": "<a/>"}), "office-macros"),
        (samples.added(ODT, {"Scripts/python/a.py": "print()"}), "office-macros"),
        (samples.added(ODT, {"Object 1/Basic/a.xml": "<a/>"}), "office-macros"),
        (
            samples.added(ODT, {"content.xml": CONTENT.format("<script:event-listener/>")}),
            "office-macros",
        ),
        (
            samples.added(
                ODT, {"content.xml": CONTENT.format('<draw:object xlink:href="https://x/o"/>')}
            ),
            "office-linked",
        ),
        (
            samples.added(
                ODT, {"content.xml": CONTENT.format('<draw:object xlink:href="./Object 1"/>')}
            ),
            "odt",
        ),
        (
            samples.added(
                ODT, {"META-INF/manifest.xml": CONTENT.format("<manifest:encryption-data/>")}
            ),
            "office-encrypted",
        ),
        (
            samples.added(ODT, {"content.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}),
            "office-doctype",
        ),
        (samples.added(ODT, {"content.xml": "<a>"}), "office"),
        (samples.added(ODT, {"../../etc/cron.d/a": ""}), "office-names"),
        (samples.added(ODT, {"/etc/passwd": ""}), "office-names"),
        (samples.added(ODT, {"a\\b": ""}), "office-names"),
        (samples.added(ODT, {"zeros.bin": b"\0" * 20_000_000}), "office-bomb"),
        (samples.added(ODT, {f"p/{n}": "" for n in range(5001)}), "office-bomb"),
    ],
)
def test_office_documents_that_act_lie_or_swell_are_refused(content: bytes, code: str) -> None:
    if code in ("odt", "docx"):
        assert sent(content, max_bytes=10 * MO).name.endswith(f".{code}")
    else:
        assert refusal(content, max_bytes=10 * MO)[0] == code


def test_each_bar_of_office_documents_has_its_own_sentence() -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert "ancien format (.doc, .xls, .ppt)" in refusal(old, "bilan.doc")[1]
    locked = old + "EncryptedPackage".encode("utf-16-le")
    assert "protégé par un mot de passe" in refusal(locked, "bilan.docx")[1]
    assert "contient des macros" in refusal(samples.package(MACRO_TYPE), "bilan.docm")[1]


def test_a_damaged_archive_is_refused() -> None:
    content = REAL["xlsx"][0]
    assert refusal(content[:-30])[0] == "office"
    middle = bytearray(content)
    middle[60:90] = b"\0" * 30
    assert refusal(bytes(middle))[0] == "office"


# --- Whatever is sent -------------------------------------------------------------------------


def said(content: bytes) -> str:
    """What is said of it; nothing when it is accepted."""
    try:
        sent(content)
    except RefusedFile as refused:
        return refused.messages[0]
    return ""


@given(
    st.binary(max_size=400), st.sampled_from([b"", *(content[:12] for content, _ in REAL.values())])
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_accepted_or_refused(tail: bytes, start: bytes) -> None:
    assert said(start + tail).endswith("au plus.") or sent(start + tail).content


@given(st.sampled_from(sorted(REAL)), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_any_damage_to_a_real_file_is_accepted_or_refused(
    extension: str, chance: random.Random
) -> None:
    content = bytearray(REAL[extension][0])
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(content))
        match chance.randrange(3):
            case 0:
                content[place] = chance.randrange(256)
            case 1:
                del content[place : place + chance.randint(1, 60)]
            case _:
                content[place:place] = chance.randbytes(chance.randint(1, 60))
        if not content:
            break
    assert said(bytes(content)).endswith("au plus.") or sent(bytes(content)).content


# --- In a form, and out again -----------------------------------------------------------------


class LogoForm(DsfrBaseForm):
    logo = CheckedFileField(
        label="Logo", kinds=[Kind.IMAGE], max_bytes=2 * MO, help_text="Sur fond clair."
    )
    plan = CheckedFileField(label="Plan", kinds=[Kind.PDF], max_bytes=MO, required=False)


def test_the_field_says_what_it_takes_and_gives_what_was_checked() -> None:
    html = str(LogoForm())
    assert (
        "Sur fond clair. Formats acceptés : image (PNG, JPEG, WebP ou GIF). 2 Mo au plus." in html
    )
    assert 'class="fr-upload"' in html
    assert 'accept=".png,.jpg,.webp,.jpeg,.gif"' in html
    assert "fr-upload-group" in html
    upload = SimpleUploadedFile("logo.png", REAL["png"][0], "text/html")
    form = LogoForm({}, {"logo": upload})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["logo"].media_type == "image/png"
    assert form.cleaned_data["plan"] is None


def test_the_field_says_beside_itself_what_is_wrong() -> None:
    form = LogoForm({}, {"plan": SimpleUploadedFile("plan.pdf", REAL["png"][0])})
    assert form.errors["logo"] == ["Choisissez un fichier."]
    assert form.errors["plan"][0].startswith("Ce fichier est de type « image")
    assert "fr-upload-group--error" in str(form)


def out(response: FileResponse) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[arg-type]


def test_a_file_goes_out_without_a_browser_running_it() -> None:
    response = served(ContentFile(REAL["pdf"][0]), name="Été « 2026 ».pdf", inline=True)
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''%C3%89t%C3%A9%20%C2%AB%202026%20%C2%BB.pdf"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert out(response) == REAL["pdf"][0]


def test_an_image_may_show_in_a_page_and_a_stranger_never() -> None:
    shown = served(ContentFile(b"x"), name="a.png", inline=True)
    assert shown.headers["Content-Disposition"] == 'inline; filename="a.png"'
    stranger = served(ContentFile(b"x"), name='../a"\r\n.html', inline=True)
    assert stranger.headers["Content-Type"] == "application/octet-stream"
    assert stranger.headers["Content-Disposition"] == 'attachment; filename="a .html"'


def test_samples_are_made_not_committed() -> None:
    folder = Path(__file__).parent
    assert {path.suffix for path in folder.iterdir() if path.is_file()} <= {".py", ".toml"}
