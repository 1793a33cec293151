from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "fabriques.people"
    label = "people"
    verbose_name = "Personnes et organisations"

    def ready(self) -> None:
        from fabriques.kit import outbox
        from fabriques.people.personal import registration
        from fabriques.people.queries import may_be_written_to
        from fabriques.people.signin import notifications  # noqa: F401

        registration.register()
        outbox.register_recipient_policy(may_be_written_to)
