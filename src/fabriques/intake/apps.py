from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "fabriques.intake"
    label = "intake"
    verbose_name = "Appels à volontaires"

    def ready(self) -> None:
        from fabriques.intake import hooks, notifications, purposes, subjects  # noqa: F401
        from fabriques.intake.abilities import OBJECTS
        from fabriques.programme import rights

        for abilities, columns in OBJECTS.items():
            rights.register(abilities, columns)
