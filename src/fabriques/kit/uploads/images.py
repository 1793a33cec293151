"""Images: decoded, put upright, made smaller, and written anew without what they carried along."""

import io
from typing import Literal

from PIL import Image, ImageOps

from fabriques.kit.uploads.kinds import WrongFileError

MAX_SIDE = 2400  # pixels; more than any page shows

Source = Literal["PNG", "JPEG", "WEBP", "GIF"]
# An animation is kept as its first frame.
_TARGET: dict[Source, tuple[str, str]] = {
    "PNG": ("png", "PNG"),
    "GIF": ("png", "PNG"),
    "JPEG": ("jpg", "JPEG"),
    "WEBP": ("webp", "WEBP"),
}
# What good telephones take; a JPEG is decoded at a smaller size, the others take 4 bytes for each.
MAX_PIXELS: dict[Source, int] = {
    "PNG": 40_000_000,
    "GIF": 40_000_000,
    "JPEG": 60_000_000,
    "WEBP": 40_000_000,
}
_TOO_LARGE = "Cette image a trop de pixels (plus de quarante millions) : réduisez-la."


def clean_image(data: bytes, source: Source) -> tuple[str, bytes]:
    """The extension and the bytes of the same picture, written by us.

    Nothing of the original file is left but the picture: no place, no date, no camera, no comment,
    no bytes added after the end.
    """
    extension, target = _TARGET[source]
    try:
        with Image.open(io.BytesIO(data), formats=[source]) as image:
            if image.width * image.height > MAX_PIXELS[source]:
                raise WrongFileError(_TOO_LARGE, "image-pixels")
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG only: decodes to a smaller size
            image.load()
            mode = "RGBA" if image.has_transparency_data and target != "JPEG" else "RGB"
            picture = image if image.mode == mode else _eight_bits(image).convert(mode)
            picture.thumbnail((MAX_SIDE, MAX_SIDE))
            picture = _upright(picture)
            picture.info = {}
            written = io.BytesIO()
            picture.save(written, target, quality=85)
    except WrongFileError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise WrongFileError(_TOO_LARGE, "image-pixels") from None
    except Exception:  # whatever a decoder raises on a damaged file
        raise WrongFileError(
            "Cette image est abîmée : elle ne peut pas être lue.", "image"
        ) from None
    return extension, written.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    """Turned as the camera says that it was held."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a camera that says nothing readable has said nothing
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scans of 16 bits per pixel, which would come out white otherwise."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 256).convert("L")
    return image
