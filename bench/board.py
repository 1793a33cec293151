"""The board of a composition at 500 volunteers: time and queries of each page and each change.

Measured in the process, through Django's client, on the real referential and its own database.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

from bench import ours

#: Milliseconds: what a change of the board may take at 500 volunteers.
LIMIT = 300
VOLUNTEERS, ROUNDS = 500, 30

CODE = """
import json, random, sys, time
import fabriques.asgi  # what the server does when it starts
from datetime import timedelta
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from fabriques.intake.models import Call, Composition, Rule, Volunteer
from fabriques.intake.volumetry import choose
from fabriques.people.models import User
from fabriques.programme.models import Membership

settings.REQUIRE_SECOND_FACTOR = False
count, rounds = int(sys.argv[1]), int(sys.argv[2])
now, today = timezone.now(), timezone.localdate()
user, _ = User.objects.get_or_create(email="banc@bench.invalid", defaults={"name": "Banc"})
Membership.objects.get_or_create(user=user, role="steward", scope="site",
                                 defaults={"given_by": "banc d’essai"})


def made(slug, number):
    call, new = Call.objects.get_or_create(slug=slug, defaults={
        "title": slug, "question": "?", "published_at": now,
        "opens_on": today - timedelta(days=40), "closes_on": today - timedelta(days=1)})
    if new:
        territories = choose(call, number, random.Random(1))
        Volunteer.objects.bulk_create([
            Volunteer(call=call, territory=territory, number=rank, state="submitted",
                      submitted_at=now, local_question="?", motivation="?")
            for rank, territory in enumerate(territories, 1)])
        draft = Composition.objects.create(call=call, name="Banc")
        for rank, fields in enumerate([
            {"kind": "at-least", "category": "overseas", "values": ["yes"], "count": 1},
            {"kind": "at-least", "category": "kind", "values": ["commune"], "count": 3},
            {"kind": "at-most-each", "category": "region", "count": 1},
            {"kind": "at-least-values", "category": "size", "count": 4, "hard": False},
            {"kind": "not-neighbours"}, {"kind": "not-nested"},
            {"kind": "not-recent", "count": 5},
        ], 1):
            Rule.objects.create(composition=draft, position=rank, **fields)
    return call.compositions.get(name="Banc")


client = Client()
client.force_login(user)
figures = {}
for size in (10, count):
    draft = made(f"banc-{size}", size)
    space = f"/espace/appels/{draft.call.slug}/"
    board = f"{space}compositions/{draft.pk}/"

    def change():
        draft.refresh_from_db()
        inside = draft.placements.filter(volunteer__number=7).exists()
        return client.post(board + "placer/", {
            "act": ("retirer" if inside else "ajouter") + "-7", "version": draft.version,
        }, headers={"X-Fragment": "board"})

    for name, ask in {
        "board": lambda: client.get(board),
        "change": change,
        "table": lambda: client.get(space + "volontaires/"),
        "map": lambda: client.get(space + "volontaires/?vue=carte"),
        "coverage": lambda: client.get(space + "volontaires/?vue=couverture"),
        "compare": lambda: client.get(space + "compositions/comparer/"),
    }.items():
        for _ in range(2):
            assert ask().status_code == 200, name
        times = []
        with CaptureQueriesContext(connection):
            ask()
            queries = len(connection.queries_log)
        for _ in range(rounds):
            start = time.perf_counter()
            ask()
            times.append((time.perf_counter() - start) * 1000)
        times.sort()
        figures[f"{name} {size}"] = {
            "p50": times[len(times) // 2], "p95": times[int(len(times) * .95)],
            "queries": queries}
print(json.dumps(figures))
"""


def run(judge: Callable[..., None]) -> None:
    """Print the figures, and hold them to the limit."""
    var = ours.HOME / "board"
    var.mkdir(parents=True, exist_ok=True)
    ours.command(var, "prepare")
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(VOLUNTEERS), str(ROUNDS)],
        env=ours.environment(var) | {"ALLOWED_HOSTS": "testserver"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-800:])
    figures = json.loads(done.stdout.splitlines()[-1])
    print(f"Composition of a cohort, {VOLUNTEERS} volunteers, in the process")
    for name in ("change", "board", "table", "map", "coverage", "compare"):
        many, few = figures[f"{name} {VOLUNTEERS}"], figures[f"{name} 10"]
        print(
            f"  {name}: p50 {many['p50']:.0f} ms, {many['queries']} queries"
            f" ({few['queries']} at 10 volunteers)"
        )
        judge(f"{name} p95 (ms)", many["p95"], LIMIT)
        judge(f"{name}: queries more than at 10", many["queries"] - few["queries"], 0)
