"""Addresses of ProConnect; the second and the third are declared to it."""

from django.urls import path

from fabriques.people.proconnect import views

urlpatterns = [
    path("compte/proconnect/", views.start, name="proconnect-login"),
    path("compte/proconnect/retour/", views.callback, name="proconnect-callback"),
    path(
        "compte/proconnect/deconnexion/retour/", views.signed_out, name="proconnect-logout-callback"
    ),
]
