"""Every address. The public ones are a contract: see `docs/architecture.md`."""

from django.urls import include, path

from fabriques.intake import urls as intake
from fabriques.kit.access import Pattern, public
from fabriques.portal import demo, demo_mails
from fabriques.portal.space import mails
from fabriques.portal.views import fabriques, home, maps, pages, search, security, territories
from fabriques.programme.views import invitations

PUBLIC: list[Pattern] = [
    path("", home.home, name="home"),
    path("image.png", home.picture, name="picture"),
    path("fabriques/", fabriques.fabriques, name="fabriques"),
    path("fabriques/<slug:slug>/", fabriques.fabrique, name="fabrique"),
    path("fabriques/<slug:slug>/image.png", fabriques.picture, name="fabrique-picture"),
    path("territoires/", territories.territories, name="territories"),
    path("territoires/<str:code>/", territories.territory, name="territory"),
    path(
        "territoires/<str:segment>/<str:code>/", territories.territory_other, name="territory-other"
    ),
    path("carte/", maps.map_page, name="map"),
    path("carte/interactive/", maps.interactive_map, name="map-interactive"),
    path("carte.svg", maps.map_svg, name="map-svg"),
    path("carte.geojson", maps.map_geojson, name="map-geojson"),
    path("recherche/", search.search, name="search"),
    path("", include("fabriques.portal.data_urls")),
    path("accessibilite/", pages.accessibility, name="accessibility"),
    path("mentions-legales/", pages.legal, name="legal"),
    path("donnees-personnelles/", pages.personal_data, name="personal-data"),
    path("plan-du-site/", pages.sitemap_page, name="sitemap-page"),
    path(".well-known/security.txt", security.security_txt, name="security-txt"),
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
]

urlpatterns = [
    *public(PUBLIC),
    *public(intake.PUBLIC),
    *intake.OPEN,
    *mails.public_urlpatterns,
    path("", include("fabriques.people.signin.urls")),
    path("", include("fabriques.people.proconnect.urls")),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
    path("espace/", include("fabriques.portal.space.urls")),
    path("demonstration/", demo.personas, name="demo"),
    path("demonstration/entrer/<slug:key>/", demo.enter, name="demo-enter"),
    *demo_mails.urlpatterns,
]
