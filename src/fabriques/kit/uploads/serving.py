"""How files that people sent go out, and how much may come in at once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.base import File
from django.core.files.uploadhandler import FileUploadHandler
from django.http import FileResponse

from fabriques.kit.uploads.accepting import clean_name
from fabriques.kit.uploads.kinds import FORMATS, Kind

_UNKNOWN = (None, "application/octet-stream")


def served(file: File[bytes], *, name: str, inline: bool = False) -> FileResponse:
    """The file, to be saved under `name`; an image may be shown in a page with `inline`.

    The extension of `name` is the one that `accept` gave. Whatever the file holds, a browser runs
    nothing of it on the site's behalf.
    """
    name = clean_name(name) or "document"
    kind, media_type = FORMATS.get(name.rpartition(".")[2].lower(), _UNKNOWN)
    response = FileResponse(
        file,
        as_attachment=not (inline and kind is Kind.IMAGE),
        filename=name,
        content_type=media_type,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


class RequestLimitHandler(FileUploadHandler):
    """Stops a request heavier than `REQUEST_MAX_BYTES` before anything of it is read."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django names it so
        content_length: int,
        *_: Any,
    ) -> None:
        if content_length > settings.REQUEST_MAX_BYTES:
            raise RequestDataTooBig("heavier than REQUEST_MAX_BYTES")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
