"""Django's command line under the project's name, and the engines."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["engine"]:  # no Django behind it
        from fabriques.engines.command import main as engine

        sys.exit(engine(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fabriques.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["fabriques", *sys.argv[1:]])


if __name__ == "__main__":
    main()
