"""Giving, changing, withdrawing and handing over roles; sending invitations."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from fabriques.kit.ratelimit import limited
from fabriques.people.current import signed_in
from fabriques.people.models import User
from fabriques.people.queries import user_by_address
from fabriques.programme import abilities, domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.forms import DatesForm, HandOverForm, InvitationForm, WithdrawalForm
from fabriques.programme.models import Invitation, Membership
from fabriques.programme.scopes import Scope
from fabriques.programme.views.places import back, participation_or_404, scope_or_404


def refused(form: Form, error: ValidationError) -> None:
    """Put what the domain refused where the form shows it: beside the field, or above."""
    known = getattr(error, "error_dict", None)
    if known:
        for name, errors in known.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(None, error)


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
    membership = _changeable(user, pk)
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
    membership = _changeable(user, pk, own=True)
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


def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that one person holds in a participation, passed on in one act.

    `?de=<ref>` names somebody else, for those who may do it in their place.
    """
    user = signed_in(request)
    participation = participation_or_404(pk)
    scope = Scope(participation=participation)
    can = abilities.participation_abilities(user, participation)
    giver = user
    if wanted := request.GET.get("de"):
        giver = _member(wanted, scope)
        if giver != user and not can.hand_over_for_others:
            raise Http404
    elif not can.hand_over:
        raise Http404
    mine = [
        m
        for m in Membership.objects.filter(
            user=giver, participation=participation, withdrawn_at=None
        ).order_by("pk")
        if m.ends_on is None or abilities.is_open(m)
    ]
    if not mine:
        raise Http404
    form = HandOverForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        receiver = user_by_address(email)
        actor = abilities.acting(user, scope)
        try:
            if receiver and receiver.confirmed_at:
                domain.hand_over(
                    participation=participation,
                    giver=giver,
                    receiver=receiver,
                    actor=actor,
                    reason=form.cleaned_data["reason"],
                )
                said = f"C’est fait : {receiver} prend la suite de {giver}."
            else:
                domain.invite(
                    email=email,
                    role=MemberRole(mine[0].role),
                    scope=scope,
                    inviter=user,
                    actor=actor,
                    giver=giver,
                )
                said = (
                    f"Invitation envoyée à {email}. Le passage de relais aura lieu quand cette "
                    "personne l’acceptera ; d’ici là, rien ne change."
                )
        except ValidationError as error:
            refused(form, error)
        else:
            messages.success(request, said)
            still = giver != user or not receiver
            return back(scope) if still else redirect("space")
    return render(
        request,
        "programme/hand_over.html",
        {"form": form, "giver": giver, "held": mine, "scope": scope, "self": giver == user},
    )


@require_POST
@limited("invitation", per_person="60/h")
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    invitation, scope = _invitation(user, pk)
    try:
        domain.send_again(invitation=invitation, actor=abilities.acting(user, scope))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"Invitation renvoyée à {invitation.email}.")
    return back(scope)


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in(request)
    invitation, scope = _invitation(user, pk)
    try:
        domain.cancel_invitation(invitation=invitation, actor=abilities.acting(user, scope))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"Invitation à {invitation.email} annulée.")
    return back(scope)


def _changeable(user: User, pk: int, *, own: bool = False) -> Membership:
    """A role that this person may change; `own`: or that is theirs."""
    rows = abilities.with_places(Membership.objects.filter(withdrawn_at=None)).select_related(
        "user"
    )
    membership = get_object_or_404(rows, pk=pk)
    if own and membership.user_id == user.pk:
        return membership
    if not abilities.may_give(user, Scope.of(membership), MemberRole(membership.role)):
        raise Http404
    return membership


def _invitation(user: User, pk: int) -> tuple[Invitation, Scope]:
    invitation = get_object_or_404(
        Invitation.objects.select_related(
            "fabrique", "participation__fabrique", "participation__territory"
        ),
        pk=pk,
    )
    scope = Scope.of(invitation)
    if not abilities.may_give(user, scope, MemberRole(invitation.role)):
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
