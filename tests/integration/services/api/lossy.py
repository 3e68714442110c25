"""A way to a service on which some answers get lost: the request arrives and is worked on, the caller hears nothing, or
not even that nothing will come.
"""

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit


class Way:
    """Made by `lossy_way`. `losing` is what the next requests must match for their answers to be lost."""

    def __init__(self, port: int, target: tuple[str, int]) -> None:
        self.url, self._target = f"http://127.0.0.1:{port}", target
        self.losing: re.Pattern[bytes] | None = None
        self.times = 10**9
        self.lost = 0
        self.silent = False

    def lose(self, request: bytes, times: int = 10**9, *, silent: bool = False) -> None:
        """From now on lose the answers to requests whose beginning matches, so many times. The caller's connection ends
        then, or stays open if `silent`.
        """
        self.losing, self.times, self.lost, self.silent = re.compile(request), times, 0, silent

    def carry(self, caller: socket.socket) -> None:
        """One connection, until either side ends it."""
        doomed = threading.Event()
        with contextlib.suppress(OSError), caller, socket.create_connection(self._target) as service:
            back = threading.Thread(target=self._back, args=(service, caller, doomed), daemon=True)
            back.start()
            while chunk := caller.recv(65536):
                if self.losing is not None and self.lost < self.times and self.losing.match(chunk):
                    self.lost += 1
                    doomed.set()
                service.sendall(chunk)

    def _back(self, service: socket.socket, caller: socket.socket, doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := service.recv(65536):
                if doomed.is_set():
                    if self.silent:
                        continue
                    break
                caller.sendall(chunk)
        with contextlib.suppress(OSError):
            caller.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def lossy_way(target: str) -> Iterator[Way]:
    """A way to the service at this address."""
    parts = urlsplit(target)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        way = Way(listener.getsockname()[1], (str(parts.hostname), int(parts.port or 0)))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=way.carry, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield way
        # Wakes `accept`, which a close alone would not.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
