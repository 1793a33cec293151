"""Live pages: what changed is told to whoever is looking, as long as they may.

    live.publish("fabrique:fabp-01", {"verb": "renamed"})   # in the transaction of the change
    live.cut(user.ref)                                      # in the one that takes rights away
    live.register("espace", authorise)                      # a stream, at /live/espace/

Server-sent events go down; what people do goes up by ordinary requests.
"""

from fabriques.kit.live.hub import cut, publish
from fabriques.kit.live.streams import Grant, register

__all__ = ["Grant", "cut", "publish", "register"]
