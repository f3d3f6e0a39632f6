"""A citation is true by construction, and JSON says what the contract promises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.documents import Document, document_from_text
from qa.answers import Answer, Citation

TEXT = "عنوان الخبر\n\nأُسِرَ 30 جنديًّا قرب بوّابة 27 غرب طرابلس."


@pytest.fixture
def document() -> Document:
    return document_from_text(TEXT, path="a/b.txt", source="المصدر", date="2019-04-05")


@given(st.lists(st.integers(-3, len(TEXT) + 3), min_size=4, max_size=4))
def test_a_citation_reads_its_quotation_from_the_document_or_cannot_be_made(ranges: list[int]) -> None:
    context_start, start, end, context_end = ranges
    document = document_from_text(TEXT, path="a.txt")
    fits = 0 <= context_start <= start < end <= context_end <= len(TEXT)
    if not fits:
        with pytest.raises(ValueError, match="a citation needs"):
            Citation(document, start, end, context_start, context_end, 0.5)
        return
    citation = Citation(document, start, end, context_start, context_end, 0.5)
    assert citation.text == TEXT[start:end]
    assert citation.context == TEXT[context_start:context_end]


def test_json_holds_every_promised_field_and_the_answer_is_the_first_citation(document: Document) -> None:
    start = TEXT.index("30 جنديًّا")
    citation = Citation(document, start, start + len("30 جنديًّا"), 13, len(TEXT), 0.75)
    whole = Citation(document, 0, len(TEXT), 0, len(TEXT), 0.9)
    values = json.loads(json.dumps(Answer("كم؟", 0.75, (citation,), (whole,)).to_dict(), ensure_ascii=False))
    assert values["answer"] == "30 جنديًّا" == values["citations"][0]["cited_text"]
    assert values["answered"] is True
    for shown in (*values["citations"], *values["evidence"]):
        assert shown.keys() >= {
            "n", "type", "cited_text", "document_id", "document_title", "path", "start_char_index", "end_char_index",
            "document_sha256", "context", "context_start_char_index", "context_end_char_index", "page", "date", "score",
        }  # fmt: skip
        assert shown["cited_text"] == TEXT[shown["start_char_index"] : shown["end_char_index"]]
    assert values.keys() >= {"question", "confidence", "index", "models", "timing_ms"}


def test_a_citation_names_the_page_it_begins_on() -> None:
    paged = document_from_text("صفحة أولى\nصفحة ثانية", path="كتاب.pdf", pages=[0, 10])
    assert [Citation(paged, at, 20, at, 20, 0.5).to_dict(1)["page"] for at in (3, 12)] == [1, 2]


def test_no_answer_keeps_the_evidence(document: Document) -> None:
    whole = Citation(document, 0, len(TEXT), 0, len(TEXT), 0.9)
    values = Answer("من؟", 0.1, (), (whole,)).to_dict()
    assert values["answer"] is None
    assert values["answered"] is False
    assert len(values["evidence"]) == 1
