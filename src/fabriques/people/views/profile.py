"""What a person says of themselves."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from fabriques.people.actors import actor_of
from fabriques.people.current import signed_in
from fabriques.people.forms import ProfileForm, WelcomeForm
from fabriques.people.stewardship import StaleError, edit_person


def welcome(request: HttpRequest) -> HttpResponse:
    """First time in: how to call this person. Then to where they were going."""
    user = signed_in(request)
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    target = target if safe else ""
    form = WelcomeForm(request.POST or None, initial={"name": user.name, "job": user.job})
    if request.method == "POST" and form.is_valid():
        edit_person(
            user=user,
            values=form.cleaned_data,
            version=user.version,
            actor=replace(actor_of(user), name=form.cleaned_data["name"]),
        )
        return redirect(target or "space")
    return render(request, "people/welcome.html", {"form": form, "next": target})


def profile(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = ProfileForm.for_person(user, request.POST or None)
    changes = None
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version")
        try:
            edit_person(user=user, values=values, version=version, actor=actor_of(user))
        except StaleError as error:
            changes = error.changes
            form.stale(error, user.version)
        else:
            messages.success(request, "Vos informations sont enregistrées.")
            return redirect("space-profile")
    return render(
        request,
        "people/profile.html",
        {"form": form, "person": user, "changes": changes},
    )
