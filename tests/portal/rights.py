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
    "reviewer",  # acts for a partner of the call
    "author",  # writes a declaration to the call
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
CALL_TEAM = frozenset({"reviewer", "steward"})
AUTHOR = frozenset({"author"})
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
    "calls", "call",
    "call-data",
    "call-draw", "call-draw-data",
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
    # --- themes
    "themes": page(SIGNED_IN),
    "theme-propose": page(SIGNED_IN),
    "theme": page(SIGNED_IN, needs="theme"),
    "theme-edit": page(STEWARD, needs="theme"),  # its author too: tests/intake/test_themes.py
    "theme-withdraw": page(STEWARD, needs="theme"),
    "theme-support": act(SIGNED_IN, needs="theme"),
    "theme-unsupport": act(SIGNED_IN, needs="theme"),
    "theme-answer": act(STEWARD, needs="theme"),
    # --- calls
    "space-calls": page(CALL_TEAM),
    "space-call-new": page(STEWARD),
    "space-call": page(CALL_TEAM, needs="call"),
    "space-call-edit": page(STEWARD, needs="call"),
    "space-call-preview": page(STEWARD, needs="call"),
    "space-call-publish": page(STEWARD, needs="call"),
    "space-call-extend": page(STEWARD, needs="call"),
    "space-call-cancel": page(STEWARD, needs="call"),
    "space-call-questions": page(STEWARD, needs="call"),
    "space-call-question": page(STEWARD, needs="question"),
    "space-call-question-move": act(STEWARD, needs="question"),
    "space-call-question-delete": act(STEWARD, needs="question"),
    "space-call-partners": page(STEWARD, needs="call"),
    "space-call-partner": page(STEWARD, needs="call-partner"),
    "space-call-partner-remove": act(STEWARD, needs="call-partner"),
    "space-call-reviewer-name": act(STEWARD, needs="call-partner"),
    "space-call-reviewer-withdraw": act(STEWARD, needs="call-reviewer"),
    "space-call-indicators": page(STEWARD, needs="call"),
    "space-call-indicator": page(STEWARD, needs="indicator"),
    "space-call-indicator-preview": act(STEWARD, needs="indicator"),
    "space-call-indicator-confirm": act(STEWARD, needs="indicator"),
    "space-call-indicator-delete": act(STEWARD, needs="indicator"),
    "space-call-indicator-csv": page(STEWARD, needs="indicator"),
    # --- declarations
    "volunteer-start": page(SIGNED_IN, needs="call"),
    "volunteer-ask": act(SIGNED_IN, needs="call"),
    "volunteer-join": page(SIGNED_IN, needs="join-link"),
    "volunteerings": page(SIGNED_IN),
    "volunteer": page(CALL_TEAM | AUTHOR, needs="volunteer"),
    "volunteer-edit": page(AUTHOR, needs="volunteer"),
    "volunteer-save": act(AUTHOR, needs="volunteer"),
    "volunteer-letter": page(CALL_TEAM | AUTHOR, needs="volunteer"),
    "volunteer-receipt": page(STEWARD | AUTHOR, needs="volunteer"),
    "volunteer-withdraw": page(STEWARD | AUTHOR, needs="volunteer"),
    "volunteer-authors": page(STEWARD | AUTHOR, needs="volunteer"),
    # --- invitations to a call, opinions, conflicts of interest
    "call-invitation": page(ALL, needs="call-invitation-link"),
    "space-call-invitations": page(CALL_TEAM, needs="call"),
    "space-call-invitations-csv": page(CALL_TEAM, needs="call"),
    "space-call-invitations-ods": page(CALL_TEAM, needs="call"),
    "space-call-invite-list": page(STEWARD, needs="call"),
    "space-call-invite": page(STEWARD, needs="call"),
    "space-call-put-forward": page(frozenset({"reviewer"}), needs="call"),
    "space-call-invitations-letters": act(STEWARD, needs="call"),
    "space-call-invitations-remind": page(STEWARD, needs="call"),
    # A partner cancels what it put forward: tests/intake/test_inviting.py
    "space-call-invitation-cancel": page(STEWARD, needs="call-invitation"),
    "space-call-opinions": page(CALL_TEAM, needs="call"),
    "space-call-opinions-csv": page(CALL_TEAM, needs="call"),
    "space-call-opinions-ods": page(CALL_TEAM, needs="call"),
    "volunteer-opinion": page(frozenset({"reviewer"}), needs="opinion"),
    "space-call-conflicts": page(CALL_TEAM, needs="call"),
    # Who declared it lifts it, but a steward: tests/intake/test_conflicts.py
    "space-call-conflict-lift": page(STEWARD, needs="conflict"),
    # --- the pool and the compositions; a steward with a conflict of interest has none of these
    "space-call-volunteers": page(CALL_TEAM, posts=NOBODY, needs="call"),
    "space-call-volunteers-csv": page(CALL_TEAM, posts=NOBODY, needs="call"),
    "space-call-volunteers-ods": page(CALL_TEAM, posts=NOBODY, needs="call"),
    "space-call-compositions": page(STEWARD, posts=NOBODY, needs="call"),
    "composition-new": page(STEWARD, needs="call"),
    "compositions-compare": page(STEWARD, posts=NOBODY, needs="call"),
    "composition": page(STEWARD, posts=NOBODY, needs="composition"),
    "composition-by-number": page(STEWARD, posts=NOBODY, needs="composition-number"),
    "composition-edit": page(STEWARD, needs="composition"),
    "composition-duplicate": page(STEWARD, needs="composition"),
    "composition-archive": act(STEWARD, needs="composition"),
    "composition-restore": act(STEWARD, needs="composition"),
    "composition-place": act(STEWARD, needs="composition"),
    "composition-levels": act(STEWARD, needs="composition"),
    "composition-rule-new": page(STEWARD, needs="composition"),
    "composition-rule": page(STEWARD, needs="composition-rule"),
    "composition-rule-remove": act(STEWARD, needs="composition-rule"),
    "composition-propose": act(STEWARD, needs="composition"),
    "composition-adopt": act(STEWARD, needs="composition-volunteer"),
    "composition-loosen": act(STEWARD, needs="composition"),
    "composition-why": page(STEWARD, posts=NOBODY, needs="composition"),
    "composition-why-one": page(STEWARD, posts=NOBODY, needs="composition-volunteer"),
    "composition-draw": page(STEWARD, posts=NOBODY, needs="composition"),
    "composition-draw-publish": act(STEWARD, needs="composition"),
    "composition-draw-seed": act(STEWARD, needs="composition"),
    # --- the decision; a steward with a conflict of interest has none: test_deciding_pages.py
    "space-call-decision": page(STEWARD, needs="call"),
    "space-call-settle": page(STEWARD, needs="composition"),
    "space-call-reasons": page(STEWARD, needs="call"),
    "space-call-letters": act(STEWARD, needs="call"),
    "space-call-announce": page(STEWARD, needs="call"),
    "space-call-reopen": page(STEWARD, needs="call"),
    "space-call-reserve": act(STEWARD, needs="call"),
}
