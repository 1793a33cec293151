"""Why a sign-in with ProConnect stops: what the person reads, and nothing of the tokens."""

from enum import Enum


class Reason(Enum):
    """A title, what happened and what to do, the status of the answer."""

    CANCELLED = (
        "Vous n’êtes pas connecté·e",
        "Vous avez quitté ProConnect avant la fin de l’identification.",
        200,
    )
    EXPIRED = (
        "Cette identification n’est plus valable",
        "Elle a déjà servi, elle vient d’un autre navigateur, ou elle a commencé il y a plus de "
        "dix minutes. Recommencez ici.",
        403,
    )
    UNREACHABLE = (
        "ProConnect ne répond pas",
        "Le service d’identification de l’État est injoignable en ce moment. Réessayez dans "
        "quelques minutes.",
        503,
    )
    UNTRUSTED = (
        "Votre identité n’a pas pu être vérifiée",
        "La réponse reçue de ProConnect n’est pas celle que nous attendions. Par précaution, "
        "vous n’êtes pas connecté·e. Recommencez ici.",
        403,
    )
    NO_ADDRESS = (
        "Il nous manque votre adresse électronique",
        "ProConnect vous a reconnu·e, mais ne nous a pas donné d’adresse vérifiée : sans elle, "
        "nous ne pouvons pas vous ouvrir de compte.",
        403,
    )
    CLOSED = (
        "Votre compte est fermé",
        "ProConnect vous a reconnu·e, mais votre compte sur ce site a été fermé ou effacé : "
        "il ne permet plus de se connecter.",
        403,
    )

    def __init__(self, title: str, text: str, status: int) -> None:
        self.title = title
        self.text = text
        self.status = status

    @property
    def can_try_again(self) -> bool:
        """Whether another try, or a code by mail, may let the person in."""
        return self is not Reason.CLOSED


class StoppedError(Exception):
    """The sign-in goes no further; nobody is signed in."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason
