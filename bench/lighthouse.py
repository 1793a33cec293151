"""Lighthouse on one page, as a phone sees it: scores, weight and third parties, median of five.

Lighthouse comes from npm at an exact version, into `.bench/lighthouse`, without running any
install script. 12.8.2 is the last one that runs on Node 20; 13 asks for a newer Node. It drives the
Chromium of the machine, which is looked for on PATH.

Scores vary from run to run, performance most of all, because the phone is simulated from a trace
taken on this machine: hence several runs, and the median of each score on its own.

    python -m bench.lighthouse http://127.0.0.1:8000/
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
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
DEFAULT_HOME = HERE.parent / ".bench" / "lighthouse"
VERSION = "12.8.2"

#: The order in which the scores are given.
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")

#: No sandbox, because a container often runs as root; no QUIC, no background traffic and no first
#: run, because the page and nothing else must be measured.
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

INSTALL_TIMEOUT_SECONDS = 600
RUN_TIMEOUT_SECONDS = 180


class LighthouseError(RuntimeError):
    """Lighthouse could not be installed or run; the message says which and why."""


@dataclass(frozen=True)
class Report:
    """What Lighthouse says of one page."""

    url: str
    lighthouse: str
    chromium: str
    runs: int
    #: Median score of each category, from 0 to 100.
    scores: dict[str, int]
    #: The scores of every run, in order, to judge the noise.
    all_scores: dict[str, list[int]]
    #: Bytes over the wire (compressed, headers included) by type of resource, in the run whose
    #: total is the median one.
    transfer_by_type: dict[str, int]
    #: Total of `transfer_by_type`, in bytes.
    transfer_total: int
    #: Requests made in that same run.
    requests: int
    #: Addresses asked of any other origin than the page's, in any of the runs.
    third_party_requests: list[str]
    #: Answers that were not a success, in any of the runs: "status address".
    failed_requests: list[str]
    #: Audits that took points off in the last run, by category: what to look at first.
    to_improve: dict[str, list[str]]


def audit(url: str, *, runs: int = 5, home: Path = DEFAULT_HOME) -> Report:
    """Run Lighthouse `runs` times on `url` with its mobile preset. Each run takes 10 to 20 s."""
    if runs < 1:
        raise ValueError("at least one run")
    node, command = _install(home)
    chromium = _chromium()
    results = []
    for number in range(1, runs + 1):
        result = _run(command, url, node, chromium)
        results.append(result)
        scores = " ".join(f"{name} {value}" for name, value in _scores(result).items())
        _say(f"run {number}/{runs}: {scores}")
    return _summarise(url, results)


def _install(home: Path) -> tuple[Path, list[str]]:
    """Return Node and the command that starts Lighthouse, installed if needed."""
    node = _find("node")
    if node is None:
        raise LighthouseError("Node is not found on PATH nor beside the Python interpreter")
    package = home / "node_modules" / "lighthouse"
    script = package / "cli" / "index.js"
    if _installed_version(package) != VERSION or not script.exists():
        npm = _find("npm")
        if npm is None:
            raise LighthouseError("npm is not found on PATH nor beside the Python interpreter")
        _say(f"installing lighthouse {VERSION} from npm (about 190 MB)")
        home.mkdir(parents=True, exist_ok=True)
        command = [str(npm), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"]
        command += ["--prefix", str(home), f"lighthouse@{VERSION}"]
        _command(
            "the installation of lighthouse",
            command,
            environment=_environment(node),
            timeout=INSTALL_TIMEOUT_SECONDS,
        )
        if _installed_version(package) != VERSION:
            raise LighthouseError(f"npm did not install lighthouse {VERSION} in {home}")
    return node, [str(node), str(script)]


def _installed_version(package: Path) -> str | None:
    try:
        content = json.loads((package / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(content.get("version"))


def _find(program: str) -> Path | None:
    """Look for a program beside the interpreter first: Node may come from a Python wheel."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    found = shutil.which(program, path=os.pathsep.join(folders))
    return Path(found) if found else None


def _chromium() -> str:
    """Return the Chromium to drive: CHROME_PATH when set, else the first one found on PATH."""
    if chosen := os.environ.get("CHROME_PATH"):
        return chosen
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    raise LighthouseError(f"no Chromium on PATH (looked for {', '.join(CHROMIUM_NAMES)})")


def _environment(node: Path) -> dict[str, str]:
    """Return an environment in which scripts that start with `env node` find the same Node."""
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "CI": "1"}


