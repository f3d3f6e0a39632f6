"""The five seed articles are the ones that were given, and the golden questions fit them."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from embeddings.arabic import fold
from embeddings.documents import Document, read_documents

SEEDS = Path(__file__).parent.parent / "seeds"
SHA256 = {
    "000_343706e692bae98b.txt": "224f75e6e466d2bc2b76063ef7f9238438237c760f1127794abce776e1491127",
    "001_af682284de1024ff.txt": "c8502e450cc2c946910f0412b98a795d1543592d1a8aaf4f0a027ebe0a13314a",
    "002_ae9e9b4a8314f8a4.txt": "fec4bf1e0dcfb6d4bd8e2eb01dfad0f38ed047de297369271104a5d378e489cf",
    "003_d470f4d6d17985fe.txt": "b73e7efa6a701ad024ea16d483558e4a1e70163af64db73d33b7534bc7c1db0b",
    "004_1043952476b01f1e.txt": "3cac98538122500d5dd8f54548542e4cae83b8287c43f7fda0ead5dc4f031608",
}
GOLDEN = [json.loads(line) for line in Path(__file__).with_name("golden.jsonl").read_text("utf-8").splitlines()]
TYPES = {"who", "when", "where", "how_many", "why", "what", "yes_no"}
FORMS = {"plain", "paraphrase", "misspelt", "vocalised", "dialect", "digits", "near_miss", "english"}


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    return {document.path: document for document in read_documents([SEEDS]) if isinstance(document, Document)}


def test_the_seeds_are_unchanged() -> None:
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in SEEDS.iterdir()} == SHA256


def test_the_canonical_text_of_a_seed_is_the_whole_file(documents: dict[str, Document]) -> None:
    assert {path: document.sha256 for path, document in documents.items()} == SHA256
    assert documents["004_1043952476b01f1e.txt"].text.startswith("\n\n"), "leading newlines belong to the text"


@pytest.mark.parametrize(
    ("name", "title", "date", "source"),
    [
        ("000", "الاحد يونيو من قوات القذافي يسلمون أنفسهم للجيش التونسي مفكرة الاسلام في", None, None),
        ("001", "مصدر بجيش حفتر يعترف بأسر 30 من قواته", "2019-04-05", "الخليج الجديد + الأناضول"),
        ("002", "واصل الثوار الليبيون الصمود في مدينة مصراتة في وجه الكتائب الموالية للعقيد", None, None),
        ("003", "تقهقر الميليشيات في طرابلس مع تقدم الجيش الليبي", None, None),
        ("004", "انشقاقات وتمرد في صفوف جيش حفتر", "2016-10-11", None),
    ],
)
def test_title_date_and_source_are_those_that_the_seed_shows(
    documents: dict[str, Document], name: str, title: str, date: str | None, source: str | None
) -> None:
    (document,) = [document for path, document in documents.items() if path.startswith(name)]
    assert (document.title, document.date, document.source) == (title, date, source)


@pytest.mark.parametrize("entry", GOLDEN, ids=[entry["question"] for entry in GOLDEN])
def test_a_golden_question_fits_its_article(entry: dict[str, Any], documents: dict[str, Document]) -> None:
    assert entry["type"] in TYPES
    assert entry["form"] in FORMS
    if not entry["answerable"]:
        assert (entry["document"], entry["answer"], entry["contains"]) == (None, None, [])
        return
    names = [entry["document"]] if isinstance(entry["document"], str) else entry["document"]
    assert entry["answer"] in documents[names[0]].text, "the answer is an exact piece of its first document"
    assert any(fold(part) in fold(entry["answer"]) for part in entry["contains"])
    for name in names:
        assert any(fold(part) in fold(documents[name].text) for part in entry["contains"])


def test_the_golden_questions_are_many_and_of_every_kind() -> None:
    answerable = [entry for entry in GOLDEN if entry["answerable"]]
    refused = [entry for entry in GOLDEN if not entry["answerable"]]
    assert len(answerable) >= 100
    assert len(refused) >= 30
    assert len({entry["question"] for entry in GOLDEN}) == len(GOLDEN)
    assert {entry["type"] for entry in answerable} == TYPES
    assert Counter(entry["form"] for entry in refused)["near_miss"] >= 20
    assert FORMS - {"near_miss"} <= {entry["form"] for entry in answerable}
