from django.apps import AppConfig

from fabriques.kit.search import kinds


class ProgrammeConfig(AppConfig):
    name = "fabriques.programme"
    label = "programme"
    verbose_name = "Programme"

    def ready(self) -> None:
        kinds.register("fabrique", "Fabriques", position=10)
