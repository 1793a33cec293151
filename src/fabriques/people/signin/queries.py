"""What the pages of the account read."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from fabriques.people.models import User


def open_sessions(user: User) -> QuerySet[UserSession]:
    """The sessions in which this person is signed in now, the latest seen first."""
    living = Session.objects.filter(
        session_key=OuterRef("session_key"), expire_date__gte=timezone.now()
    )
    sessions: QuerySet[UserSession] = UserSession.objects.filter(Exists(living), user=user)
    return sessions.order_by("-last_seen_at", "-pk")
