"""Public addresses: a contract, see `docs/architecture.md`."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def _todo(request: HttpRequest, **kw: object) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [
    path("", _todo, name="home"),
    path("fabriques/<slug:slug>/", _todo, name="fabrique"),
    path("territoires/<str:code>/", _todo, name="territory"),
    path("territoires/<str:segment>/<str:code>/", _todo, name="territory-other"),
]
