"""Addresses of the invitations: the link of a letter, and the pages of stewards and partners."""

from django.urls import path

from fabriques.intake.views import invited, inviting
from fabriques.kit.access import Pattern

PUBLIC: list[Pattern] = [
    path("appels/<slug:slug>/invitation/<str:token>/", invited.invitation, name="call-invitation"),
]
OPEN: list[Pattern] = []
_ALL = "appels/<slug:slug>/invitations/"
SPACE: list[Pattern] = [
    path(_ALL, inviting.invitations, name="space-call-invitations"),
    path(f"{_ALL}liste/", inviting.invite_list, name="space-call-invite-list"),
    path(f"{_ALL}ajouter/", inviting.invite_one, name="space-call-invite"),
    path(f"{_ALL}proposer/", inviting.put_forward, name="space-call-put-forward"),
    path(f"{_ALL}lettres/", inviting.letters, name="space-call-invitations-letters"),
    path(f"{_ALL}relance/", inviting.remind, name="space-call-invitations-remind"),
    path(
        f"{_ALL}invitations.csv",
        inviting.export,
        {"extension": "csv"},
        name="space-call-invitations-csv",
    ),
    path(
        f"{_ALL}invitations.ods",
        inviting.export,
        {"extension": "ods"},
        name="space-call-invitations-ods",
    ),
    path(f"{_ALL}<uuid:ref>/annuler/", inviting.cancel, name="space-call-invitation-cancel"),
]
