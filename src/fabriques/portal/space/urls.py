"""The signed-in space, under `/espace/`: `portal` owns it, each domain brings its part."""

from django.urls import include, path

from fabriques.intake import urls as intake
from fabriques.portal.space import home, journal, mails, organisations, people

urlpatterns = [
    path("", home.home, name="space"),
    path("fabriques/", home.fabriques, name="space-fabriques"),
    path("personnes/", people.people, name="space-people"),
    path("personnes/<uuid:ref>/", people.person, name="space-person"),
    path("personnes/<uuid:ref>/rattacher/", people.attach, name="space-person-attach"),
    path("personnes/<uuid:ref>/fusionner/", people.merge, name="space-person-merge"),
    path("personnes/<uuid:ref>/fermer/", people.close, name="space-person-close"),
    path(
        "personnes/<uuid:ref>/second-facteur/", people.remove_factors, name="space-person-factors"
    ),
    path("personnes/<uuid:ref>/rouvrir/", people.reopen, name="space-person-reopen"),
    path("personnes/<uuid:ref>/effacer/", people.erase_person, name="space-person-erase"),
    path("organisations/", organisations.organisations, name="space-organisations"),
    path("organisations/nouvelle/", organisations.create, name="space-organisation-new"),
    path("organisations/<slug:slug>/", organisations.organisation, name="space-organisation"),
    path("organisations/<slug:slug>/modifier/", organisations.edit, name="space-organisation-edit"),
    path(
        "organisations/<slug:slug>/fusionner/", organisations.merge, name="space-organisation-merge"
    ),
    path("organisations/<slug:slug>/logo/", organisations.logo, name="space-organisation-logo"),
    *journal.urlpatterns,
    *mails.urlpatterns,
    path("", include("fabriques.people.urls")),
    path("", include("fabriques.programme.urls")),
    *intake.SPACE,
]
