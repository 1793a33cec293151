from django.apps import AppConfig


class ProgrammeConfig(AppConfig):
    name = "fabriques.programme"
    label = "programme"
    verbose_name = "Programme"
