"""Pure algorithms: numpy and scipy, never Django. Each has a command `fabriques engine <name>`."""
