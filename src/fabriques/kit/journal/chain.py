"""Digests of the journal: one canonical writing, one hash."""

import json
from hashlib import sha256
from typing import Any

# What the first entry gives as the digest of the entry before it.
GENESIS = "0" * 64


def canonical(value: Any) -> str:
    """The one way to write a JSON value: sorted keys, no spaces, letters as they are."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def digest(*parts: str | int) -> str:
    """SHA-256, in hexadecimal, of the canonical list of `parts`."""
    return sha256(canonical(parts).encode()).hexdigest()
