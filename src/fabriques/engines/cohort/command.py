"""`fabriques engine cohort`: a call as JSON, its proposals as JSON.

Output: `proposals` (members, objective, coverage, proven, optimal, bound, gap), `optimal`, `why`,
`locks`, and `conflict`, `impossible`, `loosen` when there is no proposal. With `draw`: `lottery`
(groups, profiles, total), `probabilities`, and `drawn`, the cohort that the seed draws.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, fields

from fabriques.engines.cohort.fair import draw, lottery
from fabriques.engines.cohort.proposing import SECONDS, locks, propose
from fabriques.engines.cohort.reading import read
from fabriques.engines.cohort.types import Json, Result, Why

#: Answers that take longer say on stderr how far they are.
PATIENCE = 2.0


def answer(data: object, *, tell: Callable[[str], None], seconds: float = SECONDS) -> Json:
    """The answer to one call. Raises `InputError`."""
    started = time.monotonic()

    def progress(message: str) -> None:
        if time.monotonic() - started > PATIENCE:
            tell(message)

    problem = read(data)
    result = propose(problem, seconds=seconds, tell=progress)
    output = as_json(result)
    progress("locks")
    output["locks"] = [asdict(lock) for lock in locks(problem, seconds=seconds)]
    if problem.draw is None:
        return output
    progress("lottery")
    chances = lottery(problem)
    if chances is None:
        return output | {"lottery": None, "probabilities": {}, "drawn": []}
    published = asdict(chances)
    return output | {
        "probabilities": published.pop("probabilities"),
        "lottery": published,
        "drawn": list(draw(chances, problem.draw.seed)),
    }


def as_json(result: Result) -> Json:
    """A result as the contract gives it; what says nothing is left out of each `why`."""
    return {
        "proposals": [asdict(proposal) for proposal in result.proposals],
        "optimal": result.optimal,
        "why": {name: _why(why) for name, why in result.why.items()},
        "conflict": list(result.conflict),
        "impossible": list(result.impossible),
        "loosen": [[asdict(change) for change in changes] for changes in result.loosen],
    }


def _why(why: Why) -> Json:
    given = {field.name: getattr(why, field.name) for field in fields(why) if field.name != "id"}
    return {name: value for name, value in given.items() if value or isinstance(value, bool)} | {
        "change": {level: value for level, value in why.change.items() if value}
    }
