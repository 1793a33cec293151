"""Every address of the site."""

from django.urls import include, path

urlpatterns = [path("", include("fabriques.portal.urls"))]
handler404 = "fabriques.portal.views.pages.not_found"
