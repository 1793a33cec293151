"""What pages read of people and organisations."""

from __future__ import annotations

from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Count, Q, QuerySet
from rapidfuzz import fuzz, process

from fabriques.people.enums import Subject
from fabriques.people.models import Consent, Organisation, User


def addresses_of(user: User) -> set[str]:
    """The addresses that this person has proved to be theirs, in lower case."""
    proved = set(
        EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    )
    if user.confirmed_at:
        proved.add(user.email)
    return {address.lower() for address in proved}


def user_by_address(email: str) -> User | None:
    """The open account that this address belongs to: its own, or a proved second one."""
    return _owners(email).filter(is_active=True).order_by("pk").first()


def is_taken(email: str) -> bool:
    """Whether this address belongs to an account, open or closed."""
    return _owners(email).exists()


def _owners(email: str) -> QuerySet[User]:
    email = email.strip().lower()
    proved = EmailAddress.objects.filter(email=email, verified=True).values("user")
    return User.objects.filter(Q(email=email) | Q(pk__in=proved))


def people(words: str = "", state: str = "") -> QuerySet[User]:
    """Accounts for stewards: those whose name, address or organisation holds every word."""
    found = User.objects.select_related("organisation").order_by("name", "email")
    if state == "closed":
        found = found.filter(is_active=False, erased_at=None)
    elif state == "erased":
        found = found.exclude(erased_at=None)
    elif state == "unconfirmed":
        found = found.filter(is_active=True, confirmed_at=None)
    else:
        found = found.filter(is_active=True).exclude(confirmed_at=None)
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(email__icontains=word)
            | Q(organisation__name__icontains=word)
            | Q(organisation__acronym__iexact=word)
        )
    return found


def organisations(words: str = "") -> QuerySet[Organisation]:
    """Organisations for stewards, with how many people belong to each."""
    found = Organisation.objects.annotate(
        members=Count("people", filter=Q(people__is_active=True), distinct=True)
    ).order_by("name", "slug")
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(acronym__icontains=word)
            | Q(siren__startswith=word)
            | Q(former_names__name__icontains=word)
            | Q(former_names__acronym__iexact=word)
        )
    return found.distinct() if words else found


def may_be_written_to(user: User) -> bool:
    """Only those who came in once, and whose account is open: nobody else has accepted anything."""
    return user.is_active and user.confirmed_at is not None


def find_organisation(words: str) -> Organisation | None:
    """The one that bears exactly this name, acronym, SIREN or address; None when not just one."""
    words = words.replace("\0", "").strip().rstrip("/")
    digits = words.replace(" ", "")
    for lookup in (
        {"name__iexact": words},
        {"acronym__iexact": words},
        {"siren": digits},
        {"slug": words.rpartition("/")[2]},
    ):
        found = list(Organisation.objects.filter(**lookup).order_by("pk")[:2]) if digits else []
        if len(found) == 1:
            return found[0]
    return None


def near(organisation: Organisation) -> list[Organisation]:
    """Records that may be the same body: their names share most of their letters."""
    others = Organisation.objects.exclude(pk=organisation.pk).order_by("pk")
    found = process.extract(
        organisation.name.lower(),
        {other: other.name.lower() for other in others},
        scorer=fuzz.token_sort_ratio,
        score_cutoff=75,
        limit=5,
    )
    return [other for _, _, other in found]


def consenting(users: set[int], subject: Subject) -> set[int]:
    """Those of these people who accept this today."""
    return set(
        Consent.objects.filter(user__in=users, subject=subject, withdrawn_at=None).values_list(
            "user", flat=True
        )
    )


def names(subjects: set[str]) -> dict[str, str]:
    """`personne:<ref>` → the name as it is today; who is erased has none left."""
    refs = []
    for subject in subjects:
        try:
            refs.append(UUID(subject.removeprefix("personne:")))
        except ValueError:
            continue
    return {
        user.subject: str(user)
        for user in User.objects.filter(ref__in=refs).order_by("pk")
        if not user.erased_at
    }
