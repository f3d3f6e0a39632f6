"""The bundled encoder's training, end to end on a few hundred made-up pairs."""

import itertools
import json
import lzma
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from tokenizers import Tokenizer
from torch.nn import functional

from embeddings import arabic
from embeddings.encoder import BUNDLED
from embeddings.training.corpus import paragraphs, rows
from embeddings.training.lexicon import Translated, learn
from embeddings.training.pairs import Body, Documents, Questions, sentences
from embeddings.training.static import MeanOfRows, Recipe, bag, contrastive_loss, random_table, rate_at, train, write
from embeddings.training.tokenizer import SPECIAL, train_tokenizer, untrained
from tests import strategies

SYLLABLES = ["با", "تو", "جي", "دا", "رو", "سي", "شا", "فو", "كي", "لا", "مو", "ني"]
WORDS = ["".join(parts) for parts in itertools.product(SYLLABLES, repeat=2)]


@pytest.fixture(scope="module")
def made_up() -> list[tuple[str, str]]:
    """Questions and passages about 300 subjects: half the words of each question stand in its passage."""
    chance = random.Random(3)
    subjects = [chance.sample(WORDS, 12) for _ in range(300)]
    return [(" ".join(subject[:2] + chance.sample(WORDS, 2)), " ".join(subject)) for subject in subjects]


@pytest.fixture(scope="module")
def tokenizer(made_up: list[tuple[str, str]]) -> Tokenizer:
    return train_tokenizer([text for pair in made_up for text in pair], pieces=400)


def recall_at_1(table: torch.Tensor, pairs: Questions) -> float:
    left, right = (
        functional.normalize(torch.stack([table[torch.from_numpy(ids.astype(int))].mean(0) for ids in side]), dim=1)
        for side in (tuple(p[0] for p in pairs.pairs), tuple(p[1] for p in pairs.pairs))
    )
    return float(((left @ right.T).argmax(1) == torch.arange(len(left))).float().mean())


def test_training_learns_stops_and_goes_on_to_the_same_table(
    made_up: list[tuple[str, str]], tokenizer: Tokenizer, tmp_path: Path
) -> None:
    pairs = Questions.of(tokenizer, made_up)
    recipe = Recipe(dimension=32, batch=100, steps=60, warm_up=5, save_every=20, mix={"made up": 1.0}, drop=0.0)
    pieces = tokenizer.get_vocab_size()
    before = random_table(pieces, recipe)
    whole = train({"made up": pairs}, before, recipe, tmp_path)
    assert recall_at_1(whole, pairs) > max(0.9, recall_at_1(before, pairs))

    state: dict[str, Any] = {}

    class Stopped(Exception):  # noqa: N818
        pass

    class StopsOnce:
        draws = 0

        def draw(self, size: int, chance: random.Random) -> list[Any]:
            self.draws += 1
            if self.draws == 31 and not state:
                state["stopped"] = True
                raise Stopped
            return pairs.draw(size, chance)

    source = StopsOnce()
    with pytest.raises(Stopped):
        train({"made up": source}, before, recipe, tmp_path / "again")
    resumed = train({"made up": source}, before, recipe, tmp_path / "again")  # from step 20
    torch.testing.assert_close(resumed, whole, atol=1e-4, rtol=1e-3)


def test_what_is_written_loads_in_sentence_transformers(tokenizer: Tokenizer, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    table = torch.randn(tokenizer.get_vocab_size(), 8)
    write(table, tokenizer, tmp_path)
    ids = tokenizer.encode(WORDS[0], add_special_tokens=False).ids
    expected = functional.normalize(table[ids].mean(0), dim=0).numpy()
    found = SentenceTransformer(str(tmp_path), device="cpu", local_files_only=True).encode([WORDS[0]])[0]
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_mean_of_rows_has_the_values_and_gradient_of_embedding_bag() -> None:
    table = torch.randn(50, 6, dtype=torch.float64, requires_grad=True)
    ids, bounds = torch.tensor([3, 3, 7, 49, 0]), torch.tensor([0, 2, 5])
    weights = torch.randn(2, 6, dtype=torch.float64)
    ours = MeanOfRows.apply(table, ids, bounds)  # type: ignore[no-untyped-call]
    theirs = functional.embedding_bag(ids, table, bounds[:-1], mode="mean")
    torch.testing.assert_close(ours, theirs)
    gradients = [torch.autograd.grad((pooled * weights).sum(), table)[0] for pooled in (ours, theirs)]
    torch.testing.assert_close(*gradients)


def test_the_loss_is_cross_entropy_both_ways_without_pairs_of_ones_own_group() -> None:
    left, right = np.random.default_rng(1).normal(size=(2, 4, 5))
    groups = [0, 1, 0, 2]
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right)]
    total = 0.0
    for a, b in (unit, unit[::-1]):
        for i in range(4):
            scores = {j: a[i] @ b[j] / 0.1 for j in range(4) if j == i or groups[j] != groups[i]}
            total += np.log(sum(np.exp(score) for score in scores.values())) - scores[i]
    found = contrastive_loss(torch.tensor(left), torch.tensor(right), torch.tensor(groups), 0.1)
    assert float(found) == pytest.approx(total / 8)


