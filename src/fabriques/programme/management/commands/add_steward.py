from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from fabriques.kit.journal import Actor
from fabriques.people.domain import open_account
from fabriques.programme import domain
from fabriques.programme.enums import MemberRole
from fabriques.programme.scopes import Scope


class Command(BaseCommand):
    help = "Give the national role to an address: the first person of a new installation."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:
        try:
            validate_email(email)
            user = open_account(email=email)
            if user is None:
                raise CommandError("Ce compte est fermé : rouvrez-le d’abord.")
            domain.give_role(
                user=user,
                role=MemberRole.STEWARD,
                scope=Scope(),
                actor=Actor("la commande add_steward"),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.email} pilote désormais le programme.")
