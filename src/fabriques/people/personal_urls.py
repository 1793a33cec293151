"""Addresses, under the signed-in space, where persons deal with their own data."""

from django.urls import path

from fabriques.people.views import personal

urlpatterns = [
    path("mes-donnees/", personal.home, name="space-personal"),
    path("mes-donnees/accords/", personal.consents, name="space-personal-consents"),
    path("mes-donnees/copie/", personal.export, name="space-personal-export"),
    path("mes-donnees/effacer/", personal.erase, name="space-personal-erase"),
    path("mes-donnees/efface/", personal.erased, name="space-personal-erased"),
]
