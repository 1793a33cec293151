"""Before a call closes, those who began a declaration are told once."""

from datetime import datetime, timedelta

from django.utils import timezone

from fabriques.intake.enums import VolunteerState
from fabriques.intake.notifications.volunteering import DraftToFinish
from fabriques.intake.queries import volunteering as read
from fabriques.kit import outbox
from fabriques.kit.tick import periodic

BEFORE = timedelta(days=7)


@periodic(every=timedelta(hours=1))
def remind_drafts(now: datetime) -> None:
    """In the digest of each author of a draft whose call closes within a week; said once."""
    today = timezone.localdate(now)
    closing = read.declarations().filter(
        state=VolunteerState.DRAFT, call__closes_on__range=(today, today + BEFORE)
    )
    for volunteer in closing.order_by("pk"):
        if not volunteer.call.is_open:
            continue
        for author in read.authors_of(volunteer):
            outbox.notify(
                DraftToFinish,
                to=author.user,
                about=volunteer.subject,
                context={"about": volunteer.subject, "volunteer": volunteer.pk},
            )
