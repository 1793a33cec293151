"""Letters for tests, and a mail server of forty lines that refuses what it is told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from fabriques.kit.outbox import Notification
from fabriques.people.models import User

TEMPLATES = Path(__file__).parent / "templates"


class News(Notification):
    """The plainest: may be refused, waits for the digest."""

    key = "essai-news"
    label = "Des nouvelles d’essai"
    category = "Les essais"
    template = "essai/news"

    def subject(self, context: dict[str, Any]) -> str:
        return f"Du nouveau : {context['words']}"

    def example(self) -> dict[str, Any]:
        return {"words": "un atelier est ouvert", "address": "/fabriques/"}


class Rare(News):
    """Not said again for three days."""

    key = "essai-rare"
    label = "Une nouvelle rare"
    window = timedelta(days=3)


class Vital(News):
    """Cannot be refused."""

    key = "essai-vital"
    label = "Ce qui touche à votre compte d’essai"
    category = "Votre compte d’essai"
    can_disable = False


class Offer(News):
    """An invitation: to who has accepted nothing."""

    key = "essai-offer"
    label = "Une invitation d’essai"
    can_disable = False
    transactional = True


class Code(Offer):
    key = "essai-code"
    label = "Un code d’essai"
    asked = True
    secret = True
    valid_for = timedelta(minutes=10)


class OfUser(News):
    """Speaks of an account, read when the letter leaves; only while that person has a job."""

    key = "essai-of-user"
    label = "Une nouvelle d’une personne"

    def present(self, context: dict[str, Any]) -> dict[str, Any]:
        return {"words": User.objects.get(pk=context["user"]).name, "address": "/"}

    def applicable(self, user: Any, context: dict[str, Any]) -> bool:
        return User.objects.filter(pk=context["user"]).exclude(job="partie").exists()


KINDS = (News, Rare, Vital, Offer, Code, OfUser)


def words(text: str = "un atelier est ouvert") -> dict[str, str]:
    return {"words": text, "address": "/fabriques/"}


def morning(days: int = 1, hour: int = 8) -> datetime:
    """In so many days, at that hour: after what was composed during the test."""
    day = timezone.localtime() + timedelta(days=days)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def noon() -> datetime:
    """Today, after the hour of the digest, whatever the hour of the test."""
    return morning(0, hour=12)


class _Session(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.say("220 essai")
        while line := self.rfile.readline().decode().strip():
            verb = line.upper()
            if verb.startswith("RCPT"):
                self.say(self.server.answers.get("RCPT", "250 OK"))
            elif verb == "DATA":
                self.say("354 go on")
                letter = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    letter += part
                answer = self.server.answers.get("DATA", "250 OK")
                if answer.startswith("250"):
                    self.server.letters.append(letter)
                self.say(answer)
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 OK")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.answers: dict[str, str] = {}
        self.letters: list[bytes] = []


@contextmanager
def mail_server(settings: Any, **answers: str) -> Iterator[_Server]:
    """A server on a free port, with the site set to use it; `answers` by verb (RCPT, DATA)."""
    with _Server() as server:
        server.answers = answers
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
