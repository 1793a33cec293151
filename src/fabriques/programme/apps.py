from django.apps import AppConfig

from fabriques.kit.search import kinds


class ProgrammeConfig(AppConfig):
    name = "fabriques.programme"
    label = "programme"
    verbose_name = "Programme"

    def ready(self) -> None:
        from fabriques.kit import awaiting
        from fabriques.people import domain as accounts
        from fabriques.people import stewardship
        from fabriques.people.personal import erasure, export, retention
        from fabriques.people.signin.second_factor import register_second_factor_need
        from fabriques.programme import (  # noqa: F401
            hooks,
            live,
            notifications,
            purposes,
            subjects,
        )
        from fabriques.programme.domain import end_all_roles, last_steward, reindex_fabriques
        from fabriques.territories.domain import follow

        kinds.register("fabrique", "Fabriques", position=10)
        follow(reindex_fabriques)
        register_second_factor_need(hooks.must_have_second_factor)
        awaiting.register(hooks.second_factor_wanted)
        awaiting.register(hooks.invitations_waiting)
        awaiting.register(hooks.elected_missing)
        stewardship.register_person_mover(hooks.move_roles)
        stewardship.register_organisation_guard(hooks.keep_facts)
        export.register_export("roles", "Vos rôles", hooks.exported_roles)
        export.register_export("invitations", "Vos invitations", hooks.exported_invitations)
        erasure.register_erasure(hooks.erase_roles)
        erasure.register_erasure_guard(last_steward)
        accounts.register_closing(end_all_roles)
        accounts.register_closing_guard(last_steward)
        retention.register_retention(hooks.forget_invitations)
        retention.register_expected(hooks.expected_accounts)
