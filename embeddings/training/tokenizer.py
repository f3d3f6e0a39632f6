"""Train the word-piece tokenizer that the bundled encoder and the bundled reader share.

Takes a sample of the training texts (about a fifth English); gives `tokenizer.json`, with the folding of
`embeddings.arabic` inside it, so that pieces and index terms see the same spelling. Offsets of its pieces point
into the original text. Run:

    python -m embeddings.training.tokenizer --data DIR --out embeddings/models/static/tokenizer.json
"""

import argparse
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from embeddings.arabic import NORMALIZER
from embeddings.training.corpus import paragraphs, rows

SPECIAL: Final = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

# Share of the documents of each text: about eight million words, news and encyclopaedia first.
_SHARES: Final = {
    "text/news": 0.32,
    "text/wiki": 0.32,
    "text/magazines": 0.06,
    "text/books-1": 0.05,
    "text/laws": 0.10,
    "text/docs": 0.06,
    "text/stories": 0.10,
    "text/english": 0.70,
}


def sample(data: Path) -> Iterator[str]:
    """Yield the lines the pieces are learnt from: eight million words, a fifth of them English."""
    for name, share in _SHARES.items():
        yield from paragraphs(data, name, share=share)
    for row in rows(data, "parallel/ar-en"):
        yield row["ar"]
        yield row["en"]
    for name in ("qa/written-train", "qa/arcd-train"):
        yield from (row["question"] for row in rows(data, name))
    for row in rows(data, "qa/tydi-other-languages"):
        if row["lang"] == "en":
            yield row["question"]
            yield row["context"]


def untrained() -> Tokenizer:
    """Return the empty tokenizer: fold, split at spaces and punctuation and between letters and digits, word pieces."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIAL[1], max_input_chars_per_word=64))
    tokenizer.normalizer = NORMALIZER
    # Runs of digits stay together: a year is one piece, a rarer number a few.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Digits(individual_digits=False)]
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def train_tokenizer(lines: Iterable[str], *, pieces: int) -> Tokenizer:
    """Return a tokenizer of `pieces` word pieces learnt from `lines`, with BERT's special pieces and templates."""
    tokenizer = untrained()
    trainer = trainers.WordPieceTrainer(
        vocab_size=pieces,
        min_frequency=2,
        limit_alphabet=300,  # both scripts, digits, punctuation; what is rarer becomes [UNK]
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def main() -> None:
    """Train on `--data` and write `--out`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--pieces", type=int, default=32_000)
    arguments = parser.parse_args()
    begun = time.perf_counter()
    tokenizer = train_tokenizer(sample(arguments.data), pieces=arguments.pieces)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(arguments.out))
    print(f"{tokenizer.get_vocab_size()} pieces in {time.perf_counter() - begun:.0f} s -> {arguments.out}")


if __name__ == "__main__":
    main()
