from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "fabriques.portal"
    label = "portal"
    verbose_name = "Portail"
