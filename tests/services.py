"""What the tests need beside Python: PostgreSQL, Redis, Chromium. Finds, starts or installs them.

Run as `python tests/services.py POSTGRES_URL`; prints what it does, and exits with 1 and a plain
sentence when something is missing that it cannot bring.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from fabriques.territories.mapping import outlines

ROOT = Path(__file__).resolve().parent.parent

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def settings_ground() -> Path:
    return Path(os.environ.get("VAR_DIR", ROOT / "var")) / "assets" / "map"


def answers(url: str) -> bool:
    """Whether PostgreSQL answers at this address (whatever the database named in it)."""
    try:
        psycopg.connect(url.rsplit("/", 1)[0] + "/postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def apt_install(*packages: str) -> bool:
    """Install Debian packages when root; False when that cannot be."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"Installation de {', '.join(packages)}…", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    subprocess.run(["apt-get", "update"], check=False, **quiet)
    done = subprocess.run(
        ["apt-get", "install", "-y", "--no-install-recommends", *packages], check=False, **quiet
    )
    return done.returncode == 0


def start_postgres() -> None:
    """Start the clusters that Debian knows, trusting local connections."""
    subprocess.run(
        "pg_lsclusters -h | while read v n _; do"
        " sed -i -E 's/^(host.*127.0.0.1\\/32\\s+)\\S+$/\\1trust/'"
        " /etc/postgresql/$v/$n/pg_hba.conf;"
        " pg_ctlcluster --skip-systemctl-redirect $v $n restart; done",
        shell=True,
        check=False,
    )


def main(url: str) -> int:
    ground = settings_ground()
    if not (ground / "frames.json").exists():  # once, before two suites run side by side
        outlines.build(ROOT / "node_modules", ground)
    missing = []
    if not answers(url):
        local = "@127.0.0.1:" in url or "@localhost:" in url
        # Only a server that we install ourselves is ours to start and open to local connections.
        if local and not shutil.which("pg_ctlcluster") and apt_install("postgresql"):
            start_postgres()
            for _ in range(20):
                if answers(url):
                    break
                time.sleep(0.5)
        if not answers(url):
            missing.append(
                "PostgreSQL ne répond pas. Installez-le (Debian : apt install postgresql) ou "
                "donnez son adresse : make test POSTGRES_URL=postgres://…"
            )
    # Tests start Redis themselves, at free ports: they also take it away.
    if not shutil.which("redis-server") and not apt_install("redis-server"):
        missing.append("redis-server est introuvable. Debian : apt install redis-server.")
    if not browser() and not apt_install("chromium"):
        missing.append("Chromium est introuvable. Debian : apt install chromium ; macOS : brew.")
    for sentence in missing:
        print(sentence, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
