"""Looking through what an index holds: some at a time, by words in any spelling, by publisher."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embeddings.beside import Beside
from embeddings.index import Index
from tests.fakes import HashingEncoder, document

SHELF = [
    document("أخبار/حفتر.txt", "نص أول", source="وكالة الأناضول"),
    document("أخبار/إسطنبول.txt", "نص ثان", source="وكالة الأناضول"),
    document("notes.md", "نص ثالث", source="الجزيرة نت"),
    document("بلا.txt", "نص رابع"),
]
OWN = [document("دفتري/إسطنبول.txt", "نص خامس", source="أنا"), document("دفتري/آخر.txt", "نص سادس")]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    folder, encoder = tmp_path_factory.mktemp("catalogue"), HashingEncoder()
    with (
        Index.open(folder / "a", encoder, create=True) as shared,
        Index.open(folder / "b", encoder, create=True) as own,
    ):
        shared.add(SHELF)
        own.add(OWN)
        yield Beside(shared, own)


def paths(found: list[object]) -> list[str]:
    return [info.path for info in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", SHELF),
        ("  ", SHELF),
        ("اسطنبول", [SHELF[1]]),
        ("الاناضول", SHELF[:2]),
        ("الأناضول حفتر", [SHELF[0]]),
        ("حَفْتَر", [SHELF[0]]),
        ("NOTES", [SHELF[2]]),
        ("%", []),
        ("نص", []),
    ],
)
def test_words_find_titles_sources_and_paths_in_any_spelling(both: Beside, words: str, expected: list[object]) -> None:
    assert paths(both.shared.listed(words)) == paths(expected)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["", "اسطنبول", "أناضول", "لا شيء"]), st.integers(0, 8), st.integers(0, 8) | st.none())
def test_any_part_of_the_list_is_a_part_of_the_whole(both: Beside, words: str, offset: int, limit: int | None) -> None:
    end = None if limit is None else offset + limit
    for index in (both.shared, both):
        whole = index.listed(words)
        assert index.listed(words, offset=offset, limit=limit) == whole[offset:end]
    assert both.listed(words) == [*both.own.listed(words), *both.shared.listed(words)]


def test_publishers_come_by_how_much_they_have_and_follow_changes(tmp_path: Path) -> None:
    with Index.open(tmp_path / "index", HashingEncoder(), create=True) as index:
        assert index.sources() == []
        index.add(SHELF)
        assert index.sources() == ["وكالة الأناضول", "الجزيرة نت"]
        index.remove([SHELF[0].id, SHELF[1].id])
        assert index.sources() == ["الجزيرة نت"]


def test_publishers_of_both_are_named_once(both: Beside) -> None:
    assert both.sources() == ["أنا", "وكالة الأناضول", "الجزيرة نت"]


def test_documents_are_found_by_the_beginning_of_their_location(both: Beside) -> None:
    assert both.placed("/دفتري/") == [d.id for d in OWN]
    assert both.placed("/أخبار/%") == []
    assert set(both.placed("/")) == {d.id for d in [*SHELF, *OWN]}
