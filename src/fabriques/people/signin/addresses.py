"""Addresses that were probably mistyped. A question is asked; nothing is refused."""

from rapidfuzz.distance import OSA

# Where most inhabitants of France have their mail.
COMMON = (
    "gmail.com",
    "orange.fr",
    "wanadoo.fr",
    "free.fr",
    "laposte.net",
    "sfr.fr",
    "bbox.fr",
    "neuf.fr",
    "hotmail.com",
    "hotmail.fr",
    "outlook.com",
    "outlook.fr",
    "live.fr",
    "yahoo.com",
    "yahoo.fr",
    "icloud.com",
)
# Real ones that are one letter away from another.
OTHERS = ("mail.com", "live.com", "ymail.com")


def suggestion(address: str) -> str:
    """The address that was probably meant, when its domain is a slip away from a common one."""
    name, _, domain = address.strip().lower().rpartition("@")
    if not name or domain in COMMON or domain in OTHERS:
        return ""
    if domain.startswith("gmail."):
        return f"{name}@gmail.com"
    for known in COMMON:
        # A slip in a short name makes another real one: there, only the ending may be wrong.
        if OSA.distance(domain, known) == 1 and (len(known) > 7 or _same_start(domain, known)):
            return f"{name}@{known}"
    return ""


def _same_start(domain: str, known: str) -> bool:
    return domain.partition(".")[0] == known.partition(".")[0]
