"""Every figure that the project promises, in one run: `make bench`.

    python -m bench                 # all
    python -m bench peer growth     # some: peer, base, entry, growth, lookup, install,
                                    # lighthouse, cohort, board

Ratios and limits are judged; absolute figures are only given. Ends with 1 when a promise is broken.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable

from bench import board, cohort, lighthouse, load, ours, peer

LIST = "/fabriques/"
PAGE = "/fabriques/fabp-07-sites-industriels-de-demain/"
ROUNDS, SECONDS, CONNECTIONS = 5, 3, 4
broken: list[str] = []


def judge(what: str, figure: float, limit: float, *, at_least: bool = False) -> None:
    """Print a figure beside its limit; remember it when the promise is broken."""
    kept = figure >= limit if at_least else figure <= limit
    sign = "≥" if at_least else "≤"
    print(f"  {'ok  ' if kept else 'LATE'} {what}: {figure:.2f} ({sign} {limit:g})", flush=True)
    if not kept:
        broken.append(what)


def bench_peer() -> None:
    """Our list and page of a fabrique against pretalx's schedule and speakers."""
    for threads in (1,):  # the best of both: CPython's threads wait for one another
        with (
            peer.serve(threads=threads) as other,
            ours.serve(ours.prepare(1), threads=threads) as us,
        ):
            print(f"Peer, 1 worker, {threads} thread(s): {other.versions}")
            for name in ("schedule", "speakers"):
                page = other.page(name)
                print(f"  peer {name}: {page.rows} rows, {page.size} bytes")
                for path in (LIST, PAGE):
                    size = len(urllib.request.urlopen(us + path).read())
                    result = load.alternate(
                        us + path,
                        page.url,
                        rounds=ROUNDS,
                        seconds=SECONDS,
                        connections=CONNECTIONS,
                    )
                    mine, theirs = load.median(result.a), load.median(result.b)
                    print(
                        f"  ours {path}: {size} bytes, {mine.requests_per_second:.0f} r/s against"
                        f" {theirs.requests_per_second:.1f} r/s, spread {result.throughput_spread},"
                        f" errors {result.errors}"
                    )
                    judge(
                        f"{path} / peer {name} ({threads} t)",
                        result.throughput_ratio,
                        5,
                        at_least=True,
                    )


def bench_base() -> None:
    """The same pages against the base template around a constant body of the same size."""
    with ours.serve(ours.prepare(1)) as us:
        print("Base template around a constant body, 1 worker, 1 thread")
        for path in (LIST, PAGE):
            result = load.alternate(
                us + path,
                f"{us}/bench/constant/?of={path}",
                rounds=ROUNDS,
                seconds=SECONDS,
                connections=CONNECTIONS,
            )
            mine, theirs = load.median(result.a), load.median(result.b)
            print(
                f"  {path}: {mine.requests_per_second:.0f} r/s,"
                f" constant {theirs.requests_per_second:.0f} r/s, spread {result.throughput_spread}"
            )
            judge(f"{path} / constant body", result.throughput_ratio, 0.6, at_least=True)


def bench_growth() -> None:
    """p95 with 100 times the fabriques, against today's, in turn."""
    paths = {
        "list": LIST,
        "filtered list": "/fabriques/?annee=2021&outre-mer=non",
        "map": "/carte/",
        "map drawing": "/carte.svg",
        "home": "/",
        "search": "/recherche/?q=tourisme",
        "territory": "/territoires/200067205/",
        "commune": "/territoires/22278/",
        "fabrique": PAGE,
    }
    with ours.serve(ours.prepare(1)) as small, ours.serve(ours.prepare(100)) as large:
        print("Growth: 100 times the fabriques and participations")
        for name, path in paths.items():
            result = load.alternate(
                large + path, small + path, rounds=ROUNDS, seconds=SECONDS, connections=2
            )
            big, little = load.median(result.a), load.median(result.b)
            print(f"  {name}: p95 {big.p95_ms:.1f} ms against {little.p95_ms:.1f} ms")
            if name == "filtered list":
                # Counting what each other choice would give reads every facet: given, not promised.
                print(f"  given growth of {name}: {result.p95_ratio:.2f}")
                continue
            judge(f"growth of {name}", result.p95_ratio, 2)


