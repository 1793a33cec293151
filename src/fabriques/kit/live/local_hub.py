"""The hub of one machine: datagram sockets between its processes."""

import asyncio
import hashlib
import logging
import os
import secrets
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fabriques.kit.live.hub import LARGEST, Listener, receive

logger = logging.getLogger(__name__)

# How long a publisher waits for a process whose queue is full, in seconds.
PATIENCE = 0.2


def folder(var: Path) -> Path:
    """Where the sockets of this installation are: their addresses hold a hundred bytes at most."""
    near = var.resolve() / "live"
    if len(os.fsencode(near)) <= 75:
        return near
    digest = hashlib.sha256(os.fsencode(near)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"fabriques-{os.getuid()}-{digest}"


class LocalHub:
    """Datagram sockets in a folder that only this user may enter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * LARGEST)
            sender.settimeout(PATIENCE)
            for path in sorted(self.folder.glob("*.sock")):
                try:
                    sender.sendto(message, str(path))
                except (ConnectionRefusedError, FileNotFoundError):
                    path.unlink(missing_ok=True)  # its process died without a word
                except OSError as error:
                    logger.warning("An event did not reach the process %s: %s", path.stem, error)

    async def listen(self, listener: Listener, ready: Callable[[], None]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.folder.stat().st_uid != os.getuid():
            raise PermissionError(f"{self.folder} belongs to somebody else.")
        path = self.folder / f"{os.getpid()}-{secrets.token_hex(4)}.sock"
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(listener), family=socket.AF_UNIX, local_addr=str(path)
        )
        try:
            ready()
            await asyncio.Event().wait()
        finally:
            transport.close()
            path.unlink(missing_ok=True)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, listener: Listener) -> None:
        self.listener = listener

    def datagram_received(self, data: bytes, addr: Any) -> None:
        receive(data, self.listener)
