"""Tokenise all training data once, into files that travel to the machine that trains.

    python -m embeddings.training.trunk.pack --data DIR --out PACK [--first minilm] [--piece-mib 60]

Takes the training folder; gives PACK/tokenizer.json, text-NAME (running text), matches (pairs with hard negatives and
the development pool) and first (first values), each as pieces of at most `--piece-mib` MiB. What a stopped run left
complete is kept. About twenty minutes on one core for 66 million words.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from embeddings.encoder import BUNDLED
from embeddings.training.corpus import rows
from embeddings.training.lexicon import Lexicon, learn
from embeddings.training.pairs import Questions
from embeddings.training.trunk import pieces as store
from embeddings.training.trunk.first import first_values
from embeddings.training.trunk.model import SHAPES, read_tokenizer
from embeddings.training.trunk.pairing import packed_lexicon, packed_matches
from embeddings.training.trunk.texts import PARALLEL, QUESTIONS, TEXTS, Corpus, documents_of


def pack_texts(data: Path, out: Path, tokenizer: Tokenizer, *, limit: int | None, piece_mib: float) -> None:
    """Write every text that the folder has, the first `limit` documents of each."""
    there = [name for name in TEXTS if (data / "text" / f"{name}.jsonl.xz").exists()]
    for name in (*there, PARALLEL, QUESTIONS):
        if store.exists(out / f"text-{name}"):
            continue
        begun = time.monotonic()
        corpus = Corpus.of(tokenizer, documents_of(data, name, limit))
        notes = {"pieces": len(corpus.ids), "documents": len(corpus.documents)}
        files = store.write(out / f"text-{name}", corpus.packed(), notes, piece_mib=piece_mib, compress=True)
        size = sum(file.stat().st_size for file in files) / store.MIB
        print(f"{name}: {len(corpus.ids):,} pieces, {size:.1f} MiB, {time.monotonic() - begun:.0f} s", flush=True)


def pack_matches(data: Path, out: Path, tokenizer: Tokenizer, *, filling: int, piece_mib: float) -> None:
    """Write the encoder's fixed pairs with a word lexicon learnt from the translations."""
    begun = time.monotonic()
    tensors, notes = packed_matches(data, tokenizer, filling)
    tensors |= packed_lexicon(_lexicon(data, tokenizer))
    store.write(out / "matches", tensors, notes, piece_mib=piece_mib, compress=True)
    print(f"matches: {len(tensors['lexicon.weights']):,} translations, {time.monotonic() - begun:.0f} s", flush=True)


def _lexicon(data: Path, tokenizer: Tokenizer) -> Lexicon:
    """Return English pieces for Arabic ones, learnt from the translations."""
    pairs = Questions.of(tokenizer, ((row["en"], row["ar"]) for row in rows(data, "parallel/ar-en"))).pairs
    return learn(pairs, tokenizer.get_vocab_size())


def pack_first(data: Path, out: Path, tokenizer: Tokenizer, *, shape: str, piece_mib: float) -> None:
    """Write first values from MiniLM for a trunk of that shape."""
    words = [tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size())]
    values = first_values(SHAPES[shape], words, _lexicon(data, tokenizer))
    store.write(out / "first", store.narrowed(values), {"shape": shape}, piece_mib=piece_mib)


def main(argv: Sequence[str] | None = None) -> None:
    """Pack with the arguments of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, default=BUNDLED / "tokenizer.json")
    parser.add_argument("--first", choices=("minilm", "random"), default="random")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="accelerator", help="that the first values are for")
    parser.add_argument("--piece-mib", type=float, default=60.0)
    parser.add_argument("--filling", type=int, default=8_000, help="passages around the gold ones")
    parser.add_argument("--limit", type=int, help="documents of each text, for a trial")
    arguments = parser.parse_args(argv)
    tokenizer, _ = read_tokenizer(arguments.tokenizer)
    out, size = arguments.out, arguments.piece_mib
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    pack_texts(arguments.data, out, tokenizer, limit=arguments.limit, piece_mib=size)
    if not store.exists(out / "matches"):
        pack_matches(arguments.data, out, tokenizer, filling=arguments.filling, piece_mib=size)
    if arguments.first == "minilm" and not store.exists(out / "first"):
        pack_first(arguments.data, out, tokenizer, shape=arguments.shape, piece_mib=size)


if __name__ == "__main__":
    main()
