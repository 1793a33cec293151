"""Addresses of a person's own pages, under `/espace/`."""

from django.urls import include, path

from fabriques.people.views import profile

urlpatterns = [
    path("bienvenue/", profile.welcome, name="space-welcome"),
    path("profil/", profile.profile, name="space-profile"),
    path("", include("fabriques.people.personal_urls")),
]
