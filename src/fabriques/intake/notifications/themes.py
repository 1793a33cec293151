"""What is written to whoever proposes a theme."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser

from fabriques.intake.enums import ThemeState
from fabriques.intake.models import Theme
from fabriques.kit.outbox import Notification, register
from fabriques.kit.outbox.notifications import Context


@register
class ThemeAnswered(Notification):
    """The stored context is the reference of the theme; the answer is read when it leaves."""

    key = "theme-answered"
    label = "Une réponse à un thème que j’ai proposé"
    category = "Appels à volontaires"
    template = "intake/mails/theme_answered"

    def subject(self, context: Context) -> str:
        return f"Réponse à votre proposition : {context['title']}"

    def present(self, context: Context) -> Context:
        theme = Theme.objects.get(ref=context["theme"])
        return {
            "title": theme.title,
            "kept": theme.state == ThemeState.KEPT,
            "answer": theme.answer,
            "address": theme.get_absolute_url(),
        }

    def applicable(self, user: AbstractBaseUser | None, context: Context) -> bool:
        return Theme.objects.filter(ref=context["theme"]).exclude(answer="").exists()

    def example(self) -> Context:
        return {
            "title": "Bien vieillir dans les petites villes",
            "kept": True,
            "answer": "Un appel ouvrira en janvier sur cette question.",
            "address": "/espace/themes/exemple/",
        }
