from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "fabriques.portal"
    label = "portal"
    verbose_name = "Portail"

    def ready(self) -> None:
        from fabriques.kit import awaiting, navigation
        from fabriques.portal.space import mails, menu

        awaiting.register(mails.awaiting)
        navigation.main[:] = [
            ("home", "Accueil"),
            ("fabriques", "Les fabriques"),
            ("calls", "Les appels"),
            ("map", "La carte"),
            ("territories", "Les territoires"),
            ("data", "Les données"),
        ]
        navigation.foot[:] = [
            ("sitemap-page", "Plan du site"),
            ("accessibility", "Accessibilité : non conforme"),
            ("legal", "Mentions légales"),
            ("personal-data", "Données personnelles"),
            ("feed", "Flux des nouveautés"),
        ]
        navigation.register_menu(10, "Mon travail", menu.mine)
        navigation.register_menu(20, "Mes fabriques", menu.fabriques)
        navigation.register_menu(90, "Mon compte", menu.account)
        navigation.register_menu(40, "Piloter la plateforme", menu.steering)
