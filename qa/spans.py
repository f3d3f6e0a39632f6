"""The span reader: question + passages → the shortest spans that answer, with calibrated confidence, or none.

`SpanReader()` is the bundled Arabic model, offline; `SpanReader("name or path")` any extractive model that
`AutoModelForQuestionAnswering` loads. Both score words of a passage as start and end against the model's own
no-answer score; this module turns scores into spans on whole words and into probabilities.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import words
from embeddings.errors import ModelError
from qa.endings import whole
from qa.features import Encoded, Evidence, Matcher, PassageFeatures
from qa.network import Network
from qa.questions import analyse
from qa.reader import ReadingPassage, Span
from qa.units import Vocabulary

BUNDLED: Final = Path(__file__).parent / "models" / "reader"
_BATCH: Final = 7  # Passages read before asking whether the others can still win.
_CROSSING: Final = 3.0  # Logits: an answer seldom runs over the end of a sentence.
_GIVEN: Final = 10  # Spans that are given back at most.
_NOTHING_AGAINST: Final = Evidence()


@dataclass(frozen=True, slots=True)
class Scored:
    """A span of a passage as the model sees it.

    Attributes:
        start, end: half-open range of code points.
        gap: the span's score over the model's score of "no answer", in logits.
        evidence: what else speaks for it.
    """

    start: int
    end: int
    gap: float
    evidence: Evidence = _NOTHING_AGAINST


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns what is known of a span into the probability that it is right: a logistic regression.

    Attributes:
        gap, retrieval, coverage, bias, and those of `Evidence`: its weights; all but the bias are at least 0.
        low, high: gaps are cut to this range: beyond it they tell nothing more.
        min_confidence: below it declining is better than answering.
        exact_confidence: from it a span is quoted alone, below it with its sentence.
    """

    gap: float = 1.0
    retrieval: float = 0.0
    coverage: float = 0.0
    sentence: float = 0.0
    kind: float = 0.0
    new: float = 0.0
    bias: float = 0.0
    low: float = -30.0
    high: float = 30.0
    min_confidence: float = 0.5
    exact_confidence: float = 0.0

    def probability(self, span: Scored, retrieval: float, coverage: float) -> float:
        """Return the probability that a span is right."""
        known = min(max(span.gap, self.low), self.high), retrieval, coverage, *span.evidence
        weights = self.gap, self.retrieval, self.coverage, *(getattr(self, name) for name in Evidence._fields)
        return 1 / (1 + math.exp(-self.bias - sum(w * x for w, x in zip(weights, known, strict=True))))

    def limit(self, retrieval: float, coverage: float) -> float:
        """Return the highest probability that any span of a passage can have."""
        return self.probability(Scored(0, 1, self.high), retrieval, coverage)

    @classmethod
    def load(cls, path: Path) -> "Calibration":
        """Read a calibration from JSON; fields that are not there keep their defaults."""
        stored = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{name: float(stored[name]) for name in cls.__slots__ if name in stored})


class Reading(Protocol):
    """One question on some texts, ready to be read."""

    @property
    def coverage(self) -> Sequence[float]:
        """For each text, how much of the question's words it holds, 0 to 1."""

    def score(self, positions: Sequence[int]) -> list[list[Scored]]:
        """Return for each of the texts at `positions` its best spans, best first, none overlapping another."""


class Model(Protocol):
    """Scores spans of texts for one question."""

    @property
    def name(self) -> str:
        """The model's name, and the first digits of its weights' hash where it is known."""

    @property
    def calibration(self) -> Calibration:
        """How its scores become probabilities."""

    def prepare(self, question: str, texts: Sequence[str]) -> Reading:
        """Return the texts ready to be read for `question`."""


class SpanReader:
    """Finds answers with a trained model. Implements `qa.reader.Reader`.

    Args:
        name_or_path: None for the bundled model; else what `AutoModelForQuestionAnswering.from_pretrained` takes.

    Raises:
        ModelError: when the model cannot be loaded, or the bundled files are not the ones that were shipped.
    """

    def __init__(self, name_or_path: str | None = None) -> None:
        if name_or_path is None:
            self._model: Model = BundledModel()
        else:
            from qa.extractive import ExtractiveModel

            self._model = ExtractiveModel(name_or_path)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def min_confidence(self) -> float:
        """The confidence under which declining is better, as chosen on development questions."""
        return self._model.calibration.min_confidence

    @property
    def exact_confidence(self) -> float:
        """The confidence from which a span is quoted alone; below it the sentence around it is."""
        return self._model.calibration.exact_confidence

    def read(self, question: str, passages: Sequence[ReadingPassage]) -> list[Span]:
        """Return the spans that answer `question`, best first, none overlapping another in its passage.

        Passages are read most promising first. The rest stays unread when even the highest score of the model could
        not lift a span of theirs above what is found: the first span is then the one that reading all would give.
        """
        reading = self._model.prepare(question, [p.text for p in passages])
        covered = reading.coverage
        rule = self._model.calibration
        limits = [rule.limit(p.score, c) for p, c in zip(passages, covered, strict=True)]
        order = sorted(range(len(passages)), key=lambda i: -limits[i])
        spans: list[Span] = []
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            if spans and max(s.confidence for s in spans) > limits[batch[0]]:
                break
            for i, found in zip(batch, reading.score(batch), strict=True):
                spans += self._spans(question, i, passages[i], covered[i], found)
        return sorted(spans, key=lambda s: (-s.confidence, s.passage, s.start))[:_GIVEN]

    def _spans(
        self, question: str, position: int, passage: ReadingPassage, covered: float, found: Iterable[Scored]
    ) -> list[Span]:
        """Return the spans of one passage, widened to what must not be cut, merged where they then overlap."""
        rule = self._model.calibration
        kind = analyse(question).kind
        spans: list[Span] = []
        for one in found:
            start, end = whole(passage.text, one.start, one.end, kind)
            confidence = rule.probability(one, passage.score, covered)
            for other in [s for s in spans if s.start < end and start < s.end]:
                spans.remove(other)
                start, end = min(start, other.start), max(end, other.end)
                confidence = max(confidence, other.confidence)
            spans.append(Span(position, start, end, confidence))
        return spans


