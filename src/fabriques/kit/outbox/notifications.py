"""The sorts of letters: one class each, declared by the domain that has something to say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser

Context = dict[str, Any]


class Notification:
    """One sort of letter.

    Two templates say it, `<template>.txt` and `<template>.html`: the middle of the letter, without
    greeting, heading or signature, which the layout adds. Both read what `present` gives, plus
    `origin` (`https://…`, to be put before `{% url %}`) and `SITE`. In the text version one line of
    the template is one paragraph, wrapped when it is rendered; a link stands alone on its line, and
    a line that begins with "- " is an item of a list.

    What is stored (the context given to `notify` or `send`) names nobody but the reader: names and
    addresses of other persons would outlive the erasure of these persons in the letters of others.
    Store a reference (`personne:<ref>`, the number of a row) and look it up in `present`, which
    says what is true when the letter leaves, or raises `ObjectDoesNotExist`.

    Letters about one object of the journal that may be concealed from somebody (a declaration, an
    invitation) say so under the key `about`, its subject: `{"about": "volontaire:<ref>", …}`; those
    that speak of another one too hold its subject under a key of their choice. By these
    `kit.concealment` hides them and their batch; `about` stays when the letter is forgotten.
    """

    key: ClassVar[str]
    # As the page of preferences names it, and under which heading, there and in digests.
    label: ClassVar[str]
    category: ClassVar[str]
    template: ClassVar[str]
    # Whether a person may ask not to receive it.
    can_disable: ClassVar[bool] = True
    # An invitation, or an answer to whoever asked: may go to who has not accepted anything yet.
    transactional: ClassVar[bool] = False
    # Nothing holds it back: asked for this minute by whoever typed the address (a code), or about
    # the safety of their account.
    asked: ClassVar[bool] = False
    # What it says is for its reader only: nobody rereads it, nothing of it stays once it has left.
    secret: ClassVar[bool] = False
    # The same about the same subject, to the same person, is not said again for this long.
    window: ClassVar[timedelta] = timedelta(0)
    # Past this time there is no point in sending it.
    valid_for: ClassVar[timedelta | None] = None

    def subject(self, context: Context) -> str:
        """The subject of the letter, and its heading in a digest; reads what `present` gives."""
        raise NotImplementedError

    def example(self) -> Context:
        """What `present` would give in a made-up case, for previews; without the database."""
        raise NotImplementedError

    def present(self, context: Context) -> Context:
        """What the templates read, from what was stored; asked each time the letter is rendered.

        May read the database. Raising `ObjectDoesNotExist` says that the letter has lost its point:
        it is cancelled.
        """
        return context

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        """Whether the letter still has a point, asked just before it leaves (stored context).

        `user` is None for a letter to a bare address.
        """
        return True


_registry: dict[str, Notification] = {}
Kind = TypeVar("Kind", bound=type[Notification])


def register(kind: Kind) -> Kind:
    """Declare a class of notifications (decorator). Raises ValueError when its key is taken."""
    known = _registry.get(kind.key)
    if known and type(known) is not kind:
        raise ValueError(f"the notification {kind.key} is registered twice")
    _registry[kind.key] = kind()
    return kind


def registered() -> list[Notification]:
    """Every registered notification, by category then label."""
    return sorted(_registry.values(), key=lambda kind: (kind.category, kind.label, kind.key))


def notification(key: str) -> Notification:
    """The notification of this key. Raises KeyError when no domain registered it."""
    return _registry[key]


def is_secret(key: str) -> bool:
    """Whether letters of this kind are for their reader only; so are those of an unknown kind."""
    return key not in _registry or _registry[key].secret


def label_of(key: str) -> str:
    """How pages name letters of this kind."""
    return _registry[key].label if key in _registry else "Lettre d’une ancienne sorte"
