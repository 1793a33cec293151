"""The outbox: every letter of the site is composed here, never sent from a view.

    @register
    class RoleGiven(Notification):
        key = "role-given"
        label = "Un rôle vous est donné"
        category = "Vos rôles"
        template = "programme/mails/role_given"  # .txt and .html

        def subject(self, context): return f"Vous êtes {context['role']}"
        def example(self): return {"role": "élue référente"}

    notify(RoleGiven, to=user, about="role:12", context={"role": "élue référente"})

`notify` tells a person something about a subject of the journal: in their digest, at once only when
it is dated today. `send` writes to an address at once. `compose_batch` makes letters that stewards
reread before `release_batch`. Letters are rendered when they leave: only JSON values are stored.
"""

from fabriques.kit.outbox.batches import (
    BatchClosedError,
    BatchHeldError,
    cancel_batch,
    cancel_mail,
    compose_batch,
    release_batch,
)
from fabriques.kit.outbox.composing import notify, send
from fabriques.kit.outbox.digests import compose_digests
from fabriques.kit.outbox.notifications import Notification, register, registered
from fabriques.kit.outbox.recipients import (
    address_works,
    register_recipient_policy,
    why_not,
)
from fabriques.kit.outbox.retention import erase_person, forget_old

__all__ = [
    "BatchClosedError",
    "BatchHeldError",
    "Notification",
    "address_works",
    "cancel_batch",
    "cancel_mail",
    "compose_batch",
    "compose_digests",
    "erase_person",
    "forget_old",
    "notify",
    "register",
    "register_recipient_policy",
    "registered",
    "release_batch",
    "send",
    "why_not",
]
