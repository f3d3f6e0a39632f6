"""A few documents that answer known questions at once: an assistant for tests of the page, where no model is wanted.

`Shelf(documents, quotations)` has the methods of `Assistant` that the chat calls and gives real `Answer` values, whose
citations stand in the documents. The seeds with their questions are `seed_shelf()`.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from embeddings.documents import Document, read_documents
from embeddings.errors import FilterError, QuestionError
from embeddings.index import Counts, DocumentInfo
from qa.answers import Answer, Citation, Reason
from qa.followups import understood
from qa.retriever import Hit

SEEDS = Path(__file__).parent.parent / "seeds"

# Question → file, quotation, and how sure the answer is.
QUOTATIONS = {
    "كم عدد قوات حفتر الذين وقعوا في الأسر؟": ("001", "30 من قواته وقعوا في أسر القوات الحكومية", 0.87),
    "كم عسكريا ليبيا أعلنوا انضمامهم للثوار في مصراتة؟": ("002", "32 عسكريا ليبيا", 0.91),
    "متى وقع أردوغان مذكرتي التفاهم مع السراج؟": ("003", "27 نوفمبر/تشرين الثاني الماضي", 0.78),
    "أين سلّم جنود القذافي أنفسهم للجيش التونسي؟": ("000", "بمنطقة اللملس القريبة من قرية أم الفأر الليبية", 0.55),
    "لماذا رفض عدد من الضباط الليبيين تولي حفتر قيادة الجيش؟": (
        "004",
        "بسبب جرائمه السابقة في حروب القذافي، ولكونه مخترقاً من قبل مؤسسات مخابراتية غربية",
        0.64,
    ),
    "من هو الناطق الرسمي باسم الجيش الليبي؟": ("003", "اللواء احمد المسماري", 0.83),
    "How many of Haftar's men were captured?": ("001", "30 من قواته وقعوا في أسر القوات الحكومية", 0.71),
}


class Shelf:
    """Answers the questions it has quotations for, and declines all others."""

    generation = 1

    def __init__(
        self,
        documents: Iterable[Document],
        quotations: dict[str, tuple[str, str, float]],
        differing: dict[str, tuple[str, str]] | None = None,
    ) -> None:
        self._documents = {document.id: document for document in documents}
        self.quotations = quotations
        self._differing = differing or {}  # question → file, quotation of another value
        self.asked: list[tuple[str, int, str | None, str | None, str | None]] = []

    def documents(self) -> list[Document]:
        return list(self._documents.values())

    def document(self, document_id: str) -> Document:
        return self._documents[document_id]

    @property
    def counts(self) -> Counts:
        return Counts(documents=len(self._documents), passages=len(self._documents))

    @property
    def fingerprint(self) -> str:
        return "0" * 64

    def listed(self, words: str = "", *, offset: int = 0, limit: int | None = None) -> list[DocumentInfo]:
        found = [DocumentInfo.of(document) for document in self.documents() if words in document.title]
        return found[offset : None if limit is None else offset + limit]

    def placed(self, prefix: str) -> list[str]:
        return [document.id for document in self.documents() if document.location.startswith(prefix)]

    def sources(self) -> list[str]:
        return sorted({document.source for document in self.documents() if document.source})

    def path_of(self, sha256: str) -> str | None:
        return next((d.path for d in self.documents() if d.sha256.startswith(sha256)), None)

    def ask(
        self,
        question: str,
        *,
        top_k: int = 8,
        date_from: str | None = None,
        date_to: str | None = None,
        source: str | None = None,
        min_confidence: float | None = None,
        previous: Answer | None = None,
    ) -> Answer:
        meant = understood(question, previous) if previous else None
        answer = self._ask(meant or question, top_k, date_from, date_to, source, min_confidence)
        return replace(answer, question=question, understood=meant)

    def _ask(
        self,
        question: str,
        top_k: int,
        date_from: str | None,
        date_to: str | None,
        source: str | None,
        min_confidence: float | None,
    ) -> Answer:
        self.asked.append((question, top_k, date_from, date_to, source))
        if not question.strip() or len(question) > 1_000:
            raise QuestionError(f"a question of 1 to 1,000 characters was expected, got {len(question)}")
        if date_from == "not a day":
            raise FilterError("cannot read the date 'not a day'")
        evidence = tuple(_opening(document) for document in self._documents.values())[:top_k]
        if question not in self.quotations or self.quotations[question][2] < (min_confidence or 0):
            models = {"encoder": "none", "reader": "shelf"}
            return Answer(question, 0.13, (), evidence, self._index(), models, reason=Reason.TOO_UNCERTAIN)
        name, quotation, confidence = self.quotations[question]
        citations, differing = (
            tuple(self._cite(document, said) for name, said in places for document in self._named(name))
            for places in ([(name, quotation)], [self._differing[question]] if question in self._differing else [])
        )
        made = self._index(), {"encoder": "none"}, {"total": 1.0}
        return Answer(question, confidence, citations, evidence, *made, differing=differing)

    def search(self, question: str) -> list[Hit]:
        if not question.strip():
            raise QuestionError("a question was expected")
        return []

    def _named(self, name: str) -> list[Document]:
        return [document for document in self._documents.values() if name in document.path]

    def _cite(self, document: Document, quotation: str) -> Citation:
        start = document.text.index(quotation)
        end = start + len(quotation)
        first = max(document.text.rfind(stop, 0, start) + 1 for stop in ".\n،؟")
        last = min((at + 1 for stop in ".\n،" if (at := document.text.find(stop, end)) >= 0), default=end)
        while document.text[first].isspace():
            first += 1
        return Citation(document, start, end, first, last, 0.9)

    def _index(self) -> dict[str, int]:
        return {"generation": 1, "documents": len(self._documents)}


def _opening(document: Document) -> Citation:
    """The first words of a document, as a passage that was read."""
    text = document.text
    start = len(text) - len(text.lstrip())
    end = min(len(text.rstrip()), start + 420)
    while end < len(text) and not text[end].isspace():
        end += 1
    return Citation(document, start, end, start, end, 0.4)


def seed_shelf() -> Shelf:
    """The five articles that ship with the project, and questions they answer."""
    return Shelf((d for d in read_documents([SEEDS]) if isinstance(d, Document)), QUOTATIONS)
