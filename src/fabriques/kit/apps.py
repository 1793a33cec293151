from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "fabriques.kit"
    label = "kit"
    verbose_name = "Trousse commune"
