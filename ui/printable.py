"""Text of any origin for a terminal: names of files, titles and quotations must not steer it.

Characters that move the cursor, change colours, set the window's title or turn the line round are shown as a
replacement mark, and in JSON as escapes, so that a program still gets them.
"""

import json
import re
from typing import Any, Final

# C0 and C1 controls but tab and newline; embeddings, overrides and isolates of the bidirectional algorithm.
_STEERING: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return `text` as one line that is safe to print."""
    return _STEERING.sub("\ufffd", text).replace("\n", " ")


def printable_json(values: dict[str, Any]) -> str:
    """Return `values` as one line of JSON, Arabic readable, that is safe to print."""
    written = json.dumps(values, ensure_ascii=False)
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", written)
