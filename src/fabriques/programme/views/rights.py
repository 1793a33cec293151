"""The table of rights, for whoever is signed in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fabriques.programme.abilities import standing
from fabriques.programme.rights import grids
from fabriques.programme.scopes import Scope


def rights(request: HttpRequest) -> HttpResponse:
    mine = [(held, Scope.of(held)) for held in standing(request.user).memberships]
    return render(request, "programme/rights.html", {"grids": grids(), "mine": mine})
