"""A private index beside a shared one: searches see both as one, changes touch the private one alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from embeddings.arabic import question_terms, terms
from embeddings.beside import Beside
from embeddings.documents import Document
from embeddings.errors import FilterError
from embeddings.index import Index
from qa.assistant import Assistant
from qa.retriever import Retriever
from tests.brute import assert_holds, assert_ranked, bm25, nearest
from tests.fakes import ARTICLES, HashingEncoder, article, document

OWN = [
    article("mine", 11, words=400, date="2019-06-01", source="دفتري"),
    article("also mine", 12, words=60, date="2021-01-01", source="الجزيرة نت"),
]
QUESTION = "الرئيس في العاصمة طرابلس مصراتة"


@pytest.fixture
def encoder() -> HashingEncoder:
    return HashingEncoder()


@pytest.fixture
def shared(tmp_path: Path, encoder: HashingEncoder) -> Iterator[Index]:
    with Index.open(tmp_path / "shared", encoder, create=True) as index:
        index.add(ARTICLES)
        yield index


@pytest.fixture
def both(tmp_path: Path, encoder: HashingEncoder, shared: Index) -> Iterator[Beside]:
    with Index.open(tmp_path / "own", encoder, create=True) as own:
        beside = Beside(shared, own)
        beside.add(OWN)
        yield beside


def held(index: Index, sign: int) -> dict[int, str]:
    """The texts of all passages of an index, by the ids they have beside another."""
    passages = index.passages(range(1, 1000))
    return {sign * p.id: index.document(p.document_id).text[p.start : p.end] for p in passages}


def test_both_are_searched_with_the_scores_of_one_collection(both: Beside, encoder: HashingEncoder) -> None:
    parts = [held(both.shared, 1), held(both.own, -1)]
    texts = parts[0] | parts[1]
    asked = terms(QUESTION)
    everywhere = [terms(text) for text in texts.values()]
    expected = [hit for part in parts for hit in bm25({n: terms(text) for n, text in part.items()}, asked, everywhere)]
    found = both.search_terms(asked, 100)
    assert_ranked(found, sorted(expected, key=lambda hit: (-hit[1], hit[0])), 2e-3)
    assert len(found) == len(expected)
    query = encoder.encode_questions([QUESTION])[0]
    vectors = encoder.encode_passages(list(texts.values()))
    assert_ranked(both.search_vectors(query, 100), nearest(np.array(list(texts)), vectors, query), 1e-5)
    assert len(both.search_vectors(query, 3)) == len(both.search_terms(asked, 3)) == 3


def test_a_rare_word_is_as_rare_in_a_small_private_index_as_in_all(tmp_path: Path, encoder: HashingEncoder) -> None:
    """On its own a single document makes all of its words common; beside many it must not."""
    common, rare = "القوات تقدمت نحو المدينة", "زنبركات القوات تقدمت"
    with (
        Index.open(tmp_path / "a", encoder, create=True) as shared,
        Index.open(tmp_path / "b", encoder, create=True) as own,
    ):
        shared.add(document(str(n), f"{common} {n}") for n in range(50))
        own.add([document("rare", rare)])
        asked = question_terms("زنبركات")
        alone, beside = own.search_terms(asked, 1)[0][1], Beside(shared, own).search_terms(asked, 1)[0][1]
        assert beside > 5 * alone
        assert Beside(shared, own).search_terms(question_terms("زنبركات القوات"), 1)[0][0] == -1


def test_filters_reach_into_both(both: Beside) -> None:
    for filters, documents in [
        ({"date_from": "2019", "date_to": "2019"}, {ARTICLES[1].id, OWN[0].id}),
        ({"source": "الجزيرة"}, {ARTICLES[0].id, OWN[1].id}),
        ({"document_ids": [ARTICLES[2].id, OWN[1].id]}, {ARTICLES[2].id, OWN[1].id}),
        ({"source": "لا أحد"}, set()),
    ]:
        allowed = both.select(**filters)  # type: ignore[arg-type]
        assert allowed is not None
        assert allowed.tolist() == sorted(set(allowed.tolist()))
        assert {passage.document_id for passage in both.passages(allowed)} == documents
        found = both.search_terms(terms(QUESTION), 100, allowed)
        assert {number for number, _ in found} <= set(allowed.tolist())
        near = both.search_vectors(both.encoder.encode_questions([QUESTION])[0], 100, allowed)
        assert {number for number, _ in near} == set(allowed.tolist())
    assert both.select() is None
    with pytest.raises(FilterError):
        both.select(date_from="أمس")


def test_changes_touch_the_private_index_alone(both: Beside) -> None:
    before, fingerprint = both.shared.generation, both.fingerprint
    assert both.add([article("third", 13)]).added == 1
    assert both.remove([OWN[0].id, ARTICLES[0].id]) == 1
    assert both.shared.generation == before
    assert both.fingerprint not in (fingerprint, both.shared.fingerprint, both.own.fingerprint)
    assert_holds(both.shared, ARTICLES)
    assert_holds(both.own, [OWN[1], article("third", 13)])
    assert both.counts.documents == 6
    with pytest.raises(KeyError):
        both.document(OWN[0].id)
    assert both.document(ARTICLES[0].id) == ARTICLES[0]
    assert [info.id for info in both.documents()] == [OWN[1].id, article("third", 13).id, *(d.id for d in ARTICLES)]


def test_passages_come_in_the_order_that_was_asked_for(both: Beside) -> None:
    assert [passage.id for passage in both.passages([2, -1, 1, -99, 99, -2])] == [2, -1, 1, -2]
    texts = held(both.own, -1)
    (first,) = both.passages([-1])
    assert both.document(first.document_id).text[first.start : first.end] == texts[-1]


def test_hits_of_both_are_fused(both: Beside, encoder: HashingEncoder) -> None:
    hits = Retriever(both, encoder).search(QUESTION, 50)
    ids = {hit.document.id for hit in hits}
    assert ids & {d.id for d in OWN}
    assert ids & {d.id for d in ARTICLES}
    assert len({(hit.document.id, hit.passage.start) for hit in hits}) == len(hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_an_assistant_beside_another_answers_from_both_and_closes_its_own(
    assistant: Assistant, tmp_path: Path, seed_documents: list[Document]
) -> None:
    question = "من مدير مكتبة الواحة؟"
    mine = document("mine.txt", "أعلنت وزارة الثقافة أن مدير مكتبة الواحة هو سالم الهادي منذ عام 2012.")
    assert "سالم" not in (assistant.ask(question).text or "")
    with assistant.beside(tmp_path / "own") as private:
        private.add([mine])
        answer = private.ask(question)
        assert answer.citations[0].document.id == mine.id
        assert "سالم الهادي" in (answer.text or "")
        assert answer.index["documents"] == len(seed_documents) + 1
        assert (
            private.ask("كم دبابة أعطبها الثوار في مصراتة؟").text
            == assistant.ask("كم دبابة أعطبها الثوار في مصراتة؟").text
        )
        with private.beside(tmp_path / "another") as other:
            assert "سالم" not in (other.ask(question).text or "")
        private.remove([mine.id])
        assert "سالم" not in (private.ask(question).text or "")
    assert assistant.counts.documents == len(seed_documents)