def _run(command: Sequence[str], url: str, node: Path, chromium: str) -> dict[str, Any]:
    """Run Lighthouse once and return its report."""
    with tempfile.TemporaryDirectory(prefix="fabriques-lighthouse-") as folder:
        output = Path(folder) / "report.json"
        # The mobile preset is Lighthouse's default: a mid-range phone on slow 4G, simulated.
        _command(
            f"lighthouse on {url}",
            [
                *command,
                url,
                "--quiet",
                "--output=json",
                f"--output-path={output}",
                f"--only-categories={','.join(CATEGORIES)}",
                f"--chrome-flags={' '.join(CHROMIUM_FLAGS)}",
                "--no-enable-error-reporting",
            ],
            environment={**_environment(node), "CHROME_PATH": chromium},
            timeout=RUN_TIMEOUT_SECONDS,
        )
        result: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    if error := result.get("runtimeError"):
        raise LighthouseError(f"lighthouse on {url}: {error.get('message', error)}")
    return result


def _command(
    title: str, command: Sequence[str], *, environment: Mapping[str, str], timeout: float
) -> None:
    # Output into a file: a Chromium left behind would keep a pipe open and us waiting.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        try:
            done = subprocess.run(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LighthouseError(f"{title}: not done after {timeout:.0f} seconds") from error
        except OSError as error:
            raise LighthouseError(f"{title}: {error}") from error
        if done.returncode:
            log.seek(0)
            tail = "\n".join(log.read().strip().splitlines()[-12:])
            raise LighthouseError(f"{title} failed:\n{tail}")


def _scores(result: Mapping[str, Any]) -> dict[str, int]:
    scores = {}
    for name in CATEGORIES:
        score = result["categories"][name]["score"]
        if score is None:
            # Given when an audit of the category crashed: 0 would be a lie, and so would 100.
            raise LighthouseError(f"lighthouse gave no score for {name}")
        scores[name] = round(score * 100)
    return scores


def _requests(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the requests of the page, leaving out what never goes over the wire."""
    items: list[dict[str, Any]] = result["audits"]["network-requests"]["details"]["items"]
    return [item for item in items if urlsplit(item["url"]).scheme in {"http", "https"}]


def _weight(result: Mapping[str, Any]) -> int:
    return sum(int(item.get("transferSize") or 0) for item in _requests(result))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _summarise(url: str, results: Sequence[Mapping[str, Any]]) -> Report:
    every = [_scores(result) for result in results]
    # A real run and not an average, so that the parts add up to the total.
    typical = sorted(results, key=_weight)[(len(results) - 1) // 2]
    by_type: Counter[str] = Counter()
    for item in _requests(typical):
        by_type[item.get("resourceType") or "Other"] += int(item.get("transferSize") or 0)
    third_parties, failed = set(), set()
    for result in results:
        own = _origin(result["finalDisplayedUrl"])
        for item in _requests(result):
            if _origin(item["url"]) != own:
                third_parties.add(item["url"])
            status = item.get("statusCode", -1)
            if status >= 400 or status <= 0:
                failed.add(f"{status} {item['url']}")
    last = results[-1]
    return Report(
        url=url,
        lighthouse=last["lighthouseVersion"],
        chromium=last["environment"]["hostUserAgent"],
        runs=len(results),
        scores={
            name: round(statistics.median(scores[name] for scores in every)) for name in CATEGORIES
        },
        all_scores={name: [scores[name] for scores in every] for name in CATEGORIES},
        transfer_by_type=dict(by_type.most_common()),
        transfer_total=by_type.total(),
        requests=len(_requests(typical)),
        third_party_requests=sorted(third_parties),
        failed_requests=sorted(failed),
        to_improve=_to_improve(last),
    )


def _to_improve(result: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return, by category, the audits with a weight that are not perfect, heaviest loss first."""
    wanted = {}
    for name in CATEGORIES:
        losses = []
        for reference in result["categories"][name]["auditRefs"]:
            outcome = result["audits"][reference["id"]]
            # No score means "does not apply" or "for information".
            if reference["weight"] and outcome["score"] is not None and outcome["score"] < 1:
                loss = reference["weight"] * (1 - outcome["score"])
                shown = outcome.get("displayValue", "")
                losses.append((loss, f"{reference['id']} {shown}".strip()))
        if losses:
            wanted[name] = [text for _, text in sorted(losses, reverse=True)]
    return wanted


def _say(message: str) -> None:
    print(f"lighthouse: {message}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit one address and print the report as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("url")
    parser.add_argument("--runs", type=int, default=5, help="the median is taken (default 5)")
    parser.add_argument("--home", type=Path, default=DEFAULT_HOME, help="where it is installed")
    options = parser.parse_args(arguments)
    try:
        report = audit(options.url, runs=options.runs, home=options.home.resolve())
    except LighthouseError as error:
        _say(str(error))
        return 1
    print(json.dumps(asdict(report), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
