"""Documents to keep: tagged PDF that assistive technologies read (PDF/UA-1), made by typst.

A document is written in typst and reads its data as `data`: texts in it are shown as they are,
never run as markup. It must set its title (`#set document(title: …)`), or it is no PDF/UA.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

import typst

# The faces are those that typst carries: the same on every machine.
_HEAD = """
#let data = json(bytes(sys.inputs.data))
#set document(title: data.title, author: data.author)
#set text(font: "Libertinus Serif", size: 11pt, lang: "fr", region: "FR", fill: rgb("#161616"))
#set page(paper: "a4", margin: (x: 22mm, y: 20mm), numbering: "1 / 1")
#set par(leading: 0.6em, spacing: 0.9em)
#show heading: set text(fill: rgb("#000091"))
#show heading.where(level: 2): set block(above: 1.4em, below: 0.6em)
#let paragraphs(lines) = for line in lines { par(line) }
"""


def pdf(body: str, data: Mapping[str, Any]) -> bytes:
    """The document; `data` holds JSON values, `title` and `author` among them.

    Long texts are given as lists of lines, for `#paragraphs`: see `lines`. PDF/UA allows no sign
    that no face draws: with one, the document is tagged all the same, and does not claim it.
    """
    source, inputs = (_HEAD + body).encode(), {"data": json.dumps(data)}

    def made(claims: list[Literal["ua-1"]]) -> bytes:
        content: bytes = typst.compile(
            source,
            format="pdf",
            ignore_system_fonts=True,
            pdf_standards=[*claims],
            sys_inputs=inputs,
        )
        return content

    try:
        return made(["ua-1"])
    except typst.TypstError:
        return made([])


def lines(text: str) -> list[str]:
    """The paragraphs of a text that somebody typed."""
    return [line.strip() for line in text.splitlines() if line.strip()]
