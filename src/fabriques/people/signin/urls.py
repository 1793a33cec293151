"""Addresses of sign-in and of the security of the account.

The library finds its pages by these names. What the site does not offer (passwords, sign-up,
change of address by the library) has no address; the names of sign-up, which the library may ask
for, lead to the one door.
"""

from allauth.account.views import AccountInactiveView
from django.urls import include, path
from django.views.decorators.cache import never_cache

from fabriques.people.signin import factors, views

sign_in = views.SignInView.as_view()
closed = AccountInactiveView.as_view(template_name="account/account_inactive.html")

security = [
    path("", factors.index, name="mfa_index"),
    path("", factors.index, name="mfa_list_webauthn"),
    path("second-facteur/", factors.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("confirmer/", factors.ShowCodeView.as_view(), name="mfa_reauthenticate"),
    path("application/ajouter/", factors.ActivateView.as_view(), name="mfa_activate_totp"),
    path("application/retirer/", factors.DeactivateView.as_view(), name="mfa_deactivate_totp"),
    path("secours/", factors.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "secours/renouveler/",
        factors.GenerateCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("cle/ajouter/", factors.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path("cle/entrer/", factors.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("cle/confirmer/", factors.ShowPasskeyView.as_view(), name="mfa_reauthenticate_webauthn"),
    path("cle/<int:pk>/renommer/", factors.EditPasskeyView.as_view(), name="mfa_edit_webauthn"),
    path("cle/<int:pk>/retirer/", factors.RemovePasskeyView.as_view(), name="mfa_remove_webauthn"),
]
for pattern in security:
    pattern.callback = never_cache(pattern.callback)

account = [
    path("connexion/", sign_in, name="account_login"),
    path("connexion/", sign_in, name="account_request_login_code"),
    path("connexion/", sign_in, name="account_signup"),
    path("code/", views.CodeView.as_view(), name="account_confirm_login_code"),
    path("deconnexion/", views.SignOutView.as_view(), name="account_logout"),
    path("confirmer/", never_cache(views.ConfirmView.as_view()), name="account_reauthenticate"),
    path("ferme/", closed, name="account_inactive"),
    path("appareils/", views.devices, name="usersessions_list"),
    path("securite/", include(security)),
]

urlpatterns = [path("compte/", include(account))]
