"""Engines as commands: `fabriques engine <name> < input.json > output.json`.

JSON in, JSON out; one sentence and a place, and exit code 2, when the input is wrong. No Django: it
starts at once and needs no setting.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fabriques.engines.cohort import command as cohort
from fabriques.engines.cohort.types import InputError

Tell = Callable[[str], None]
ENGINES: dict[str, Callable[..., dict[str, Any]]] = {"cohort": cohort.answer}


def run(name: str, raw: bytes, *, tell: Tell) -> tuple[dict[str, Any], int]:
    """The output of an engine and the exit code: 0, or 2 with `error` and `where`."""
    try:
        return ENGINES[name](_json(raw), tell=tell), 0
    except InputError as error:
        return {"error": error.error, "where": error.where}, 2


def _json(raw: bytes) -> object:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError("Ce n’est pas de l’UTF-8.", f"octet {error.start}") from None
    except json.JSONDecodeError as error:
        raise InputError("Ce n’est pas du JSON.", f"{error.lineno}:{error.colno}") from None
    except (RecursionError, ValueError):
        raise InputError("Ce JSON est trop profond ou ses nombres sont trop longs.", "") from None


@contextlib.contextmanager
def quiet_stdout() -> Iterator[None]:
    """What a solver writes by itself on file 1 goes to file 2: file 1 is for the answer."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def main(arguments: Sequence[str]) -> int:
    """Run one engine between standard input and standard output; return the exit code."""
    parser = argparse.ArgumentParser(prog="fabriques engine", description=__doc__)
    parser.add_argument("name", choices=sorted(ENGINES))
    name = parser.parse_args(arguments).name
    with quiet_stdout():
        output, code = run(name, sys.stdin.buffer.read(), tell=_tell)
    sys.stdout.write(json.dumps(output, ensure_ascii=False) + "\n")
    return code


def _tell(message: str) -> None:
    sys.stderr.write(message + "\n")
    sys.stderr.flush()
