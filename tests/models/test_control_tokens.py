"""Spellings that a chat template would turn into control tokens."""

from __future__ import annotations

import pytest

from promptspec.models.control_tokens import find_control_token


@pytest.mark.parametrize(
    "token",
    [
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>", "<|begin_of_text|>",
        "<|START_OF_TURN_TOKEN|>", "<|channel|>", "<|user|>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "<s>", "</s>",
        "<bos>", "<eos>", "<pad>", "<start_of_turn>", "<end_of_turn>", "<｜User｜>", "<｜end▁of▁sentence｜>",
        "[SYSTEM_PROMPT]", "[TOOL_CALLS]", "<think>", "</think>", "<tool_call>", "<BOS_TOKEN>", "<|turn>", "<turn|>",
    ],
)  # fmt: skip
def test_known_spellings_are_found_wherever_they_stand(token):
    assert find_control_token(f"some text {token} more") == token
    assert find_control_token(token * 2) == token


@pytest.mark.parametrize(
    "text",
    ["", "plain", "a < b | c > d", "if x <| y", "<|", "|>", "[list]", "[inst]", "<b>bold</b>", "a<s", "<start>",
     "<| spaced out |>", "see [1]", "x[INST"],
)  # fmt: skip
def test_ordinary_text_is_left_alone(text):
    assert find_control_token(text) is None


def test_a_megabyte_of_beginnings_is_searched_in_linear_time():
    import time

    began = time.process_time()
    assert find_control_token("<|" * 500_000) is None
    assert find_control_token("<|" + "a" * 1_000_000) is None
    assert time.process_time() - began < 2.0
