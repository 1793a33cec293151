"""Addresses of open data, the API, the feed and what robots read."""

from django.contrib.sitemaps.views import index, sitemap
from django.urls import path

from fabriques.portal import api, feeds, sitemaps
from fabriques.portal.api.access import opened
from fabriques.portal.api.problems import unknown
from fabriques.portal.views import call_data, data

urlpatterns = [
    path("donnees/", data.page, name="data"),
    path("donnees/fabriques.schema.json", data.schema, name="data-schema"),
    *(path(f"donnees/{file.name}", data.served(file), name=file.url_name) for file in data.FILES),
    path("donnees/appels/<slug:slug>.<str:form>", call_data.call_data, name="call-data"),
    path("api/v1/", api.urls()),
    path("api/<path:rest>", opened(unknown)),
    path("flux.atom", feeds.News(), name="feed"),
    path(
        "sitemap.xml",
        index,
        {"sitemaps": sitemaps.SECTIONS, "sitemap_url_name": "sitemap-section"},
        name="sitemap",
    ),
    path(
        "sitemap-<slug:section>.xml",
        sitemap,
        {"sitemaps": sitemaps.SECTIONS},
        name="sitemap-section",
    ),
    path("robots.txt", sitemaps.robots, name="robots"),
]
