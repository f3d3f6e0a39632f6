"""How much one client may ask: a token bucket for each (the algorithm is that of RFC 2697's committed bucket).

Takes the name of a client, gives the seconds until its next request is welcome. Holds the clients of the last minute.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

_CLIENTS: Final = 10_000  # remembered; the one that has been silent longest is forgotten first


class Buckets:
    """Lets each client make so many requests a minute, all of them at once if it likes; then a moment each.

    Args:
        per_minute: how many; 0 is no limit.
        clock: gives seconds; tests have one of their own.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client: tokens left, and when
        self._lock = Lock()

    def take(self, client: str) -> float:
        """Count a request of `client`; return 0.0 when it is welcome, else in how many seconds one will be."""
        if not self._capacity:
            return 0.0
        with self._lock:
            now = self._clock()
            left, then = self._left.get(client, (float(self._capacity), now))
            left = min(self._capacity, left + (now - then) * self._capacity / 60)
            welcome = left >= 1
            self._left[client] = (left - welcome, now)
            self._left.move_to_end(client)
            if len(self._left) > _CLIENTS:
                self._left.popitem(last=False)
        return 0.0 if welcome else (1 - left) * 60 / self._capacity
