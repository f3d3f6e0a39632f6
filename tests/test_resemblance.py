"""Near-copies are found by their bands and told from other texts by their runs, the same on every machine."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.resemblance import ALIKE, bands, resemblance, runs
from embeddings.store import Entry, Store
from tests.fakes import article, document
from tests.strategies import NEWS_WORDS


def edited(text: str, share: float, seed: int = 0) -> str:
    """`text` with so many of its words replaced."""
    draw = np.random.default_rng(seed)
    words = text.split()
    for place in draw.choice(len(words), size=int(share * len(words)), replace=False):
        words[place] = f"بدل{draw.integers(10**6)}"
    return " ".join(words)


@given(st.lists(st.sampled_from(NEWS_WORDS), max_size=40), st.lists(st.sampled_from(NEWS_WORDS), max_size=40))
def test_resemblance_is_the_share_of_common_runs(one: list[str], other: list[str]) -> None:
    def five(words: list[str]) -> set[tuple[str, ...]]:
        bare = [word.translate(dict.fromkeys(range(0x64B, 0x653))) for word in words]
        return {tuple(bare[n : n + 5]) for n in range(max(1, len(bare) - 4))} if bare else set()

    first, second = five(one), five(other)
    expected = len(first & second) / max(1, len(first | second))
    assert resemblance(runs(" ".join(one)), runs(" ".join(other))) == pytest.approx(expected)


def test_marks_and_punctuation_make_no_other_text() -> None:
    bare = "أسر ثلاثون جنديا قرب بوابة 27 غرب طرابلس أمس"
    assert resemblance(runs(bare), runs("أُسِرَ ثلاثون جنديًّا، قرب بوّابة «27» غرب طرابلـس أمس.")) == 1


def test_bands_are_the_same_on_every_machine() -> None:
    assert bands("").tolist() == bands("؟!").tolist() == []
    assert bands("استقبل ميناء الكتف ضباطا فروا بحرا").tolist()[:2] == PINNED


PINNED = [8035997848307747792, -3953085418641093070]


@pytest.mark.parametrize(("share", "least"), [(0.01, 1.0), (0.03, 0.95), (0.06, 0.55)])
def test_copies_share_a_band(share: float, least: float) -> None:
    texts = [article(str(n), n, words=300).text for n in range(60)]
    found = [bool(np.intersect1d(bands(text), bands(edited(text, share, n))).size) for n, text in enumerate(texts)]
    assert np.mean(found) >= least


def test_texts_of_the_same_words_are_not_copies() -> None:
    texts = [article(str(n), n, words=300).text for n in range(40)]
    pairs = [(one, other) for n, one in enumerate(texts) for other in texts[:n]]
    assert sum(bool(np.intersect1d(bands(one), bands(other)).size) for one, other in pairs) <= len(pairs) // 100


def stories(store: Store) -> dict[str, int]:
    return dict(store.database.rows("SELECT d.path, t.story FROM documents d JOIN texts t ON t.number = d.text"))


def test_near_copies_are_one_story_and_the_rest_stays_apart(tmp_path: Path) -> None:
    Store.create(tmp_path / "dalil.sqlite", {"encoder": "fake"})
    store = Store(tmp_path / "dalil.sqlite")
    original, other = article("أ", 1).text, article("ب", 2).text
    copies = {
        "أ": original,
        "ب": other,
        "ج": edited(original, 0.02),
        "د": f"عاجل. {original}",
        "هـ": original + " انتهى.",
    }
    assert resemblance(runs(original), runs(copies["ج"])) >= ALIKE
    for name, text in copies.items():
        store.put([Entry(document(name, text), [(0, 10)], np.zeros((1, 8), dtype=np.float32))])
    assert stories(store) == {"أ": 1, "ب": 2, "ج": 1, "د": 1, "هـ": 1}
    store.put([Entry(document("و", original), None, None)])  # the same text once more
    store.remove([document("أ", "").id])
    assert stories(store) == {"ب": 2, "ج": 1, "د": 1, "هـ": 1, "و": 1}
    store.remove([document(name, "").id for name in "ودج"])
    assert store.put([Entry(document("ز", original), [(0, 9)], np.zeros((1, 8), dtype=np.float32))])[1]
    assert stories(store)["ز"] == 1  # the story goes on in the copy that is left
    assert store.database.rows("SELECT count(*) FROM bands") == [(3 * len(bands(original)),)]
    store.close()
