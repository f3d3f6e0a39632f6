"""Any extractive model as a reader: what `AutoModelForQuestionAnswering` loads, through torch.

Takes a model's name or path; gives spans scored against the model's own no-answer score, the logits of its first
token. Passages longer than the model takes are read in windows that overlap. A model trained with the token types of
`qa.token_types` is given them.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from embeddings.arabic import words
from embeddings.errors import ModelError
from qa.spans import Calibration, Scored, best_spans, distinct
from qa.token_types import NAME as TOKEN_TYPES
from qa.token_types import QuestionTypes

_Array = NDArray[np.float32]


class ExtractiveModel:
    """A model of the transformers library.

    Raises:
        ModelError: when there is no such model, it cannot be loaded, or its tokenizer gives no offsets.
    """

    _STRIDE: Final = 64  # Tokens that two windows of a passage share.
    _BATCH: Final = 8
    _LONGEST_ANSWER: Final = 48  # Tokens: about thirty words in a multilingual vocabulary.

    def __init__(self, name_or_path: str) -> None:
        try:
            from transformers import AutoModelForQuestionAnswering, AutoTokenizer

            self._tokenizer: Any = AutoTokenizer.from_pretrained(name_or_path)
            self._model: Any = AutoModelForQuestionAnswering.from_pretrained(name_or_path).eval()
        except (OSError, ValueError, ImportError, KeyError) as error:
            raise ModelError(
                f"the reader {name_or_path!r} cannot be loaded: expected the name or folder of an extractive "
                f"question-answering model ({str(error).splitlines()[0]}). Check the name, or leave --reader out."
            ) from error
        if not self._tokenizer.is_fast:
            raise ModelError(
                f"the tokenizer of {name_or_path!r} gives no offsets; choose a model with a fast tokenizer."
            )
        self.name = name_or_path
        self.calibration = Calibration()
        limit = int(getattr(self._model.config, "max_position_embeddings", 512))
        self._longest = min(384, limit - 4)
        self._typed = getattr(self._model.config, "token_types", None) == TOKEN_TYPES

    def prepare(self, question: str, texts: Sequence[str]) -> "ExtractiveReading":
        """Return the texts ready to be read for `question`."""
        return ExtractiveReading(self, question, texts)

    def read(self, question: str, texts: Sequence[str]) -> list[list[Scored]]:
        """Return for each text its best spans."""
        import torch

        encoded = self._tokenizer(
            [question] * len(texts),
            list(texts),
            truncation="only_second",
            max_length=self._longest,
            stride=min(self._STRIDE, self._longest // 4),
            padding=True,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_tensors="pt",
        )
        source = encoded.pop("overflow_to_sample_mapping").tolist()
        offsets = encoded.pop("offset_mapping").numpy()  # (windows, tokens, 2)
        if self._typed:
            self._tell_types(question, texts, encoded, source, offsets)
        found: list[list[Scored]] = [[] for _ in texts]
        for first in range(0, len(source), self._BATCH):
            part = slice(first, first + self._BATCH)
            with torch.inference_mode():
                out = self._model(**{name: value[part] for name, value in encoded.items()})
            for n, start, end in zip(range(first, len(source)), out.start_logits, out.end_logits, strict=False):
                inside = np.array([s == 1 for s in encoded.sequence_ids(n)])
                spans = self._spans(start.float().numpy(), end.float().numpy(), inside, offsets[n])
                found[source[n]] += [_on_words(texts[source[n]], span) for span in spans]
        return [distinct(spans) for spans in found]

    def _tell_types(
        self,
        question: str,
        texts: Sequence[str],
        encoded: Any,  # noqa: ANN401 - what the tokenizer gives
        source: list[int],
        offsets: NDArray[np.int64],
    ) -> None:
        """Put how each passage word meets the question in the place of the token types."""
        types = QuestionTypes(question)
        for n, text in enumerate(source):
            inside = [i for i, part in enumerate(encoded.sequence_ids(n)) if part == 1]
            places = [(int(start), int(end)) for start, end in offsets[n, inside]]
            encoded["token_type_ids"][n, inside] = encoded["token_type_ids"].new_tensor(
                types.of_pieces(texts[text], places)
            )

    def _spans(self, start: _Array, end: _Array, inside: NDArray[np.bool_], offsets: NDArray[np.int64]) -> list[Scored]:
        """Return the best spans of one window; the first token's logits are the score of "no answer"."""
        places = np.flatnonzero(inside & (offsets[:, 1] > offsets[:, 0]))
        null = float(start[0] + end[0])
        best = best_spans(start[places], end[places], longest=self._LONGEST_ANSWER)
        return [Scored(int(offsets[places[a]][0]), int(offsets[places[b]][1]), score - null) for a, b, score in best]


class ExtractiveReading:
    """One question on some texts. Such a model is told nothing of matching words, so coverage is 1."""

    def __init__(self, model: ExtractiveModel, question: str, texts: Sequence[str]) -> None:
        self._model, self._question, self._texts = model, question, texts
        self.coverage = [1.0] * len(texts)

    def score(self, positions: Sequence[int]) -> list[list[Scored]]:
        """Return for each of the texts at `positions` its best spans."""
        texts = [self._texts[i] for i in positions]
        return self._model.read(self._question, texts) if texts else []


def _on_words(text: str, span: Scored) -> Scored:
    """Return the span on whole words: pieces of words are tokens too."""
    touched = [w for w in words(text) if w.start < span.end and span.start < w.end]
    if not touched:
        return span
    return Scored(min(span.start, touched[0].start), max(span.end, touched[-1].end), span.gap)
