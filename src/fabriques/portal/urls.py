"""Public addresses: a contract, see `docs/architecture.md`."""

from django.urls import include, path

from fabriques.portal.views import fabriques, home, maps, pages, search, territories

urlpatterns = [
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
    path("healthz", pages.healthz, name="healthz"),
    path("readyz", pages.readyz, name="readyz"),
]
