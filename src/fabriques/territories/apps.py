from django.apps import AppConfig

from fabriques.kit.search import kinds


class TerritoriesConfig(AppConfig):
    name = "fabriques.territories"
    label = "territories"
    verbose_name = "Territoires"

    def ready(self) -> None:
        kinds.register("territoire", "Territoires", position=20)
