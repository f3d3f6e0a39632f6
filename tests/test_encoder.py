"""The encoders: the bundled one by value, its files, and any sentence-transformers model by path."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from embeddings import arabic
from embeddings.encoder import BUNDLED, StaticEncoder, TransformerEncoder, load_encoder
from embeddings.errors import ModelError
from tests import strategies

TEXTS = [
    "أعلنت الحكومة، السبت، عن خطة جديدة لدعم التعليم في المدارس الحكومية.",
    "من هو رئيس الوزراء؟",
    "Where is the capital of Libya?",
    "٢٠١٩",
    "",
    " \n\t ",
    "قال: «لا».\u200f\n\nثم\u00a0خرج — ﷺ",
    "كلمة " * 700,
]


@pytest.fixture(scope="module")
def bundled() -> StaticEncoder:
    return StaticEncoder.load(BUNDLED)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))


def brute_force(text: str, tokenizer: Tokenizer) -> NDArray[np.float32]:
    """The mean of the rows of the text's pieces, divided by its length; nothing shared with the encoder."""
    table = load_file(BUNDLED / "model.safetensors")["embedding.weight"].astype(np.float64)
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    mean = table[ids].mean(axis=0) if ids else np.zeros(table.shape[1])
    return (mean / (np.linalg.norm(mean) or 1.0)).astype(np.float32)


def test_bundled_vectors_are_the_unit_mean_of_their_piece_vectors(bundled: StaticEncoder, tokenizer: Tokenizer) -> None:
    expected = np.stack([brute_force(text, tokenizer) for text in TEXTS])
    np.testing.assert_allclose(bundled.encode_passages(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(bundled.encode_questions(TEXTS), expected, atol=1e-5)


@given(text=strategies.arabic_text())
def test_looking_words_up_one_by_one_gives_the_pieces_of_the_whole_text(text: str) -> None:
    tokenizer = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
    encoder = StaticEncoder(np.ones((tokenizer.get_vocab_size(), 2), np.float32), tokenizer, "test")
    assert encoder._pieces_of([text]) == [tokenizer.encode(text, add_special_tokens=False).ids]


@given(text=st.text(max_size=40))
def test_any_characters_at_all_give_a_unit_row_or_zeros(text: str) -> None:
    encoder = _bundled_once()
    vector = encoder.encode_questions([text])[0]
    assert np.isfinite(vector).all()
    length = float(np.linalg.norm(vector))
    assert length == pytest.approx(1.0, abs=1e-5) or (length == 0.0 and not list(arabic.words(text)))


def _bundled_once(made: list[StaticEncoder] = []) -> StaticEncoder:  # noqa: B006 - one encoder for all examples
    if not made:
        made.append(StaticEncoder.load(BUNDLED))
    return made[0]


def test_a_text_without_words_is_zeros_and_no_texts_are_no_rows(bundled: StaticEncoder) -> None:
    assert not bundled.encode_questions(["", "  \n"]).any()
    assert bundled.encode_passages([]).shape == (0, bundled.dimension)


def test_spellings_of_one_word_have_one_vector(bundled: StaticEncoder) -> None:
    vectors = bundled.encode_questions(["أَحْمَـد في ٢٠١٩", "احمد في 2019", "أحمد فى ۲۰۱۹"])
    np.testing.assert_allclose(vectors, np.repeat(vectors[:1], 3, axis=0), atol=1e-6)


def test_a_vector_does_not_depend_on_its_batch(bundled: StaticEncoder) -> None:
    many = [f"{text} {number}" for number in range(40) for text in TEXTS]
    together = bundled.encode_passages(many)
    alone = np.concatenate([bundled.encode_passages([text]) for text in many])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_forgetting_words_changes_nothing(bundled: StaticEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bundled.encode_passages(TEXTS)
    monkeypatch.setattr("embeddings.encoder._REMEMBERED", 5)
    fresh = StaticEncoder.load(BUNDLED)
    found = np.concatenate([fresh.encode_passages([text]) for text in TEXTS])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_folder_loads_in_sentence_transformers_with_the_same_vectors(bundled: StaticEncoder) -> None:
    other = TransformerEncoder.load(str(BUNDLED))
    assert other.dimension == bundled.dimension
    found = other.encode_passages(TEXTS)
    np.testing.assert_allclose(found, bundled.encode_passages(TEXTS), atol=2e-3)  # half floats there, floats here
    np.testing.assert_allclose(other.encode_questions(TEXTS), found, atol=1e-6)


def test_names_tell_weights_apart(bundled: StaticEncoder) -> None:
    name, digits = bundled.name.split("@")
    assert name == "dalil-static"
    assert (BUNDLED / "SHA256SUMS").read_text(encoding="utf-8").count(digits) == 1


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_file_cut_short_is_named_with_both_sums(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "static"
    shutil.copytree(BUNDLED, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"expected sha256 \w{64}, came \w{64} over 1,000 bytes") as error:
        StaticEncoder.load(folder)
    assert name in str(error.value)


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    shutil.copytree(BUNDLED, folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json cannot be read"):
        StaticEncoder.load(folder)
    with pytest.raises(ModelError, match="SHA256SUMS"):
        StaticEncoder.load(tmp_path)


def test_an_unknown_model_names_what_was_tried_and_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"hf download no-such/model") as error:
        load_encoder("no-such/model")
    assert "local files: " in str(error.value)
    assert "download: " in str(error.value)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(str(tmp_path))


def test_no_name_gives_the_bundled_encoder(bundled: StaticEncoder) -> None:
    assert load_encoder().name == bundled.name
    assert load_encoder(None).max_words >= 100