class BundledModel:
    """The Arabic reader that comes with Dalil: words, features and a small network."""

    def __init__(self, folder: Path = BUNDLED) -> None:
        digest = _checked(folder)
        self.name = f"dalil-reader-{digest[:8]}"
        self.calibration = Calibration.load(folder / "calibration.json")
        self._vocabulary = Vocabulary.load(folder / "vocabulary.json")
        self._network = Network(folder)

    def prepare(self, question: str, texts: Sequence[str]) -> "BundledReading":
        """Return the texts with their features for `question`."""
        return BundledReading(Matcher(question, self._vocabulary), texts, self._network)


class BundledReading:
    """One question on some texts, with the features of every word."""

    _WINDOW: Final = 128  # Words of a passage that the network sees at once, …
    _STRIDE: Final = 64  # … and how far the next window starts behind.
    _WHOLE: Final = 160  # A passage up to this long is one window.

    def __init__(self, matcher: Matcher, texts: Sequence[str], network: Network) -> None:
        self._passages = [PassageFeatures(matcher, text, list(words(text))) for text in texts]
        self._network = network
        self.coverage = [passage.coverage for passage in self._passages]

    def score(self, positions: Sequence[int]) -> list[list[Scored]]:
        """Return for each of the texts at `positions` its best spans."""
        windows: list[tuple[int, int, Encoded]] = []  # position in `positions`, first word, window
        for n, position in enumerate(positions):
            passage = self._passages[position]
            windows += [(n, place[0], passage.window(*place)) for place in self._places(len(passage.words))]
        logits = self._network.logits([window for *_, window in windows])
        found: list[list[Scored]] = [[] for _ in positions]
        for (n, first, window), scores in zip(windows, logits, strict=True):
            found[n] += self._spans(self._passages[positions[n]], first, window, scores)
        return [distinct(spans) for spans in found]

    def _spans(
        self, passage: PassageFeatures, first: int, window: Encoded, scores: NDArray[np.float32]
    ) -> list[Scored]:
        inside = scores[window.first : window.first + len(window.words)]  # (passage words, 2)
        null = float(scores[0].sum())
        sentence = passage.sentence[first : first + len(window.words)]
        return [
            Scored(
                window.words[start].start,
                window.words[end].end,
                score - null,
                passage.evidence(first + start, first + end),
            )
            for start, end, score in best_spans(inside[:, 0], inside[:, 1], sentence)
        ]

    def _places(self, count: int) -> list[tuple[int, int]]:
        """Return the windows over a passage of `count` words."""
        if count <= self._WHOLE:
            return [(0, count)] if count else []
        starts = range(0, count - self._WINDOW + self._STRIDE, self._STRIDE)
        return [(start, min(start + self._WINDOW, count)) for start in starts]


def best_spans(
    start: NDArray[np.float32],
    end: NDArray[np.float32],
    sentence: Sequence[int] | None = None,
    *,
    longest: int = 30,
    count: int = 3,
) -> list[tuple[int, int, float]]:
    """Return up to `count` spans that do not overlap, best first: (first word, last word, score).

    The score is the start's logit and the end's, less _CROSSING for every end of a sentence between them: `sentence`
    numbers the sentence of each word.
    """
    words_ = len(start)
    places = np.arange(words_)
    length = places[None, :] - places[:, None]  # (start, end)
    scores = np.where((length >= 0) & (length < longest), start[:, None] + end[None, :], -np.inf)
    if sentence is not None:
        number = np.asarray(sentence)
        scores -= _CROSSING * np.maximum(number[None, :] - number[:, None], 0)
    found: list[tuple[int, int, float]] = []
    while len(found) < count and scores.size and np.isfinite(best := scores.max()):
        first, last = divmod(int(scores.argmax()), words_)
        found.append((first, last, float(best)))
        scores[: last + 1, first:] = -np.inf  # every span that starts before its end and ends after its start
    return found


def distinct(spans: Iterable[Scored]) -> list[Scored]:
    """Return the spans best first, without those that overlap a better one."""
    kept: list[Scored] = []
    for span in sorted(spans, key=lambda s: (-s.gap, s.start, s.end)):
        if not any(span.start < other.end and other.start < span.end for other in kept):
            kept.append(span)
    return kept


def _checked(folder: Path) -> str:
    """Return the hash of the weights after comparing every file with the list of hashes."""
    try:
        hashes: dict[str, str] = json.loads((folder / "sha256.json").read_text(encoding="utf-8"))
        for name, expected in hashes.items():
            found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            if found != expected:
                raise ModelError(
                    f"{name} of the bundled reader is not the file that was shipped: expected sha256 {expected[:16]}…, "
                    f"got {found[:16]}…. Reinstall Dalil, or answer with --reader sentences."
                )
        return hashes["weights.safetensors"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the bundled reader cannot be read ({error}). Reinstall Dalil, or answer with --reader sentences."
        ) from error
