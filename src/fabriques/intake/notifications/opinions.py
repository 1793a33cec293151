"""What partners are told of declarations within their reach, and stewards of opinions."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.urls import reverse
from django.utils import timezone

from fabriques.intake.enums import OpinionValue
from fabriques.intake.models import Call, Opinion, Volunteer
from fabriques.intake.notifications.calls import CALLS
from fabriques.intake.queries import access
from fabriques.intake.queries import opinions as read
from fabriques.kit import outbox
from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.models import Notice
from fabriques.kit.outbox.notifications import Context
from fabriques.people.models import User
from fabriques.programme.enums import MemberRole
from fabriques.programme.models import Membership
from fabriques.programme.queries.memberships import not_ended

_NAMED = 10


@register
class DeclarationsSubmitted(Notification):
    """Contexts hold the call, since when (ISO), and the reference of the reader: which territories
    are told is asked when the letter leaves, so that nothing concealed since then is."""

    key = "declarations-submitted"
    label = "Des territoires se portent volontaires à un appel dont je suis partenaire"
    category = CALLS
    template = "intake/mails/declarations_submitted"

    def subject(self, context: Context) -> str:
        number = context["number"]
        one = "Un nouveau territoire volontaire" if number == 1 else ""
        return f"{one or f'{number} nouveaux territoires volontaires'} : {context['title']}"

    def present(self, context: Context) -> Context:
        """Raises Volunteer.DoesNotExist when none of them may be told to this person any more."""
        call = Call.objects.get(slug=context["call"])
        reader = User.objects.get(ref=context["reader"])
        since = datetime.fromisoformat(context["since"])
        found = access.visible_volunteers(reader, call).filter(submitted_at__gte=since)
        names = list(found.values_list("territory__name", flat=True))
        if not names:
            raise Volunteer.DoesNotExist
        judges = bool(read.judging(reader, call)) and not read.closed(call)
        return {
            "title": call.title,
            "number": len(names),
            "names": names[:_NAMED],
            "others": max(len(names) - _NAMED, 0),
            "judges": judges,
            "decides_on": call.decides_on,
            "address": reverse(
                "space-call-opinions" if judges else "space-call-volunteers", args=[call.slug]
            ),
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        self.present(context)
        return True

    def example(self) -> Context:
        return {
            "title": "Bien vieillir dans les petites villes",
            "number": 2,
            "names": ["Jonzac", "Tulle"],
            "others": 0,
            "judges": True,
            "decides_on": timezone.localdate(),
            "address": "/espace/appels/bien-vieillir/avis/",
        }


@register
class UnfavourableGiven(Notification):
    """Contexts hold the number of the opinion and `about`, the subject of the declaration."""

    key = "opinion-unfavourable"
    label = "Un partenaire donne un avis défavorable"
    category = CALLS
    template = "intake/mails/opinion_unfavourable"

    def subject(self, context: Context) -> str:
        return f"Avis défavorable sur {context['territory']}"

    def present(self, context: Context) -> Context:
        opinion = Opinion.objects.select_related(
            "volunteer__territory", "volunteer__call", "partner__organisation"
        ).get(pk=context["opinion"])
        return {
            "territory": opinion.volunteer.territory.name,
            "title": opinion.volunteer.call.title,
            "partner": str(opinion.partner.organisation),
            "reason": opinion.reason,
            "address": opinion.volunteer.get_absolute_url(),
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        """Opinions are for stewards: whoever is one no longer is not told."""
        reads = isinstance(user, User) and access.is_steward(user)
        return (
            reads
            and Opinion.objects.filter(
                pk=context["opinion"], value=OpinionValue.UNFAVOURABLE
            ).exists()
        )

    def example(self) -> Context:
        return {
            "territory": "Jonzac",
            "title": "Bien vieillir dans les petites villes",
            "partner": "Association des petites villes",
            "reason": "Le même projet est déjà suivi par un autre programme.",
            "address": "/espace/volontariats/00000000-0000-0000-0000-000000000000/",
        }


def tell_submitted(volunteer: Volunteer) -> None:
    """In the transaction of a submission: those who act for the partners that see it will hear of
    it in their next digest, together with what else has come by then."""
    call = volunteer.call
    reached = {
        partner.pk
        for partner in call.partners.select_related("only_programme").order_by("pk")
        if Volunteer.objects.filter(access.reach_of(partner), pk=volunteer.pk).exists()
    }
    for reviewer in access.reviewers_of(call).filter(partner__in=reached):
        waiting = Notice.objects.pending().filter(
            user=reviewer.user, kind=DeclarationsSubmitted.key, about=call.subject
        )
        if waiting.exists():
            continue
        outbox.notify(
            DeclarationsSubmitted,
            to=reviewer.user,
            about=call.subject,
            context={
                "call": call.slug,
                "since": (volunteer.submitted_at or timezone.now()).isoformat(),
                "reader": str(reviewer.user.ref),
            },
        )


def tell_unfavourable(opinion: Opinion) -> None:
    """In the transaction of the opinion: stewards will read it in their next digest, but those
    from whom the declaration is concealed."""
    volunteer = opinion.volunteer
    today = timezone.localdate()
    running = Membership.objects.filter(
        not_ended(today), role=MemberRole.STEWARD, starts_on__lte=today
    )
    for steward in User.objects.filter(pk__in=running.values("user")).order_by("pk"):
        if volunteer.territory_id in access.concealed_territories(steward, volunteer.call):
            continue
        outbox.notify(
            UnfavourableGiven,
            to=steward,
            about=volunteer.subject,
            context={"about": volunteer.subject, "opinion": opinion.pk},
        )
