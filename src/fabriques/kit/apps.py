from django.apps import AppConfig


class KitConfig(AppConfig):
    name = "fabriques.kit"
    label = "kit"
    verbose_name = "Trousse commune"

    def ready(self) -> None:
        from django.db.models.signals import post_delete

        from fabriques.kit import checks  # noqa: F401 - their import registers them
        from fabriques.kit.live import rights

        post_delete.connect(rights.session_deleted, sender="sessions.Session")
