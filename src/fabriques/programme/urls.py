"""Addresses of the programme in the signed-in space, under `/espace/`."""

from django.urls import path

from fabriques.programme.views import invitations, places, rights, roles

urlpatterns = [
    path("droits/", rights.rights, name="space-rights"),
    path("equipe/", places.team, name="space-team"),
    path("equipe/inviter/", roles.invite, name="space-team-invite"),
    path("fabriques/<slug:code>/", places.fabrique, name="space-fabrique"),
    path("fabriques/<slug:code>/inviter/", roles.invite, name="space-fabrique-invite"),
    path("territoires/<int:pk>/", places.participation, name="space-participation"),
    path("territoires/<int:pk>/inviter/", roles.invite, name="space-participation-invite"),
    path("territoires/<int:pk>/relais/", roles.hand_over, name="hand-over"),
    path("roles/<int:pk>/dates/", roles.dates, name="role-dates"),
    path("roles/<int:pk>/retirer/", roles.withdraw, name="role-withdraw"),
    path("invitations/<int:pk>/", invitations.mine, name="invitation-mine"),
    path("invitations/<int:pk>/renvoyer/", roles.send_again, name="invitation-again"),
    path("invitations/<int:pk>/annuler/", roles.cancel, name="invitation-cancel"),
]