def bench_lookup() -> None:
    """p95 of the look-up of a territory by any spelling, in the process, over the whole country."""
    code = """
import json, time, django
django.setup()
from django.db import connection
from fabriques.territories.queries import lookup
words = ["st brieuc", "saint-brieuc", "22278", "200067205", "SAINT BRIEUC", "st-brieux", "fougerre",
         "chateau", "la roche", "sa", "saint", "paris", "l hay les roses", "22000", "vilefranche",
         "ca du cotentin", "plaine commune", "ile d yeu", "bourg en bresse", "sainte marie"]
lookup("brest")
times = []
for _ in range(15):
    for word in words:
        start = time.perf_counter()
        lookup(word)
        times.append((time.perf_counter() - start) * 1000)
times.sort()
print(json.dumps({"p50": times[len(times) // 2], "p95": times[int(len(times) * .95)]}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=ours.environment(ours.prepare(1)),
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(done.stdout)
    print(f"Look-up of a territory: p50 {figures['p50']:.1f} ms")
    judge("look-up p95 (ms)", figures["p95"], 20)


def bench_install() -> None:
    """Loading the country into an empty database, and the second start."""
    var = ours.HOME / "install"
    subprocess.run(["rm", "-rf", str(var)], check=True)
    var.mkdir(parents=True)
    start = time.monotonic()
    ours.command(var, "migrate", "-v0")
    ours.command(var, "import_referential")
    print("Installation")
    judge("import of the referential (s)", time.monotonic() - start, 60)
    ours.command(var, "prepare")
    starts = []
    for _ in range(3):
        start = time.monotonic()
        ours.command(var, "prepare")
        with ours.serve(var):
            starts.append(time.monotonic() - start)
    judge("second start (s)", statistics.median(starts), 5)


def bench_entry() -> None:
    """Pages beside live streams in one process, against pages alone."""
    var = ours.prepare(1)
    with (
        ours.serve(var, threads=2, interface="asgi") as together,
        ours.serve(var, threads=2) as alone,
    ):
        print("One process for pages and live streams, against pages alone")
        for path in (LIST, PAGE):
            result = load.alternate(
                together + path,
                alone + path,
                rounds=ROUNDS,
                seconds=SECONDS,
                connections=CONNECTIONS,
            )
            judge(f"{path} / pages alone", result.throughput_ratio, 0.8, at_least=True)


def bench_lighthouse() -> None:
    """The home page on a phone: median of five."""
    with ours.serve(ours.prepare(1)) as us:
        report = lighthouse.audit(us + "/", runs=5)
    print(f"Lighthouse {report.lighthouse}: {report.scores}, {report.transfer_by_type}")
    for name, limit in (
        ("accessibility", 95),
        ("best-practices", 95),
        ("seo", 95),
        ("performance", 90),
    ):
        judge(f"Lighthouse {name}", report.scores[name], limit, at_least=True)
    judge("home page over the wire (kB)", report.transfer_total / 1000, 200)
    judge("third-party requests", len(report.third_party_requests), 0)


def bench_cohort() -> None:
    """The cohort engine against its limits, plain solvers and a peer for fair draws."""
    cohort.run(judge)


def bench_board() -> None:
    """The board of a composition at 500 volunteers."""
    board.run(judge)


PARTS: dict[str, Callable[[], None]] = {
    "install": bench_install,
    "lookup": bench_lookup,
    "base": bench_base,
    "entry": bench_entry,
    "growth": bench_growth,
    "lighthouse": bench_lighthouse,
    "peer": bench_peer,
    "cohort": bench_cohort,
    "board": bench_board,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"Unknown part: {', '.join(unknown)}. Parts: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(f"Load tool: {load.choose_tool()}")
    for name in names or PARTS:
        PARTS[name]()
    if broken:
        print(f"Broken promises: {', '.join(broken)}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
