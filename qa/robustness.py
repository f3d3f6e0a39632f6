"""Whether the answer stays when only the way of writing the question changes.

Takes what an examination answered and asks every question again in each of `qa.spellings`; gives the share of
answers that stayed, what that did to F1, and the cases that lost most, as plain JSON values.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qa.evaluation import bootstrap, f1, normalise
from qa.examination import Given, Outcome
from qa.figures import Values, mean
from qa.question_sets import Example
from qa.spellings import SPELLINGS, respell

SEED: Final = 0
_WORST: Final = 3  # cases listed for each spelling
_FOLDS: Final = {spelling.name: spelling.folds for spelling in SPELLINGS}


@dataclass(frozen=True, slots=True)
class Trial:
    """One question, asked as it is and as somebody else would write it.

    Attributes:
        spelling: the name of the way it was written.
        question: as it was written that way.
        example: the question as it is, with its known answers.
        before: the answer to the question as it is; None where it was declined.
        after: the answer to the other spelling.
    """

    spelling: str
    question: str
    example: Example
    before: str | None
    after: str | None

    @property
    def unchanged(self) -> bool:
        """Whether both answers have the same folded words, or both were declined."""
        if self.before is None or self.after is None:
            return self.before is self.after
        return normalise(self.before) == normalise(self.after)

    @property
    def scores(self) -> tuple[float, float]:
        """F1 of both answers; declining a question without an answer is right."""
        return f1(self.before, self.example.answers), f1(self.after, self.example.answers)


def trials(
    outcomes: Iterable[Outcome], ask: Callable[[str], Given], threshold: float, seed: int = SEED
) -> Iterator[Trial]:
    """Ask again each question that a spelling changes.

    Args:
        outcomes: what the questions as they are were answered.
        ask: gives the best answer to a question.
        threshold: the confidence under which an answer is declined.
        seed: of the spellings.
    """
    for outcome in outcomes:
        question = outcome.example.question
        before = outcome.asked.above(threshold)
        for spelling in SPELLINGS:
            written = respell(question, spelling, seed)
            if written != question:
                yield Trial(spelling.name, written, outcome.example, before, ask(written).above(threshold))


def compared(tried: Sequence[Trial]) -> Values:
    """Return the figures of each spelling, and of those together that fold and those that change words."""
    held: dict[str, list[Trial]] = {spelling.name: [] for spelling in SPELLINGS}
    for trial in tried:
        held[trial.spelling].append(trial)
    return {
        "seed": SEED,
        "same_words": _figures([trial for trial in tried if _FOLDS[trial.spelling]]),
        "other_words": _figures([trial for trial in tried if not _FOLDS[trial.spelling]]),
        "by_spelling": {
            name: _figures(some) | {"folds": _FOLDS[name], "worst": [_case(trial) for trial in _worst(some)]}
            for name, some in held.items()
        },
    }


def _figures(tried: Sequence[Trial]) -> Values:
    same = [float(trial.unchanged) for trial in tried]
    return {
        "questions": len(tried),
        "unchanged": mean(same),
        "interval": [round(edge, 4) for edge in bootstrap(same)] if same else None,
        "f1_before": mean(trial.scores[0] for trial in tried),
        "f1_after": mean(trial.scores[1] for trial in tried),
    }


def _worst(tried: Sequence[Trial]) -> list[Trial]:
    """Return the changed answers that lost most, most first."""
    changed = [trial for trial in tried if not trial.unchanged]
    return sorted(changed, key=lambda trial: trial.scores[1] - trial.scores[0])[:_WORST]


def _case(trial: Trial) -> dict[str, Any]:
    return {
        "id": trial.example.id,
        "question": trial.example.question,
        "written": trial.question,
        "expected": list(trial.example.answers),
        "before": trial.before,
        "after": trial.after,
    }
