"""The comparison with peers: what is given to all, figures counted by hand, two systems on four documents, the page.

The peers live in an environment of their own; here run those that need nothing but Dalil's own dependencies.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from embeddings.encoder import BUNDLED
from qa.loading import load_reader
from tests.benchmarks.figures import RESULTS, render_peers
from tests.benchmarks.peers import gathering, standing, tables
from tests.benchmarks.peers.pool import Document, Found, Passage, Pool, Question, read_questions
from tests.benchmarks.peers.scoring import answering, read_by, recall, times
from tests.benchmarks.peers.worker import SYSTEMS, ask, imported, index

ROOT = Path(__file__).parents[1]
TEXTS = {
    "library": "أسس يوسف النجار مكتبة المدينة عام 1912 في حي الميناء.",
    "harvest": "جمع الفلاحون ثلاثة أطنان من الزيتون على سفح الجبل في الخريف.",
    "match": "فاز الفريق الوطني بالمباراة النهائية بهدفين في ملعب العاصمة.",
    "storm": "ضربت العاصفة الساحل ليلا وقطعت الكهرباء عن ثلاث قرى.",
}
QUESTIONS = [
    Question("tiny", "من أسس مكتبة المدينة؟", ["library"], ["يوسف النجار"]),
    Question("tiny", "كم طنا من الزيتون جمع الفلاحون؟", ["harvest"], ["ثلاثة أطنان"]),
    Question("unanswerable", "ما اسم سفير اليابان؟", [], []),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = [Document(name, text) for name, text in TEXTS.items()]
    Pool(documents, [Passage(name, text) for name, text in TEXTS.items()], QUESTIONS).write(tmp_path)
    return tmp_path


def test_what_is_written_is_read(folder: Path) -> None:
    pool = Pool.read(folder)
    assert [document.text for document in pool.documents] == list(TEXTS.values())
    assert pool.questions == read_questions(folder) == QUESTIONS


def test_the_seeds_make_a_pool_whose_passages_are_of_its_documents() -> None:
    pool = gathering.seeds()
    texts = {document.id: document.text for document in pool.documents}
    assert len(texts) == 5
    assert all(passage.text in texts[passage.document] for passage in pool.passages)
    assert all({*question.gold} <= texts.keys() for question in pool.questions)
    assert sum(not question.gold for question in pool.questions) == 34


@pytest.mark.parametrize("name", ["dalil", "faiss"])
def test_a_system_indexes_searches_and_answers(name: str, folder: Path) -> None:
    (folder / name).mkdir()
    indexed = index(imported(name)(BUNDLED, None), folder, folder / name)
    assert indexed["pieces"] == 4
    assert indexed["folder_mb"] > 0
    asked = ask(imported(name)(BUNDLED, None), folder, folder / name)
    assert recall(QUESTIONS, asked["search_results"]) == {"tiny": {"questions": 2, "recall@1": 1.0, "recall@10": 1.0}}
    assert asked["reads"] == (name == "dalil")
    if asked["reads"]:
        own = answering(QUESTIONS, asked["answer_results"])
        assert own["tiny"]["contains"] == own["unanswerable"]["declined"] == 1.0
    assert times(asked)["search_per_s_8"] > 0


def test_dalils_reader_reads_what_a_peer_found() -> None:
    reader = load_reader()
    found = [Found("storm", TEXTS["storm"], 20.0), Found("library", TEXTS["library"], 18.0)]
    assert (read_by(reader, QUESTIONS[0].question, found) or "").startswith("يوسف النجار")
    assert read_by(reader, QUESTIONS[2].question, found) is None
    assert read_by(reader, QUESTIONS[0].question, []) is None


FOUND = {
    QUESTIONS[0].question: [Found("harvest", "", 2.0), Found("library", "", 1.0)],
    QUESTIONS[1].question: [Found("harvest", "", 1.0)],
    QUESTIONS[2].question: [Found("storm", "", 1.0)],
}


def test_recall_by_hand() -> None:
    assert recall(QUESTIONS, FOUND) == {"tiny": {"questions": 2, "recall@1": 0.5, "recall@10": 1.0}}


def test_answers_scored_by_hand() -> None:
    given = [("النجار", TEXTS["harvest"], None), (None, "ثلاثة أطنان", "اليابان")]
    first, second = (dict(zip(FOUND, answers, strict=True)) for answers in given)
    assert answering(QUESTIONS, first) == {
        "tiny": {
            "questions": 2, "f1": pytest.approx((2 / 3 + 4 / 13) / 2, abs=1e-4), "contains": 0.5, "declined": 0.0,
        },
        "unanswerable": {"questions": 1, "declined": 1.0},
    }  # fmt: skip
    assert answering(QUESTIONS, second)["tiny"] == {"questions": 2, "f1": 0.5, "contains": 0.5, "declined": 0.5}
    assert answering(QUESTIONS, second)["unanswerable"]["declined"] == 0.0


def test_times_by_hand() -> None:
    asked: dict[str, Any] = {f"{work}_ms": [float(n) for n in range(1, 101)] for work in ("search", "answer")}
    asked["reads"] = True
    keys = ("cpu_ms", "per_s_1", "per_s_8", "peak_mb")
    asked |= {f"{work}_{key}": 7.0 for work in ("search", "answer") for key in keys}
    figures = times(asked)
    assert (figures["search_median_ms"], figures["search_p95_ms"]) == (50.5, 96.0)


def test_a_stand_in_reader_loads_and_points_at_the_text(tmp_path: Path) -> None:
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    folder = str(standing.make(tmp_path))
    pieces = AutoTokenizer.from_pretrained(folder)("من أسس المكتبة؟", TEXTS["library"], return_tensors="pt")
    scores = AutoModelForQuestionAnswering.from_pretrained(folder)(**pieces).start_logits
    assert scores.shape == pieces["input_ids"].shape
    assert {0, 1} <= set(pieces.sequence_ids(0))


RECORD = RESULTS / "peers.json"
PAGE = (ROOT / "docs" / "peers.md").read_text(encoding="utf-8")
HEADINGS = [heading for heading, *_ in tables.COSTS] + [*tables.RECALL.values(), "F1"]


def test_figures_of_the_page_are_those_of_the_result_file() -> None:
    shown = PAGE.split("<!-- figures -->")[1].split("<!-- /figures -->")[0].strip()
    assert shown == render_peers().strip(), "run: python -m tests.benchmarks.figures"


@pytest.mark.skipif(not RECORD.exists(), reason="no run is recorded yet")
def test_the_record_has_every_system() -> None:
    assert set(json.loads(RECORD.read_text(encoding="utf-8"))["systems"]) == set(SYSTEMS)


def test_every_system_has_a_name_in_the_tables() -> None:
    assert SYSTEMS.keys() == tables.NAMES.keys()


def test_whatever_a_peer_may_be_better_at_has_a_reason_on_the_page() -> None:
    reasons = PAGE.split("## What we should learn")[1]
    assert [heading for heading in HEADINGS if f"**{heading}**" not in reasons] == []


OWN: dict[str, Any] = {key: 10.0 for _, key, _, _ in tables.COSTS} | {
    "load": 0.1,
    "passages_per_s": 100,
    "reads": True,
    "recall": {"tiny": {"questions": 2, "recall@1": 0.5, "recall@10": 0.6}},
    "read_by_dalil": {
        "tiny": {"questions": 2, "f1": 0.4, "contains": 0.5, "declined": 0.1},
        "unanswerable": {"questions": 1, "declined": 1.0},
    },
    **{f"answer_{key}": 70.0 for key in ("median_ms", "p95_ms", "per_s_1", "per_s_8", "peak_mb")},
}
OWN["own"] = OWN["read_by_dalil"]
PEER: dict[str, Any] = copy.deepcopy(OWN) | {
    "search_median_ms": 40.0,
    "search_per_s_8": 20.0,
    "folder_mb": 5.0,
    "reads": False,
    "own": None,
    "recall": {"tiny": {"questions": 2, "recall@1": 0.7, "recall@10": 0.6}},
}


def test_ratios_above_one_are_for_dalil_and_bold_ones_against() -> None:
    stored = {"systems": {"dalil": OWN, "bm25s": PEER}}
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in tables.ratios(stored).splitlines()}
    assert rows["search, median"].endswith("| 4.0 |")
    assert rows["searches a second, 8 clients"].endswith("| **0.50** |")
    assert rows["folder"].endswith("| **0.50** |")
    assert "| 0.500 / 0.600 | **0.700** / 0.600 |" in tables.quality(stored)
    assert dict(tables.won(stored)) == {
        "folder": "bm25s × 0.50",
        "searches a second, 8 clients": "bm25s × 0.50",
        "R@1": "bm25s 0.700 against 0.500 on tiny",
    }


def test_the_page_says_who_is_better_and_what_was_not_measured() -> None:
    setting = {"documents": 3, "words": 9, "passages": 4, "machine": "Linux", "versions": {"txtai": "9"}}
    setting |= {"import_sentence_transformers_s": 4.0}
    shown = tables.page(setting | {"systems": {"dalil": OWN, "bm25s": PEER, "txtai": PEER | {"reads": True}}})
    assert "- folder: bm25s × 0.50, txtai, hybrid × 0.50" in shown
    assert "| F1 / holds the answer / declined, tiny (2) | 0.400 / 0.500 / 0.100 | – | not measured |" in shown
