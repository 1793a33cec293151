"""Static files: hashed names in every mode."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Gives hashed addresses even when DEBUG is on, so that both modes serve the same files."""

    def url(self, name: str, force: bool = True) -> str:
        return str(super().url(name, force=force))
