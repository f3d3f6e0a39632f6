"""The layers of the bundled reader's network in torch; imported only when the reader is made.

Post-norm transformer layers as in BERT (Devlin et al. 2019): attention, then a GELU layer four times as wide.
Matrices come as int8 with one scale a row and stay int8 where torch has a kernel for this processor.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Arrays = Mapping[str, NDArray[Any]]


def _values(array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(array.astype(np.float32))


def _linear(stored: Arrays, name: str) -> nn.Linear:
    weight = _values(stored[name])
    if f"{name}.scale" in stored:
        weight = weight * _values(stored[f"{name}.scale"])[:, None]
    module = nn.Linear(weight.shape[1], weight.shape[0])
    module.weight.data, module.bias.data = weight, _values(stored[f"{name}.bias"])
    return module


def _norm(stored: Arrays, name: str) -> nn.LayerNorm:
    module = nn.LayerNorm(stored[name].shape[0], eps=1e-12)
    module.weight.data, module.bias.data = _values(stored[name]), _values(stored[f"{name}.bias"])
    return module


class Layer(nn.Module):
    """One transformer layer."""

    def __init__(self, stored: Arrays, name: str, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = _linear(stored, f"{name}.qkv"), _linear(stored, f"{name}.out")
        self.up, self.down = _linear(stored, f"{name}.up"), _linear(stored, f"{name}.down")
        self.first, self.second = _norm(stored, f"{name}.first"), _norm(stored, f"{name}.second")

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return the next layer's input, (batch, words, width)."""
        batch, length, width = x.shape
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # (batch, heads, words, 32)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.first(x + self.out(mixed.transpose(1, 2).reshape(batch, length, width)))
        out: Tensor = self.second(x + self.down(functional.gelu(self.up(x))))
        return out


class Stack(nn.Module):
    """Norm of the input, layers, head."""

    def __init__(self, stored: Arrays, layers: int, heads: int) -> None:
        super().__init__()
        self.norm = _norm(stored, "norm")
        self.layers = nn.ModuleList(Layer(stored, f"layers.{i}", heads) for i in range(layers))
        self.head = _linear(stored, "head")

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return logits of start and end, (batch, words, 2); `mask` is added to the scores of attention."""
        x = self.norm(x)
        for layer in self.layers:
            x = layer(x, mask)
        logits: Tensor = self.head(x)
        return logits


def stack_of(stored: Arrays, layers: int, heads: int) -> nn.Module:
    """Return the network, its layers in int8 where this processor's torch can."""
    stack = Stack(stored, layers, heads).eval()
    if "onednn" not in torch.backends.quantized.supported_engines:
        return stack
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch announces a successor outside torch itself
        try:
            from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic
        except ImportError:
            return stack
        torch.backends.quantized.engine = "onednn"
        names = {f"{i}.{part}" for i in range(layers) for part in ("qkv", "out", "up")}
        # "down" stays float: what GELU lets through is spiky, and int8 there costs a point of F1 for 14 ms of 234.
        stack.layers = quantize_dynamic(  # type: ignore[no-untyped-call]
            stack.layers, dict.fromkeys(names, per_channel_dynamic_qconfig)
        )
    return stack
