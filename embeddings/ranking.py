"""The best k of a search that ranks equal scores in no certain order.

Takes a function that fetches the best n candidates, gives k of them ordered by score, equal scores by id. Scores are
rounded first, so that last-bit differences between two builds of an index cannot change the order.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SPARE = 16
_GROWTH = 4


class Candidates(NamedTuple):
    """Candidates in any order, and the score that everything not among them is at or below (-inf: there is no more)."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    rest: float


def best(fetch: Callable[[int], Candidates], k: int, *, decimals: int) -> list[tuple[int, float]]:
    """Return the `k` best (id, score), scores rounded to `decimals`, highest first, equal ones by ascending id.

    `fetch(n)` searches for n candidates; it is asked for more while a candidate it left out might belong to the k.
    """
    if k < 1:
        return []
    size = k + _SPARE
    while True:
        ids, scores, rest = fetch(size)
        rounded = np.round(scores.astype(np.float64), decimals)
        order = np.lexsort((ids, -rounded))[:k]
        if rest == -np.inf or (len(order) == k and rounded[order[-1]] > rest + 10.0**-decimals):
            return [(int(ids[i]), float(rounded[i])) for i in order]
        size *= _GROWTH
