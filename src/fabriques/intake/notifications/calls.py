"""What is written to authors, invited territories and partners about the life of a call."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.enums import Phase
from fabriques.intake.models import Call, Reviewer
from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context

CALLS = "Appels à volontaires"


class _AboutCall(Notification):
    """The stored context is the address of the call; the rest is read when the letter leaves."""

    category = CALLS
    can_disable = False

    def present(self, context: Context) -> Context:
        call = Call.objects.get(slug=context["call"])
        last = call.extensions.order_by("-at", "-pk").first()
        return {
            "title": call.title,
            "address": call.get_absolute_url(),
            "closes_on": call.closes_on,
            "reason": call.cancel_reason or (last.reason if last else ""),
        }

    def example(self) -> Context:
        return {
            "title": "Bien vieillir dans les petites villes",
            "address": "/appels/bien-vieillir/",
            "closes_on": date(2027, 1, 15),
            "reason": "Les conseils municipaux se réunissent en janvier.",
        }


@register
class CallExtended(_AboutCall):
    """To the authors of drafts."""

    key = "call-extended"
    label = "Un appel où j’écris une déclaration est prolongé"
    template = "intake/mails/call_extended"

    def subject(self, context: Context) -> str:
        return f"Appel prolongé : {context['title']}"

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        return _is_open(context)


@register
class CallExtendedInvited(_AboutCall):
    """To the addresses of invited territories that have said nothing."""

    key = "call-extended-invited"
    label = "Un appel auquel mon territoire est invité est prolongé"
    template = "intake/mails/call_extended_invited"
    transactional = True

    def subject(self, context: Context) -> str:
        return f"Vous avez plus de temps pour répondre : {context['title']}"

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        return _is_open(context)


@register
class CallCancelled(_AboutCall):
    key = "call-cancelled"
    label = "Un appel auquel je prends part est annulé"
    template = "intake/mails/call_cancelled"

    def subject(self, context: Context) -> str:
        return f"Appel annulé : {context['title']}"


@register
class ReviewerNamed(Notification):
    """The stored context is the number of the row; what is expected is read when it leaves."""

    key = "reviewer-named"
    label = "Je suis désigné·e pour un partenaire d’un appel"
    category = CALLS
    template = "intake/mails/reviewer_named"
    can_disable = False
    transactional = True
    valid_for = timedelta(days=14)

    def subject(self, context: Context) -> str:
        return f"Votre avis est attendu : {context['title']}"

    def present(self, context: Context) -> Context:
        named = Reviewer.objects.select_related("partner__call", "partner__organisation").get(
            pk=context["reviewer"]
        )
        partner, call = named.partner, named.partner.call
        return {
            "title": call.title,
            "organisation": str(partner.organisation),
            "puts_forward": partner.puts_forward,
            "gives_opinion": partner.gives_opinion,
            "sees": partner.get_reach_display(),
            "only": str(partner.only_programme or ""),
            "opens_on": call.opens_on,
            "closes_on": call.closes_on,
            "decides_on": call.decides_on,
            "address": reverse("space-call", args=[call.slug]),
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        return Reviewer.objects.filter(pk=context["reviewer"], withdrawn_at=None).exists()

    def example(self) -> Context:
        today = timezone.localdate()
        return {
            "title": "Bien vieillir dans les petites villes",
            "organisation": "Association des petites villes",
            "puts_forward": True,
            "gives_opinion": True,
            "sees": "Tous les volontaires",
            "only": "",
            "opens_on": today,
            "closes_on": today + timedelta(days=60),
            "decides_on": today + timedelta(days=90),
            "address": "/espace/appels/bien-vieillir/",
        }


def _is_open(context: Context) -> bool:
    call = Call.objects.filter(slug=context["call"]).first()
    return call is not None and call.phase in (Phase.ANNOUNCED, Phase.OPEN)