def test_bag_drops_a_share_and_never_a_whole_text() -> None:
    side = [np.full(length, length, dtype=np.int16) for length in range(1, 200)]
    ids, bounds = bag(side, 0.9, np.random.default_rng(1))
    assert (bounds[1:] > bounds[:-1]).all()
    assert 0.05 < len(ids) / sum(map(len, side)) < 0.2
    for length, (begin, end) in enumerate(itertools.pairwise(bounds.tolist()), 1):
        assert set(ids[begin:end].tolist()) == {length}
    whole, _ = bag(side, 0.0, np.random.default_rng(1))
    assert len(whole) == sum(map(len, side))


def test_the_rate_rises_then_falls_to_nothing() -> None:
    recipe = Recipe(steps=100, warm_up=10, rate=1.0)
    rates = [rate_at(step, recipe) for step in range(101)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == pytest.approx(1.0, abs=0.02)
    assert rates[-1] == pytest.approx(0.0)


@pytest.mark.parametrize("kind", ["title", "sentence", "latin"])
def test_documents_draw_what_belongs_together(kind: str) -> None:
    """Document n holds only the pieces 10n to 10n + 9; odd pieces are Latin."""
    chance = random.Random(5)
    bodies = []
    for number in range(30):
        lengths = [chance.randint(1, 40) for _ in range(chance.randint(2, 20))]
        ids = np.array([10 * number + chance.randint(0, 9) for _ in range(sum(lengths))], dtype=np.int16)
        bodies.append(Body(ids, np.cumsum(lengths).tolist()))
    titles = [np.array([10 * number, 10 * number + 1], dtype=np.int16) for number in range(30)]
    latin = np.arange(400) % 10 == 1
    pairs = Documents(titles, bodies, kind, latin).draw(100, chance)
    assert len(pairs) == 100
    for asked, passage, _ in pairs:
        assert {*(asked // 10)} == {*(passage // 10)}
        assert 0 < len(passage) <= 200
        assert kind != "latin" or (latin[asked].all() and not latin[passage].any())


def test_translations_are_found_and_questions_turned_into_them() -> None:
    """Arabic piece n stands for English piece n + 100; 0 and 100 stand in every sentence."""
    chance = random.Random(9)
    spoken = [[0, *chance.sample(range(1, 40), 5)] for _ in range(400)]
    turned = [chance.sample([100 + piece for piece in sentence], 6) for sentence in spoken]
    arrays = [[np.array(ids, dtype=np.int16) for ids in side] for side in (turned, spoken)]
    pairs = [(left, right, number) for number, (left, right) in enumerate(zip(*arrays, strict=True))]
    lexicon = learn(pairs, 200)
    assert {ours: max(zip(weights, theirs, strict=True))[1] for ours, (theirs, weights) in lexicon.items()} == {
        piece: piece + 100 for piece in range(40)
    }
    asked = [(np.array([7, 150, 9, 12], dtype=np.int16), arrays[1][0], 0)]
    certain = {piece: ([piece + 100], [1.0]) for piece in range(40)}
    ((left, right, group),) = Translated(Questions(asked), certain).draw(1, chance)
    assert (left.tolist(), right.tolist(), group) == ([107, 109, 112], arrays[1][0].tolist(), 0)


def test_sentences_lose_no_word() -> None:
    text = "قال الرئيس. ثم خرج؟ نعم\n" + "كلمة " * 95
    found = list(sentences(text))
    assert " ".join(found).split() == text.split()
    assert max(len(sentence.split()) for sentence in found) == 40


def test_rows_and_paragraphs_read_compressed_lines(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    objects = [{"title": f"عنوان {n}", "text": f"سطر {n}\n\nآخر {n}"} for n in range(50)]
    with lzma.open(tmp_path / "text" / "made.jsonl.xz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in objects)
    assert list(rows(tmp_path, "text/made")) == objects
    assert list(paragraphs(tmp_path, "text/made", share=1.0))[:3] == ["عنوان 0", "سطر 0", "آخر 0"]
    some = list(paragraphs(tmp_path, "text/made", share=0.5))
    assert 30 < len(some) < 120
    assert some == list(paragraphs(tmp_path, "text/made", share=0.5))


@given(text=strategies.arabic_text())
def test_the_tokenizer_folds_as_the_lexical_index_does(text: str) -> None:
    normalizer = untrained().normalizer
    assert normalizer is not None
    folded = normalizer.normalize_str(text)
    assert arabic.fold(folded) == arabic.fold(text)
    shipped = Tokenizer.from_file(str(BUNDLED / "tokenizer.json")).normalizer
    assert shipped.normalize_str(text) == folded


@given(text=strategies.arabic_text())
def test_offsets_of_pieces_point_into_the_original(text: str) -> None:
    tokenizer = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
    encoding = tokenizer.encode(text, add_special_tokens=False)
    for piece, (start, end) in zip(encoding.tokens, encoding.offsets, strict=True):
        assert 0 <= start < end <= len(text)
        if piece != "[UNK]":
            assert piece.removeprefix("##") in arabic.fold(text[start:end])


def test_special_pieces_come_first_and_frame_a_question_and_its_passage() -> None:
    tokenizer = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
    assert [tokenizer.id_to_token(number) for number in range(5)] == list(SPECIAL)
    framed = tokenizer.encode("من", "في")
    assert framed.tokens == ["[CLS]", "من", "[SEP]", "في", "[SEP]"]
    assert framed.type_ids == [0, 0, 0, 1, 1]
