from django.apps import AppConfig

from fabriques.kit.search import kinds


class ProgrammeConfig(AppConfig):
    name = "fabriques.programme"
    label = "programme"
    verbose_name = "Programme"

    def ready(self) -> None:
        from fabriques.programme.domain import reindex_fabriques
        from fabriques.territories.domain import follow

        kinds.register("fabrique", "Fabriques", position=10)
        follow(reindex_fabriques)
