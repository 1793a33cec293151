"""Accounts that were merged: one person, several references in the journal."""

from fabriques.kit import journal
from fabriques.people.models import User

# What `stewardship.merge_people` writes about both accounts, with the other one under this key.
MERGED, WITH = "comptes fusionnés", "avec"


def accounts_of(user: User) -> list[User]:
    """The account of a person, then those that were emptied into it, however far back."""
    found = {user.subject: user}
    waiting = [user]
    while waiting:
        entries = journal.history(waiting.pop().subject).filter(verb=MERGED)
        others = {str(entry.after.get(WITH, "")) for entry in entries} - set(found)
        refs = [subject.removeprefix(f"{journal.PERSON}:") for subject in others if subject]
        for account in User.objects.filter(ref__in=refs).order_by("pk"):
            found[account.subject] = account
            waiting.append(account)
    return list(found.values())
