"""A reader to stand in where none is at hand: the shape of all-MiniLM-L6, random weights, the encoder's word pieces.

Extractive readers for Arabic come from a model hub, not with the peers. What they cost depends on their shape, not on
what they have learned: this one tells whether a peer's reader runs and how long it takes, not how good it is.
"""

from pathlib import Path

from embeddings.encoder import BUNDLED

NAME = "stand-in"


def make(folder: Path) -> Path:
    """Write such a model to `folder` and return it."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.processors import BertProcessing
    from transformers import BertConfig, BertForQuestionAnswering, PreTrainedTokenizerFast

    pieces = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
    special = {name: f"[{name.upper()}]" for name in ("cls", "sep", "pad", "unk", "mask")}
    pieces.add_special_tokens(list(special.values()))
    ids = {name: number for name, token in special.items() if (number := pieces.token_to_id(token)) is not None}
    pieces.post_processor = BertProcessing((special["sep"], ids["sep"]), (special["cls"], ids["cls"]))
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=pieces, model_max_length=512, **{f"{name}_token": token for name, token in special.items()}
    ).save_pretrained(folder)
    torch.manual_seed(1)
    shape = BertConfig(
        vocab_size=pieces.get_vocab_size(), hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
        intermediate_size=1536, pad_token_id=ids["pad"],
    )  # fmt: skip
    BertForQuestionAnswering(shape).save_pretrained(folder)
    return folder
