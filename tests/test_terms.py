"""The lexical index against textbook BM25, worked out the long way."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.arabic import terms
from embeddings.terms import TermIndex
from tests.brute import assert_ranked, bm25, kept_length
from tests.strategies import NEWS_WORDS

Passages = dict[int, list[str]]


@pytest.fixture
def random_passages() -> Passages:
    """600 passages of 5 to 120 words, so that lengths go far beyond those that are kept exactly."""
    draw = np.random.default_rng(4)
    weights = 1 / np.arange(1, len(NEWS_WORDS) + 1)
    return {
        int(passage): terms(" ".join(draw.choice(NEWS_WORDS, size=draw.integers(5, 120), p=weights / weights.sum())))
        for passage in draw.permutation(np.arange(1, 5_000))[:600]
    }


def filled(folder: Path, passages: Passages) -> TermIndex:
    index = TermIndex(folder)
    index.add(passages.items())
    index.commit()
    return index


def test_kept_lengths_are_exact_to_forty() -> None:
    assert [kept_length(length) for length in range(41)] == list(range(41))
    assert [kept_length(length) for length in (41, 42, 43, 55, 56, 57, 100, 1000)] == [40, 42, 42, 54, 56, 56, 96, 984]


@pytest.mark.parametrize("question", ["طرابلس", "الرئيس في العاصمة طرابلس", "قصف القصف قصف مواقع", "السبت أمنية لا"])
@pytest.mark.parametrize("k", [1, 10, 1000])
def test_scores_are_textbook_bm25(tmp_path: Path, random_passages: Passages, question: str, k: int) -> None:
    index = filled(tmp_path, random_passages)
    expected = bm25(random_passages, terms(question))
    found = index.search(terms(question), k)
    assert len(found) == min(k, len(expected))
    assert_ranked(found, expected, 1e-3)


words = st.sampled_from(["أ", "ب", "ج", "د", "ه", "و"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(words, max_size=30), max_size=12), st.lists(words, min_size=1, max_size=6), st.data())
def test_any_passages_in_any_commits_rank_as_the_textbook(
    tmp_path_factory: pytest.TempPathFactory, held: list[list[str]], question: list[str], data: st.DataObject
) -> None:
    passages = dict(enumerate(held, 1))
    index = TermIndex(tmp_path_factory.mktemp("terms"))
    border = data.draw(st.integers(0, len(held)))
    for some in (range(1, border + 1), range(border + 1, len(held) + 1)):  # two commits, so two segments
        index.add((passage, passages[passage]) for passage in some)
        index.commit()
    expected = bm25(passages, question)
    k = data.draw(st.integers(1, 15))
    found = index.search(question, k)
    assert len(found) == min(k, len(expected))
    assert_ranked(found, expected, 1e-3)
    assert found == sorted(found, key=lambda hit: (-hit[1], hit[0]))


@pytest.mark.parametrize("share", [0.002, 0.02, 0.049, 0.051, 0.3, 0.9, 1.0])
def test_a_filter_gives_k_allowed_passages_with_the_same_scores(
    tmp_path: Path, random_passages: Passages, share: float
) -> None:
    index = filled(tmp_path, random_passages)
    question = terms("الرئيس في مدينة طرابلس")
    draw = np.random.default_rng(7)
    allowed = draw.choice(sorted(random_passages), size=max(1, int(share * 600)), replace=False).astype(np.int64)
    expected = [hit for hit in bm25(random_passages, question) if hit[0] in set(allowed.tolist())]
    found = index.search(question, 20, allowed)
    assert len(found) == min(20, len(expected))
    assert_ranked(found, expected, 1e-3)


def test_the_worst_passages_are_found_when_only_they_are_allowed(tmp_path: Path, random_passages: Passages) -> None:
    index = filled(tmp_path, random_passages)
    question = terms("طرابلس")
    ranked = bm25(random_passages, question)
    worst = np.array([passage for passage, _ in ranked[-40:]], dtype=np.int64)
    assert {passage for passage, _ in index.search(question, 40, worst)} == set(worst.tolist())


def test_nothing_allowed_or_unknown_ids_find_nothing(tmp_path: Path) -> None:
    index = filled(tmp_path, {1: ["أ"], 2: ["أ"]})
    assert index.search(["أ"], 5, np.array([], dtype=np.int64)) == []
    assert index.search(["أ"], 5, np.array([77, 10**12], dtype=np.int64)[:1]) == []
    assert index.search([], 5) == []
    assert index.search(["أ"], 0) == []
    assert index.search(["ب"], 5) == []
    assert TermIndex(tmp_path / "empty").search(["أ"], 5) == []


def test_equal_scores_come_by_id_whatever_the_order_they_came_in(tmp_path: Path) -> None:
    index = TermIndex(tmp_path)
    for some in ([90, 4, 31], [2, 77], list(range(100, 200))):
        index.add((passage, ["أ", "ب"]) for passage in some)
        index.commit()
    assert [passage for passage, _ in index.search(["أ"], 4)] == [2, 4, 31, 77]


def test_a_repeated_term_counts_twice(tmp_path: Path) -> None:
    index = filled(tmp_path, {1: ["أ", "ب"], 2: ["ج", "د"], 3: ["أ"]})
    once, twice = dict(index.search(["أ"], 5)), dict(index.search(["أ", "أ"], 5))
    assert twice == pytest.approx({passage: 2 * score for passage, score in once.items()}, abs=2e-4)


@pytest.mark.parametrize("length", [79, 80, 81, 300, 70_000])
def test_long_terms_are_kept_and_found(tmp_path: Path, length: int) -> None:
    index = filled(tmp_path, {1: ["ط" * length, "أ"], 2: ["أ"]})
    assert [passage for passage, _ in index.search(["ط" * length], 5)] == [1]
    assert [passage for passage, _ in index.search(["أ"], 5)] == [2, 1]


def test_changes_show_at_commit_and_go_with_rollback(tmp_path: Path) -> None:
    index = filled(tmp_path, {1: ["أ"]})
    index.add([(2, ["أ"])])
    index.remove([1])
    assert [passage for passage, _ in index.search(["أ"], 5)] == [1]
    index.rollback()
    index.commit()
    assert index.ids().tolist() == [1]
    index.add([(2, ["أ"])])
    index.remove([1])
    index.commit()
    assert index.ids().tolist() == [2]
    assert TermIndex(tmp_path).ids().tolist() == [2]


def test_clearing_forgets_statistics_too(tmp_path: Path, random_passages: Passages) -> None:
    index = filled(tmp_path, {passage + 10_000: held for passage, held in random_passages.items()})
    index.remove(range(10_000, 10_100))
    index.commit()
    assert index.removed > 0
    index.clear()
    index.add(random_passages.items())
    index.commit()
    assert index.removed == 0
    question = terms("القوات نحو مصراتة")
    assert_ranked(index.search(question, 50), bm25(random_passages, question), 1e-3)


def test_another_reader_sees_a_commit_when_it_reloads(tmp_path: Path) -> None:
    index = filled(tmp_path, {1: ["أ"]})
    reader = TermIndex(tmp_path)
    index.add([(2, ["أ"])])
    index.commit()
    assert len(reader) == 1
    reader.reload()
    assert reader.ids().tolist() == [1, 2]


def test_files_are_those_of_the_last_commit(tmp_path: Path) -> None:
    index = filled(tmp_path, {1: ["أ"]})
    files = index.files()
    assert "meta.json" in files
    assert any(name.endswith(".idx") for name in files)
    assert not any(name.startswith(".") for name in files)


def test_a_folder_that_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text(json.dumps({"segments": 3}))
    with pytest.raises(ValueError, match="meta"):
        TermIndex(tmp_path)
    assert len(TermIndex.anew(tmp_path)) == 0
