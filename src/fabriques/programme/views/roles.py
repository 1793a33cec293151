"""Giving, changing, withdrawing and handing over roles; sending invitations."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from fabriques.kit.forms import refused
from fabriques.kit.ratelimit import limited
from fabriques.people.current import signed_in
from fabriques.people.models import User
from fabriques.people.queries import user_by_address
from fabriques.programme import abilities, domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.forms import DatesForm, HandOverForm, InvitationForm, WithdrawalForm
from fabriques.programme.models import Invitation, Membership
from fabriques.programme.queries.memberships import not_ended, with_places, works_in
from fabriques.programme.scopes import Scope
from fabriques.programme.views.places import (
    back,
    may_manage,
    participation_or_404,
    scope_or_404,
)


@limited("invitation", per_person="60/h")
def invite(request: HttpRequest, code: str = "", pk: int | None = None) -> HttpResponse:
    user = signed_in(request)
    scope = scope_or_404(code=code, pk=pk)
    roles = abilities.givable(user, scope)
    if not roles:
        raise Http404
    initial = {"role": request.GET.get("role", "")}
    form = InvitationForm(request.POST or None, roles=roles, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            sent = domain.invite(
                email=form.cleaned_data["email"],
                role=MemberRole(form.cleaned_data["role"]),
                scope=scope,
                ends_on=form.cleaned_data["ends_on"],
                inviter=user,
                actor=abilities.acting(user, scope),
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request, f"Invitation envoyée à {sent.email} : {sent.get_role_display()}."
            )
            return back(scope)
    return render(request, "programme/invite.html", {"form": form, "scope": scope})


def dates(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    membership = _membership(pk)
    if not abilities.may_change_dates(user, membership):
        raise Http404
    scope = Scope.of(membership)
    form = DatesForm(
        request.POST or None,
        initial={"starts_on": membership.starts_on, "ends_on": membership.ends_on},
    )
    if request.method == "POST" and form.is_valid():
        try:
            domain.change_dates(
                membership=membership,
                starts_on=form.cleaned_data["starts_on"],
                ends_on=form.cleaned_data["ends_on"],
                reason=form.cleaned_data["reason"],
                actor=abilities.acting(user, scope),
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, f"Dates enregistrées pour {membership.user}.")
            return back(scope)
    return render(
        request,
        "programme/role_dates.html",
        {"form": form, "membership": membership, "scope": scope},
    )


def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    membership = _membership(pk)
    if not abilities.may_end(user, membership):
        raise Http404
    scope = Scope.of(membership)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            domain.withdraw_role(
                membership=membership,
                reason=form.cleaned_data["reason"],
                actor=abilities.acting(user, scope),
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request, f"{membership.user} n’a plus ce rôle : {membership.get_role_display()}."
            )
            if membership.user_id == user.pk:
                return redirect("space")
            return back(scope)
    return render(
        request,
        "programme/role_withdraw.html",
        {
            "form": form,
            "membership": membership,
            "scope": scope,
            "own": membership.user_id == user.pk,
        },
    )


@limited("invitation", per_person="60/h")
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that one person holds in a participation, passed on in one act.

    `?de=<ref>` names somebody else, for those who may do it in their place. At once for somebody
    who works in the fabrique already; anybody else is invited, and accepts.
    """
    user = signed_in(request)
    participation = participation_or_404(pk)
    scope = Scope(participation=participation)
    can = abilities.participation_abilities(user, participation)
    giver = _member(request.GET["de"], scope) if "de" in request.GET else user
    if not (can.hand_over if giver == user else can.hand_over_for_others):
        raise Http404
    held = list(Membership.objects.filter(not_ended(), user=giver, scope=scope.key).order_by("pk"))
    if not held:
        raise Http404
    form = HandOverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email, reason = form.cleaned_data["email"], form.cleaned_data["reason"]
        receiver = user_by_address(email)
        actor = abilities.acting(user, scope)
        try:
            if receiver and works_in(receiver, participation.fabrique):
                domain.hand_over(
                    participation=participation,
                    giver=giver,
                    receiver=receiver,
                    actor=actor,
                    reason=reason,
                )
                messages.success(request, f"C’est fait : {receiver} prend la suite.")
                return back(scope) if giver != user else redirect("space")
            domain.invite(
                email=email,
                role=MemberRole(held[0].role),
                scope=scope,
                inviter=user,
                actor=actor,
                giver=giver,
                reason=reason,
            )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(
                request,
                f"Invitation envoyée à {email}. Le relais passera quand cette personne "
                "l’acceptera ; d’ici là, rien ne change.",
            )
            return back(scope)
    return render(
        request,
        "programme/hand_over.html",
        {"form": form, "giver": giver, "held": held, "scope": scope, "self": giver == user},
    )


@require_POST
@limited("invitation", per_person="60/h")
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, domain.send_again, "Invitation renvoyée à {}.")


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, domain.cancel_invitation, "Invitation à {} annulée.")


def _act(request: HttpRequest, pk: int, verb: Callable[..., object], said: str) -> HttpResponse:
    """Do this to an invitation, then back to the team with what was done, or why it was not."""
    user = signed_in(request)
    invitation, scope = _invitation(user, pk)
    try:
        verb(invitation=invitation, actor=abilities.acting(user, scope))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said.format(invitation.email))
    return back(scope)


def _membership(pk: int) -> Membership:
    rows = with_places(Membership.objects.filter(withdrawn_at=None)).select_related("user")
    return get_object_or_404(rows, pk=pk)


def _invitation(user: User, pk: int) -> tuple[Invitation, Scope]:
    invitation = get_object_or_404(
        Invitation.objects.select_related(
            "fabrique", "participation__fabrique", "participation__territory"
        ),
        pk=pk,
    )
    scope = Scope.of(invitation)
    if not may_manage(user, invitation):
        raise Http404
    return invitation, scope


def _member(ref: str, scope: Scope) -> User:
    """Somebody of this team; 404 for anybody else."""
    try:
        found = User.objects.filter(
            ref=ref, memberships__scope=scope.key, memberships__withdrawn_at=None
        ).distinct()
        return get_object_or_404(found)
    except ValidationError:
        raise Http404 from None
