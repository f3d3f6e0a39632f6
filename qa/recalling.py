"""An answer in JSON → the `Answer` it was, every quotation read again from its document.

Takes what `Answer.to_dict()` gave, from a file or from strangers, and a library of documents. Nothing is quoted from
the JSON: a citation whose document is gone, or changed since, or whose place is not in it, is left out.
"""

import operator
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from qa.answers import Answer, Citation
from qa.verify import AnswerFileError, Library

_PLACES: Final = ("start", "end", "context_start", "context_end")
_MOST: Final = 100  # citations of a kind: as many as an answer has at the most; each costs reading its document


def recalled(values: Mapping[str, Any], library: Library) -> Answer:
    """Return the answer that `values` tells of, as far as its sources still stand.

    Raises:
        AnswerFileError: when `values` has not the fields of `Answer.to_dict()`.
    """
    question, meant = values.get("question"), values.get("understood")
    if not isinstance(question, str) or not isinstance(meant, str | None):
        raise AnswerFileError('expected an answer with its "question", as `dalil ask --json` prints it')
    citations, differing, evidence = (
        tuple(_standing(values.get(name), name, library)) for name in ("citations", "differing", "evidence")
    )
    confidence = values.get("confidence")
    sure = float(min(1, max(0, confidence))) if isinstance(confidence, int | float) else 0.0
    return Answer(question, sure, citations, evidence, differing=differing, understood=meant)


def _standing(values: object, name: str, library: Library) -> Iterator[Citation]:
    """Yield those of a list of citations whose document is as it was."""
    if values is not None and not isinstance(values, list):
        raise AnswerFileError(f'expected "{name}" to be a list of citations, got {type(values).__name__}')
    for value in islice(values or (), _MOST):
        try:
            document = library.document(str(value["document_id"]))
            start, end, first, last = (operator.index(value[f"{place}_char_index"]) for place in _PLACES)
            if document.sha256 == value["document_sha256"]:
                yield Citation(document, start, end, first, last, float(value["score"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
