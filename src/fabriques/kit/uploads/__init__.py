"""Files that people send: checked by what they hold, never by their name or declared type.

document = CheckedFileField(label="Compte rendu", kinds=[Kind.PDF, Kind.OFFICE], max_bytes=MO * 10)
…
accepted = form.cleaned_data["document"]      # an `Accepted`
meeting.minutes.save(accepted.name, accepted.file)
…
return served(meeting.minutes, name=meeting.minutes_name, media_type=meeting.minutes_type)
"""

from fabriques.kit.uploads.accepting import Accepted, accept
from fabriques.kit.uploads.fields import CheckedFileField
from fabriques.kit.uploads.kinds import MO, Kind, RefusedFile
from fabriques.kit.uploads.serving import served

__all__ = ["MO", "Accepted", "CheckedFileField", "Kind", "RefusedFile", "accept", "served"]
