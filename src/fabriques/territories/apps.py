from django.apps import AppConfig


class TerritoriesConfig(AppConfig):
    name = "fabriques.territories"
    label = "territories"
    verbose_name = "Territoires"
