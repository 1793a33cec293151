"""A closed-loop HTTP load on one address, and fair comparisons of two.

Closed loop means that each connection sends its next request when the answer to the previous one
has arrived, so that the figure is what the server can do and not what the client asked for.

`wrk` is used when it is on PATH; otherwise a plain client made of the standard library, in its own
process so that it never shares an interpreter lock with what it measures. The plain client is much
slower than wrk: figures of the two must never be compared, which is why every result names its
tool and why a comparison chooses one tool for both sides.

    python -m bench.load http://127.0.0.1:8000/fabriques/ --seconds 10 --connections 8
    python -m bench.load URL_A --against URL_B --rounds 5
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

Tool = Literal["wrk", "python"]

#: Sent by both tools. wrk sends no `Accept` of its own and some sites then answer with plain text;
#: neither tool asks for compression, so that both sides are measured on the page and not on gzip.
DEFAULT_HEADERS: Mapping[str, str] = {"Accept": "text/html"}

#: A slow page under eight connections may take seconds. wrk's own limit of 2 s would count such
#: answers as errors instead of measuring them.
REQUEST_TIMEOUT_SECONDS = 30

# wrk prints no 95th percentile, but gives its whole distribution to a script at the end.
_WRK_SCRIPT = """
done = function(summary, latency, requests)
  io.write(string.format(
    '\\nRESULT {"requests": %d, "seconds": %.6f, "bytes": %d, "p50": %.3f, "p95": %.3f, ' ..
    '"p99": %.3f, "status": %d, "socket": %d}\\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
    summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
"""


class LoadError(RuntimeError):
    """The load could not be run at all; the message says why."""


@dataclass(frozen=True)
class Load:
    """What one run measured."""

    url: str
    tool: Tool
    connections: int
    #: Duration of the run, in seconds.
    seconds: float
    #: Answers received, whatever their status.
    requests: int
    #: Answers of status 2xx or 3xx per second: an error page is not work done.
    requests_per_second: float
    #: Latency percentiles over all answers, in milliseconds.
    p50_ms: float
    p95_ms: float
    p99_ms: float
    #: Answers of status 400 and above.
    status_errors: int
    #: Connections refused, cut or timed out.
    socket_errors: int
    #: Bytes received, headers included.
    bytes_received: int

    def __str__(self) -> str:
        """One line for a terminal."""
        return (
            f"{self.requests_per_second:9.1f} r/s   p50 {self.p50_ms:7.1f} ms   "
            f"p95 {self.p95_ms:7.1f} ms   p99 {self.p99_ms:7.1f} ms   "
            f"errors {self.status_errors}+{self.socket_errors}   {self.tool}   {self.url}"
        )


@dataclass(frozen=True)
class Comparison:
    """Two addresses measured in turn, A B A B …, so that a slow drift of the machine hits both."""

    a: tuple[Load, ...]
    b: tuple[Load, ...]

    @property
    def throughput_ratio(self) -> float:
        """Median over the rounds of (requests per second of A) / (requests per second of B)."""
        return statistics.median(
            _ratio(a.requests_per_second, b.requests_per_second) for a, b in self._rounds()
        )

    @property
    def p95_ratio(self) -> float:
        """Median over the rounds of (95th percentile of A) / (95th percentile of B)."""
        return statistics.median(_ratio(a.p95_ms, b.p95_ms) for a, b in self._rounds())

    @property
    def throughput_spread(self) -> tuple[float, float]:
        """Smallest and largest throughput ratio of the rounds, to judge the noise."""
        ratios = [_ratio(a.requests_per_second, b.requests_per_second) for a, b in self._rounds()]
        return min(ratios), max(ratios)

    @property
    def errors(self) -> int:
        """Errors of any kind on either side."""
        return sum(run.status_errors + run.socket_errors for run in (*self.a, *self.b))

    def _rounds(self) -> list[tuple[Load, Load]]:
        return list(zip(self.a, self.b, strict=True))


def choose_tool() -> Tool:
    """Return the best load generator of this machine."""
    return "wrk" if shutil.which("wrk") else "python"


def measure(
    url: str,
    *,
    seconds: float = 10,
    connections: int = 8,
    tool: Tool | None = None,
    headers: Mapping[str, str] = DEFAULT_HEADERS,
) -> Load:
    """Keep `connections` connections busy on `url` for `seconds` seconds.

    `tool` is the best one found unless given. wrk counts whole seconds: `seconds` is rounded.
    """
    tool = tool or choose_tool()
    if tool == "wrk":
        return _run_wrk(url, round(seconds), connections, headers)
    return _run_python(url, seconds, connections, headers)


def alternate(
    a: str,
    b: str,
    *,
    rounds: int = 5,
    seconds: float = 10,
    connections: int = 8,
    warmup_seconds: float = 2,
    tool: Tool | None = None,
    headers: Mapping[str, str] = DEFAULT_HEADERS,
) -> Comparison:
    """Measure `a` and `b` in turn, `rounds` times each, with one and the same tool.

    Both are warmed up first (templates compiled, connections opened), without being counted.
    """
    tool = tool or choose_tool()
    runs: dict[str, list[Load]] = {"a": [], "b": []}
    for url in (a, b):
        if warmup_seconds > 0:
            measure(
                url,
                seconds=max(1, warmup_seconds),
                connections=connections,
                tool=tool,
                headers=headers,
            )
    for number in range(1, rounds + 1):
        for side, url in (("a", a), ("b", b)):
            run = measure(url, seconds=seconds, connections=connections, tool=tool, headers=headers)
            print(f"load: round {number}/{rounds} {run}", file=sys.stderr, flush=True)
            runs[side].append(run)
    return Comparison(a=tuple(runs["a"]), b=tuple(runs["b"]))


def median(runs: Sequence[Load]) -> Load:
    """Return the run whose throughput is the median one (the lower of two middles)."""
    if not runs:
        raise ValueError("median() of no run at all")
    return sorted(runs, key=lambda run: run.requests_per_second)[(len(runs) - 1) // 2]


def _ratio(a: float, b: float) -> float:
    return a / b if b else float("inf")


def _run_wrk(url: str, seconds: int, connections: int, headers: Mapping[str, str]) -> Load:
    with tempfile.TemporaryDirectory(prefix="fabriques-bench-") as folder:
        script = Path(folder) / "report.lua"
        script.write_text(_WRK_SCRIPT, encoding="ascii")
        # One thread: a second one would take the core of the server on a small machine.
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, seconds)}s"]
        command += ["--timeout", f"{REQUEST_TIMEOUT_SECONDS}s", "-s", str(script)]
        for name, value in headers.items():
            command += ["-H", f"{name}: {value}"]
        done = subprocess.run([*command, url], capture_output=True, text=True, check=False)
    marker = "RESULT "
    line = next((li for li in done.stdout.splitlines() if li.startswith(marker)), None)
    if done.returncode or line is None:
        detail = (done.stderr or done.stdout).strip()
        raise LoadError(f"wrk could not load {url}: {detail}")
    return _load_from(url, "wrk", connections, json.loads(line.removeprefix(marker)))


def _run_python(url: str, seconds: float, connections: int, headers: Mapping[str, str]) -> Load:
    order = json.dumps([url, seconds, connections, dict(headers)])
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--worker", order],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if done.returncode:
        raise LoadError(f"the plain client could not load {url}: {done.stderr.strip()}")
    return _load_from(url, "python", connections, json.loads(done.stdout))


def _load_from(url: str, tool: Tool, connections: int, raw: Mapping[str, float]) -> Load:
    if not raw["requests"]:
        raise LoadError(f"no answer at all from {url} ({raw['socket']:.0f} connection errors)")
    good = raw["requests"] - raw["status"]
    return Load(
        url=url,
        tool=tool,
        connections=connections,
        seconds=raw["seconds"],
        requests=int(raw["requests"]),
        requests_per_second=good / raw["seconds"],
        p50_ms=raw["p50"],
        p95_ms=raw["p95"],
        p99_ms=raw["p99"],
        status_errors=int(raw["status"]),
        socket_errors=int(raw["socket"]),
        bytes_received=int(raw["bytes"]),
    )


class _Client(threading.Thread):
    """One kept-alive connection asking for the same page until the deadline."""

    def __init__(self, url: str, deadline: float, headers: Mapping[str, str]) -> None:
        super().__init__(daemon=True)
        self.parts = urlsplit(url)
        self.deadline = deadline
        self.headers = headers
        self.latencies_ms: list[float] = []
        self.status_errors = 0
        self.socket_errors = 0
        self.bytes_received = 0

    def run(self) -> None:
        secure = self.parts.scheme == "https"
        kind = HTTPSConnection if secure else HTTPConnection
        connection = kind(self.parts.netloc, timeout=REQUEST_TIMEOUT_SECONDS)
        target = self.parts.path or "/"
        if self.parts.query:
            target += f"?{self.parts.query}"
        while (start := time.perf_counter()) < self.deadline:
            try:
                connection.request("GET", target, headers=dict(self.headers))
                response = connection.getresponse()
                body = response.read()
            except (OSError, HTTPException):
                self.socket_errors += 1
                connection.close()
                # A refused connection answers at once: without a pause this would only spin.
                time.sleep(0.05)
                continue
            self.latencies_ms.append((time.perf_counter() - start) * 1000)
            # Headers are counted too, as wrk does: name, colon, space, value, end of line.
            head = sum(len(name) + len(value) + 4 for name, value in response.getheaders())
            self.bytes_received += len(body) + head
            self.status_errors += response.status >= 400
        connection.close()


def _work(order: str) -> None:
    """Run the plain client and print its figures; only ever called in a process of its own."""
    url, seconds, connections, headers = json.loads(order)
    start = time.perf_counter()
    clients = [_Client(url, start + seconds, headers) for _ in range(connections)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    elapsed = time.perf_counter() - start
    latencies = sorted(latency for client in clients for latency in client.latencies_ms)

    def percentile(share: float) -> float:
        # Nearest rank, as wrk does.
        return latencies[min(len(latencies) - 1, int(share * len(latencies)))] if latencies else 0.0

    result = {
        "requests": len(latencies),
        "seconds": elapsed,
        "bytes": sum(client.bytes_received for client in clients),
        "p50": percentile(0.50),
        "p95": percentile(0.95),
        "p99": percentile(0.99),
        "status": sum(client.status_errors for client in clients),
        "socket": sum(client.socket_errors for client in clients),
    }
    print(json.dumps(result))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one address, or compare two, from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url", nargs="?")
    parser.add_argument("--against", metavar="URL", help="a second address, measured in turn")
    parser.add_argument("--seconds", type=float, default=10, help="of each run (default 10)")
    parser.add_argument("--connections", type=int, default=8, help="kept busy (default 8)")
    parser.add_argument("--rounds", type=int, default=5, help="of a comparison (default 5)")
    parser.add_argument("--tool", choices=["wrk", "python"], help="default: wrk when present")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        _work(options.worker)
        return 0
    if not options.url:
        parser.error("an address is needed")
    load = {
        "seconds": options.seconds,
        "connections": options.connections,
        "tool": options.tool,
    }
    try:
        if not options.against:
            print(json.dumps(asdict(measure(options.url, **load)), indent=2))
            return 0
        comparison = alternate(options.url, options.against, rounds=options.rounds, **load)
    except LoadError as error:
        print(f"load: {error}", file=sys.stderr)
        return 1
    low, high = comparison.throughput_spread
    print(f"requests per second, A / B: {comparison.throughput_ratio:.2f} ({low:.2f} … {high:.2f})")
    print(f"p95, A / B: {comparison.p95_ratio:.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
