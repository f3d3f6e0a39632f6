"""Questions that a document answers, made from its own sentences: what to ask first of documents one does not know.

`drafted(document)` gives `Draft`s: a sentence that begins with its verb becomes a question when «متى» or «أين» takes
the place of its date or place; «الناطق باسم الجيش اللواء أحمد» becomes «من هو الناطق باسم الجيش؟». Only Arabic is made
so, and only what stays Arabic by it. `answerable(drafts, assistant)` keeps those that the assistant really answers,
from the very words that the question was made of.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import regex

from embeddings.arabic import fold, words
from embeddings.documents import Document
from embeddings.errors import QuestionError
from embeddings.passages import sentences
from qa.leaning import Asked
from qa.pronouns import attached
from qa.quantities import dates

if TYPE_CHECKING:
    from qa.asking import Answering

_READ: Final = 6_000  # Characters from the beginning of a document.
_WORDS: Final = range(4, 13)  # Of a question, without its question word.
_NAME: Final = 40  # Characters behind a role in which its holder is looked for.

# Verbs that news and histories begin a sentence with, and after which their subject is named. Folded.
_VERBS: Final = frozenset(
    f"{verb}{end}"
    for verb in (
        "وقع اعلن وصل قتل اصيب افتتح بدا انطلق عقد زار اسس تاسس انشا توفي ولد فاز غادر استقبل التقي اطلق شهد صدر اندلع "
        "سقط انتخب اغتيل بني سيطر سلم تسلم نشر نظم اجري اصدر قرر اعتقل اختتم احتل حرر هزم انسحب استعاد دشن احتضن كرم"
    ).split()
    for end in ("", "ت")
)
_PLACE: Final = regex.compile(
    r"\s(?P<place>(?:في|ب)\s?(?:مدينة|منطقة|بلدة|قرية|محافظة|ولاية|جزيرة|العاصمة|حي|ميناء|مطار)\s+\S+(?:\s+ال\S+)*)\s*$"
)
_ROLE: Final = regex.compile(
    r"(?<!\S)[وفب]?(?P<role>(?:الناطق(?:ة)?|المتحدث(?:ة)?|رئيس(?:ة)?|وزير(?:ة)?|مدير(?:ة)?|قائد(?:ة)?|محافظ|أمين|سفير(?:ة)?)"
    r"(?:\s+(?:الرسمي(?:ة)?|عام))?(?:\s+باسم)?(?:\s+(?!(?:اللواء|العميد|العقيد|الفريق|المشير|الجنرال|الدكتور|الشيخ|السيد)\b)"
    r"ال\p{L}+){1,3})\s+(?=\p{L})"
)
_FEMININE: Final = ("الناطقة", "المتحدثة", "رئيسة", "وزيرة", "مديرة", "قائدة", "سفيرة")
_NO_NAMES: Final = frozenset("في علي عن من الي ان قال اكد اعلن قد الذي التي و خلال بعد قبل مع كما ب ل انه".split())
_CLAUSE: Final = regex.compile(r"[^،؛,;:\n()\"«»“”.؟!]+")
_HANGING: Final = regex.compile(
    r"(?:\s+(?:في|منذ|خلال|يوم|مساء|صباح|فجر|من|قبل|بعد|عام|سنة|حتى|و|أواخر|أوائل|مطلع|منتصف|"
    r"نهاية|بداية|تسعينيات|ثمانينيات|سبعينيات|ستينيات|عنوان|عنوانها|عنوانه))+\s*$"
)


class Draft(NamedTuple):
    """A question, and where in its document the answer stands: a half-open range of code points."""

    question: str
    document: Document
    start: int
    end: int


def drafted(document: Document) -> Iterator[Draft]:
    """Yield questions that the beginning of `document` seems to answer, in the order of its sentences."""
    text = document.text[:_READ]
    for start, end in sentences(text):
        yield from _roles(document, start, end)
        for clause in _CLAUSE.finditer(text, start, end):
            yield from _clause(document, clause.start(), clause.end())


def answerable(drafts: Iterable[Draft], assistant: "Answering") -> Iterator[str]:
    """Yield the questions that are answered with the words they were made from, each once; asks as it is read."""
    known: set[str] = set()
    for draft in drafts:
        if draft.question in known:
            continue
        known.add(draft.question)
        try:
            answer = assistant.ask(draft.question)
        except QuestionError:
            continue
        first = answer.citations[0] if answer.citations else None
        same = first is not None and first.document.id == draft.document.id
        if same and first is not None and first.start < draft.end and draft.start < first.end:
            yield draft.question


def _clause(document: Document, start: int, end: int) -> Iterator[Draft]:
    """Yield «متى …» and «أين …» of a clause that begins with its verb."""
    text = document.text[start:end]
    found = list(words(text))
    verb = next(iter(found), None)
    if verb is None:
        return
    tied = verb.text[0] == "و" and verb.text[1:] in _VERBS and verb.text not in _VERBS
    if not tied and verb.text not in _VERBS:
        return
    if found[1:] and (found[1].text in _NO_NAMES or found[1].text.startswith(("بال", "لل"))):
        return  # it does not name who did it
    first = verb.start + tied
    times = [(a, b) for a, b in dates(text) if a > verb.end]
    if len(times) == 1:
        a, b = times[0]
        yield from _asked(
            "متى", f"{_HANGING.sub('', text[first:a])} {text[b:]}", Draft("", document, start + a, start + b)
        )
    place = _PLACE.search(text, verb.end)
    if place is not None and not times:
        spot = Draft("", document, start + place.start("place"), start + place.end("place"))
        yield from _asked("أين", text[first : place.start()], spot)


def _roles(document: Document, start: int, end: int) -> Iterator[Draft]:
    for match in _ROLE.finditer(document.text, start, end):
        role = match["role"]
        name = document.text[match.end() : end].split(maxsplit=1)[:1]
        if name and not name[0].startswith("ال") and fold(name[0]) in _NO_NAMES:
            continue
        who = "من هي" if role.startswith(_FEMININE) else "من هو"
        yield from _asked(who, role, Draft("", document, match.end(), min(end, match.end() + _NAME)), least=2)


def _asked(asking: str, rest: str, draft: Draft, least: int = _WORDS.start) -> Iterator[Draft]:
    """Yield a question, where it has as many words as people use and names everything it speaks of."""
    rest = " ".join(rest.split()).strip(" -–")
    found = list(words(rest))
    question = f"{asking} {rest}؟"
    asked = Asked(question)
    leans = asked.pronoun or asked.points or asked.subjectless or any(attached(rest[w.start : w.end]) for w in found)
    if least <= len(found) < _WORDS.stop and not leans and not _HANGING.search(rest):
        yield draft._replace(question=question)
