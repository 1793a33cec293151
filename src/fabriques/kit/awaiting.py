"""What awaits a person: domains register what they expect of somebody, the space shows it first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Task:
    """One thing to do. `urgent` comes first."""

    title: str
    detail: str
    address: str
    act: str
    urgent: bool = False


_sources: list[Callable[[Any], list[Task]]] = []


def register(source: Callable[[Any], list[Task]]) -> None:
    """`source(user)` gives what awaits this person; in few queries, whatever their number."""
    _sources.append(source)


def awaiting(user: Any) -> list[Task]:
    """Everything that awaits this person, the urgent first."""
    tasks = [task for source in _sources for task in source(user)]
    return sorted(tasks, key=lambda task: not task.urgent)
