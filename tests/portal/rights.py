"""Who may open what: one line for each address of the site, held by `test_rights_matrix`.

A line names the persons for whom the address answers. For anybody else who is signed in, it is as
if the address did not exist (404); who is not signed in is sent to the sign-in page. `posts` says
who may send the form, when it is not whoever may open the page.
"""

from dataclasses import dataclass

PERSONAS = (
    "visitor",
    "newcomer",
    "stranger",  # technicien·ne of another fabrique
    "neighbour",  # technicien·ne of another territory of the same fabrique
    "member",
    "officer",
    "elected",
    "partner",
    "provider",
    "editor",
    "steward",
)
ALL = frozenset(PERSONAS)
SIGNED_IN = ALL - {"visitor"}
STEWARD = frozenset({"steward"})
IN_FABRIQUE = frozenset(
    {"neighbour", "member", "officer", "elected", "partner", "provider", "steward"}
)
IN_PLACE = IN_FABRIQUE - {"neighbour"}
GIVERS = frozenset({"officer", "elected", "provider", "steward"})
HOLDERS = frozenset({"member", "officer", "elected"})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Line:
    """`needs` names what the address is about (see `test_rights_matrix.places`)."""

    opens: frozenset[str]
    posts: frozenset[str] | None = None  # None: the same as `opens`
    only_posts: bool = False
    needs: str = ""


def page(opens: frozenset[str], **fields: object) -> Line:
    return Line(opens, **fields)  # type: ignore[arg-type]


def act(posts: frozenset[str], **fields: object) -> Line:
    """An address that only takes a form."""
    return Line(posts, only_posts=True, **fields)  # type: ignore[arg-type]


# Public, read only, and tested as such elsewhere.
PUBLIC = {
    "home", "picture", "fabriques", "fabrique", "fabrique-picture", "territories", "territory",
    "territory-other", "map", "map-interactive", "map-svg", "map-geojson", "search", "data",
    "data-schema", "feed", "sitemap", "sitemap-section", "robots", "accessibility", "legal",
    "personal-data", "sitemap-page", "healthz", "readyz", "security-txt",
}  # fmt: skip
PUBLIC_PREFIXES = ("data-fabriques", "api-v1:")

# The doors: open to all, each with its own tests (tests/people/signin, tests/people/proconnect).
# Those of a demonstration answer 404 here, as in production.
DOORS = {
    "account_login", "account_request_login_code", "account_signup", "account_confirm_login_code",
    "account_logout", "account_inactive", "mfa_authenticate", "mfa_login_webauthn",
    "proconnect-login", "proconnect-callback", "proconnect-logout-callback", "mail-stop",
    "space-personal-erased", "demo", "demo-enter", "demo-mails", "demo-mail", "demo-mail-html",
}  # fmt: skip

TABLE: dict[str, Line] = {
    # --- one's own account
    "account_reauthenticate": page(SIGNED_IN),
    "usersessions_list": page(SIGNED_IN, posts=NOBODY),  # for who names one of theirs
    "mfa_index": page(SIGNED_IN),
    "mfa_list_webauthn": page(SIGNED_IN),
    "mfa_reauthenticate": page(SIGNED_IN),
    "mfa_activate_totp": page(SIGNED_IN),
    "mfa_deactivate_totp": page(NOBODY),  # for who has one
    "mfa_view_recovery_codes": page(NOBODY),  # for who has some
    "mfa_generate_recovery_codes": page(SIGNED_IN),
    "mfa_add_webauthn": page(SIGNED_IN),
    "mfa_reauthenticate_webauthn": page(SIGNED_IN),
    # Asks for a confirmation first; then 404 for the key of another (tests/people/signin).
    "mfa_edit_webauthn": page(SIGNED_IN, needs="passkey"),
    "mfa_remove_webauthn": page(SIGNED_IN, needs="passkey"),
    # --- the space
    "space": page(SIGNED_IN),
    "space-welcome": page(SIGNED_IN),
    "space-profile": page(SIGNED_IN),
    "space-notifications": page(SIGNED_IN),
    "space-personal": page(SIGNED_IN),
    "space-personal-erase": page(SIGNED_IN),
    "space-personal-consents": act(SIGNED_IN),
    "space-personal-export": act(SIGNED_IN),
    "space-rights": page(SIGNED_IN),
    # --- fabriques, territories, roles
    "space-fabriques": page(STEWARD),
    "space-team": page(STEWARD),
    "space-team-invite": page(STEWARD),
    "space-fabrique": page(IN_FABRIQUE, needs="fabrique"),
    "space-fabrique-invite": page(STEWARD, needs="fabrique"),
    "space-participation": page(IN_PLACE, needs="participation"),
    "space-participation-invite": page(GIVERS, needs="participation"),
    "hand-over": page(HOLDERS, needs="participation"),
    "role-dates": page(GIVERS, needs="membership"),
    "role-withdraw": page(GIVERS | {"member"}, needs="membership"),  # one's own role too
    "invitation-mine": page(NOBODY, needs="invitation"),  # only for the address invited
    "invitation-again": act(GIVERS, needs="invitation"),
    "invitation-cancel": act(GIVERS, needs="invitation"),
    "invitation": page(ALL, needs="token"),
    # --- those who run the programme
    "space-people": page(STEWARD),
    "space-person": page(STEWARD, needs="person"),
    "space-person-attach": page(STEWARD, needs="person"),
    "space-person-merge": page(STEWARD, needs="person"),
    "space-person-erase": page(STEWARD, needs="person"),
    "space-person-close": page(STEWARD, needs="person"),
    "space-person-factors": page(STEWARD, needs="person"),
    "space-person-reopen": act(STEWARD, needs="person"),
    "space-organisations": page(STEWARD),
    "space-organisation-new": page(STEWARD),
    "space-organisation": page(STEWARD, needs="organisation"),
    "space-organisation-edit": page(STEWARD, needs="organisation"),
    "space-organisation-merge": page(STEWARD, needs="organisation"),
    "space-organisation-logo": page(STEWARD, needs="organisation"),
    "space-journal": page(STEWARD),
    "space-journal-csv": page(STEWARD),
    "space-journal-ods": page(STEWARD),
    "space-mails": page(STEWARD),
    "space-mail-batch": page(STEWARD, needs="batch"),
    "space-mail-batch-release": page(STEWARD, needs="batch"),
    "space-mail-batch-cancel": page(STEWARD, needs="batch"),
    "space-mail": page(STEWARD, needs="mail"),
    "space-mail-take-out": act(STEWARD, needs="mail"),
    "space-mail-again": act(STEWARD, needs="mail"),
}
