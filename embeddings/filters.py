"""Days as filters write them: "2019-04-05", "2019-04" or "2019", in digits of any script.

Takes the two ends of a range of days, gives integers that compare as days do.
"""

import datetime

from embeddings.arabic import fold
from embeddings.errors import FilterError


def days(first: str | datetime.date | None, last: str | datetime.date | None) -> tuple[int | None, int | None]:
    """Return the first and the last day of a range, both included, as yyyymmdd; None stays None.

    A month or year as `first` begins on its first day, as `last` ends on its last one.

    Raises:
        FilterError: one of them is no date, or the first is after the last.
    """
    begin, end = _day("date_from", first, "00"), _day("date_to", last, "99")
    if begin is not None and end is not None and begin > end:
        raise FilterError(f"date_from {first} is after date_to {last}. Exchange them or leave one out.")
    return begin, end


def _day(name: str, given: str | datetime.date | None, fill: str) -> int | None:
    """Return a day as yyyymmdd; where month or day are not given, `fill` stands for them.

    Raises:
        FilterError: it is no date.
    """
    if given is None:
        return None
    text = given.isoformat()[:10] if isinstance(given, datetime.date) else fold(given).strip()
    parts = text.split("-")
    try:
        datetime.date.fromisoformat("-".join([*parts, "01", "01"][:3]))
    except ValueError:
        raise FilterError(
            f"{name}: expected a day such as 2019-04-05, a month (2019-04) or a year (2019), got {given!r}."
        ) from None
    return int("".join([*parts, fill, fill][:3]))
