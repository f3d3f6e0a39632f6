"""The JSON of the HTTP endpoints, as the OpenAPI page documents it.

What is sent is checked against these models; what is answered is made by the packages below (`Answer.to_dict()` and
its like), and tests hold both to the same fields.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa.answers import Reason
from qa.assistant import LISTED, READ
from qa.verify import State

Offset = Annotated[int, Field(ge=0, description="In code points of the document's text; ranges are half-open.")]
Sha256 = Annotated[str, Field(description="Of the document's text in UTF-8.", pattern="^[0-9a-f]{64}$")]
Day = Annotated[str | None, Field(description="2019-04-05, 2019-04 or 2019; both ends are included.")]
TopK = Annotated[int, Field(ge=1, le=100, description="How many passages.")]

MinConfidence = Annotated[
    float | None, Field(ge=0, le=1, description="Decline under this probability; by default the reader's own.")
]
Previous = Annotated[
    dict[str, Any] | None, Field(description="The answer before it, as `ask` gave it («ومتى كان ذلك؟»).")
]


class _Sent(BaseModel):
    """What a program sends: a name that is not known is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class _Limits(_Sent):
    date_from: Day = None
    date_to: Day = None
    source: Annotated[str | None, Field(description="Only documents whose publisher holds these words.")] = None


class _Asked(_Sent):
    question: Annotated[str, Field(description="Up to 1,000 characters.", examples=["متى وقع أردوغان مذكرتي التفاهم؟"])]


class _Wanted(_Sent):
    query: Annotated[str, Field(description="Up to 1,000 characters.", examples=["مذكرتي التفاهم"])]


class Question(_Limits, _Asked):
    """A question and what its search is narrowed to."""

    top_k: TopK = READ
    min_confidence: MinConfidence = None


class FollowUp(Question):
    """A question that may lean on the answer before it."""

    previous: Previous = None


class Query(_Limits, _Wanted):
    """What to look for, and what the search is narrowed to."""

    top_k: TopK = LISTED


class Listing(_Sent):
    """Which documents to list."""

    query: Annotated[str, Field(description="Only those whose title, source or path holds these words.")] = ""
    offset: Annotated[int, Field(ge=0, description="How many to pass over.")] = 0
    limit: Annotated[int, Field(ge=1, le=200, description="How many to list.")] = 50


class _Answered(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Citation(_Answered):
    """A quotation and its place: `text[start_char_index:end_char_index]` of the document is `cited_text`."""

    n: int
    type: Literal["char_location"]
    cited_text: str
    document_id: str
    document_title: str
    path: Annotated[str, Field(description="Relative to the folder that was indexed.")]
    start_char_index: Offset
    end_char_index: Offset
    document_sha256: Sha256
    context: str
    context_start_char_index: Offset
    context_end_char_index: Offset
    page: Annotated[int | None, Field(description="From 1, for documents that have pages.")]
    date: Annotated[str | None, Field(description="ISO 8601 day.")]
    source: Annotated[str | None, Field(description="Who published it.")]
    score: Annotated[float, Field(description="Probability for a citation, retrieval score for a passage.")]


class Answer(_Answered):
    """An answer, which is the quotation of its first citation, or an honest "no answer" with what was read."""

    question: str
    understood: Annotated[str | None, Field(description="The question with what it leans on; null as it was typed.")]
    answered: bool
    answer: str | None
    confidence: Annotated[float, Field(ge=0, le=1, description="Probability that the answer is right.")]
    reason: Annotated[Reason | None, Field(description="Why there is no answer.")]
    citations: Annotated[list[Citation], Field(description="The answer's own, then others that say the same.")]
    differing: Annotated[list[Citation], Field(description="Quotations that give another value, numbered on.")]
    evidence: Annotated[list[Citation], Field(description="The passages that were read, best first.")]
    index: dict[str, Any]
    models: dict[str, str]
    timing_ms: dict[str, float]


class Passage(Citation):
    """A ranked passage, and the parts of its score."""

    explain: dict[str, Any]


class Passages(_Answered):
    """The passages nearest to a query, best first."""

    query: str
    passages: list[Passage]


class Verdict(_Answered):
    """What became of one quotation."""

    n: int
    state: State
    path: Annotated[str, Field(description="Where the document is now, else where it was.")]
    quoted: str
    found: Annotated[str | None, Field(description="What stands at its place now.")]


class Verdicts(_Answered):
    """What became of the quotations of an answer."""

    holds: Annotated[bool, Field(description="Whether every quotation still stands at its place.")]
    verdicts: list[Verdict]


class Described(_Answered):
    """What is known of a document."""

    id: str
    title: str
    date: str | None
    source: str | None
    path: str
    sha256: Sha256
    yours: Annotated[bool, Field(description="Whether you sent it, and may remove it.")]


class Unreadable(_Answered):
    """What could not be read, and why."""

    path: str
    reason: str


class Indexing(_Answered):
    """How far the indexing of the operator's files has come."""

    files: int
    read: int
    documents: int
    passages: int
    unreadable: list[Unreadable]
    seconds_left: float | None
    finished: bool


class Documents(_Answered):
    """Some of the documents that you see, your own first, in the order they came in."""

    total: Annotated[int, Field(description="How many there are in all.")]
    offset: int
    limit: int
    more: Annotated[bool, Field(description="Whether there are others after these.")]
    documents: list[Described]
    indexing: Annotated[Indexing | None, Field(description="None where the operator indexes nothing now.")]


class Fate(_Answered):
    """What became of a file that was sent."""

    file: str
    state: Literal["added", "updated", "unchanged", "failed"]
    documents: Annotated[int, Field(description="How many documents it gave.")]
    problem: Literal["kind", "size", "count", "space", "unreadable"] | None
    message: Annotated[str | None, Field(description="The problem, for a person, in the language of the request.")]
    unreadable: list[Unreadable]


class Sent(_Answered):
    """What became of the files that were sent, and how many documents you see now."""

    files: list[Fate]
    total: int


class NotSent(Sent):
    """What became of the files when none of them could be taken, and what to do."""

    error: str
    next: str


class Removed(_Answered):
    """How many documents were removed, and how many you see now."""

    removed: int
    total: int


class Document(Described):
    """A document with its text."""

    text: str
    pages: Annotated[list[int], Field(description="Where in the text each page begins; empty without pages.")]


class Health(_Answered):
    """Whether questions are answered, and over what.

    Two servers that hold the same documents, indexed with the same model and settings, have the same fingerprint.
    """

    status: Literal["ok"]
    documents: int
    passages: int
    fingerprint: str


class Problem(_Answered):
    """Why a request was not carried out, and what to do about it."""

    error: str
    next: str
