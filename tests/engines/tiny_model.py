"""A language model of 120,000 random weights as a GGUF file, written with the standard library alone.

It speaks nonsense, which is the point: under a schema its replies have the form and no sense, without one they have
neither. Its words are single bytes and a few pieces, so that any text can be read and written.
"""

from __future__ import annotations

import math
import random
import struct
from array import array
from collections.abc import Sequence
from pathlib import Path

_WIDTH = 64
_LAYERS = 2
_HEADS = 4
_INNER = 128
_CONTEXT = 4096

_CONTROL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_PIECES = (
    " the",
    " and",
    " you",
    " is",
    " to",
    "ing",
    "er",
    '":',
    ' "',
    '",',
    "}}",
    "é",
    "ü",
    "日",
    "😀",
    "\u202e",
    "\u200d",
)
_NEVER = -60.0

_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

# Types of values in GGUF.
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9


def write_tiny_model(path: Path, *, seed: int = 0) -> None:
    """Write the model to *path*; one seed gives one file."""
    words, kinds, merges = _vocabulary()
    tensors = _tensors(random.Random(seed), _biases(words, kinds))
    path.write_bytes(_gguf(_metadata(words, kinds, merges), tensors))


def _byte_letters() -> dict[int, str]:
    """Return the printable letter that stands for each byte in a byte-level vocabulary (as GPT-2 has it)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    others = [byte for byte in range(256) if byte not in letters]
    return letters | {byte: chr(256 + index) for index, byte in enumerate(others)}


def _vocabulary() -> tuple[list[str], list[int], list[str]]:
    letters = _byte_letters()
    words = [letters[byte] for byte in range(256)]
    merges: list[str] = []
    for piece in _PIECES:
        spelled = [letters[byte] for byte in piece.encode()]
        word = spelled[0]
        for letter in spelled[1:]:
            if f"{word} {letter}" not in merges:
                merges.append(f"{word} {letter}")
            word += letter
            if word not in words:
                words.append(word)
    kinds = [1] * len(words) + [3] * len(_CONTROL)  # 1: normal, 3: control
    return [*words, *_CONTROL], kinds, merges


def _biases(words: Sequence[str], kinds: Sequence[int]) -> list[float]:
    """Return how likely each word is by itself: letters often, the end now and then, half characters never."""
    bytes_of = {letter: byte for byte, letter in _byte_letters().items()}
    biases: list[float] = []
    for index, (word, kind) in enumerate(zip(words, kinds, strict=True)):
        if kind == 3:
            biases.append(1.0 if index == len(words) - 1 else _NEVER)
            continue
        raw = bytes(bytes_of[letter] for letter in word)
        text = raw.decode(errors="ignore")
        if text.encode() != raw:
            biases.append(_NEVER)
        elif len(raw) == 1 and raw[0] < 32 and raw not in b"\n\t":
            biases.append(-2.0)
        else:
            biases.append(0.7 if text.strip().isascii() and text.strip().isalpha() else 0.0)
    return biases


Tensor = tuple[str, tuple[int, ...], "array[float]"]


def _tensors(chance: random.Random, biases: Sequence[float]) -> list[Tensor]:
    def matrix(name: str, rows: int, columns: int, scale: float) -> Tensor:
        return name, (columns, rows), array("f", (chance.gauss(0, scale) for _ in range(rows * columns)))

    def ones(name: str) -> Tensor:
        return name, (_WIDTH,), array("f", [1.0] * _WIDTH)

    # Dimension 0 is the same for every word and no layer changes it, so that its column in the output is a bias.
    def without_first_row(tensor: Tensor) -> Tensor:
        tensor[2][: tensor[1][0]] = array("f", [0.0] * tensor[1][0])
        return tensor

    scale = 1 / math.sqrt(_WIDTH)
    embedding = matrix("token_embd.weight", len(biases), _WIDTH, 1.0)
    output = matrix("output.weight", len(biases), _WIDTH, scale)
    for row, bias in enumerate(biases):
        embedding[2][row * _WIDTH] = 3.0
        output[2][row * _WIDTH] = bias
    tensors = [embedding]
    for layer in range(_LAYERS):
        block = f"blk.{layer}."
        tensors += [ones(block + "attn_norm.weight"), ones(block + "ffn_norm.weight")]
        tensors += [matrix(f"{block}attn_{part}.weight", _WIDTH, _WIDTH, scale) for part in "qkv"]
        tensors.append(without_first_row(matrix(block + "attn_output.weight", _WIDTH, _WIDTH, scale)))
        tensors += [matrix(f"{block}ffn_{part}.weight", _INNER, _WIDTH, scale) for part in ("gate", "up")]
        tensors.append(without_first_row(matrix(block + "ffn_down.weight", _WIDTH, _INNER, 1 / math.sqrt(_INNER))))
    return [*tensors, ones("output_norm.weight"), output]


def _metadata(words: list[str], kinds: list[int], merges: list[str]) -> list[tuple[str, int, object]]:
    end = len(words) - 1
    return [
        ("general.architecture", _STRING, "llama"),
        ("general.name", _STRING, "tiny-random"),
        ("general.file_type", _UINT32, 0),
        ("llama.context_length", _UINT32, _CONTEXT),
        ("llama.embedding_length", _UINT32, _WIDTH),
        ("llama.block_count", _UINT32, _LAYERS),
        ("llama.feed_forward_length", _UINT32, _INNER),
        ("llama.attention.head_count", _UINT32, _HEADS),
        ("llama.attention.head_count_kv", _UINT32, _HEADS),
        ("llama.rope.dimension_count", _UINT32, _WIDTH // _HEADS),
        ("llama.attention.layer_norm_rms_epsilon", _FLOAT32, 1e-5),
        ("llama.vocab_size", _UINT32, len(words)),
        ("tokenizer.ggml.model", _STRING, "gpt2"),
        ("tokenizer.ggml.pre", _STRING, "gpt-2"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, words)),
        ("tokenizer.ggml.token_type", _ARRAY, (_INT32, kinds)),
        ("tokenizer.ggml.merges", _ARRAY, (_STRING, merges)),
        ("tokenizer.ggml.bos_token_id", _UINT32, end - 2),
        ("tokenizer.ggml.eos_token_id", _UINT32, end),
        ("tokenizer.ggml.eot_token_id", _UINT32, end),
        ("tokenizer.ggml.padding_token_id", _UINT32, end - 2),
        ("tokenizer.ggml.add_bos_token", _BOOL, False),
        ("tokenizer.chat_template", _STRING, _TEMPLATE),
    ]


def _gguf(metadata: list[tuple[str, int, object]], tensors: list[Tensor]) -> bytes:
    out = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(metadata)))
    for name, kind, value in metadata:
        out += _value(_STRING, name) + struct.pack("<I", kind) + _value(kind, value)
    offset = 0
    for name, shape, numbers in tensors:
        out += _value(_STRING, name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        out += struct.pack("<IQ", 0, offset)  # 0: 32-bit floats
        offset += _padded(4 * len(numbers))
    out += bytes(_padded(len(out)) - len(out))
    for _, _, numbers in tensors:
        raw = numbers.tobytes()
        out += raw + bytes(_padded(len(raw)) - len(raw))
    return bytes(out)


def _value(kind: int, value: object) -> bytes:
    if kind == _STRING:
        raw = str(value).encode()
        return struct.pack("<Q", len(raw)) + raw
    if kind == _ARRAY:
        assert isinstance(value, tuple)
        member, members = value
        return struct.pack("<IQ", member, len(members)) + b"".join(_value(member, each) for each in members)
    return struct.pack({_UINT32: "<I", _INT32: "<i", _FLOAT32: "<f", _BOOL: "<?"}[kind], value)


def _padded(size: int) -> int:
    return (size + 31) // 32 * 32
