"""Every address of the site."""

from django.urls import include, path

urlpatterns = [path("", include("fabriques.portal.urls"))]
handler400 = "fabriques.kit.errors.bad_request"
handler403 = "fabriques.kit.errors.forbidden"
handler404 = "fabriques.portal.views.pages.not_found"
handler429 = "fabriques.kit.errors.too_many_requests"  # read by django-allauth
