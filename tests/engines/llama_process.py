"""llama.cpp's own server on a free loopback port: `python llama_process.py MODEL.gguf KEY [embeddings]`.

Prints its address and ends when its standard input closes, so that it never outlives the tests.
"""

from __future__ import annotations

import sys
from typing import Any

import xllamacpp


def serve(model: str, key: str, *, embeddings: bool) -> None:
    """Serve *model* as `tiny` to those who know *key*: replies, or vectors in place of them."""
    library: Any = xllamacpp  # it ships no types
    parameters = library.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {"tiny"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [key]
    parameters.n_ctx = 16_384
    parameters.n_parallel = 4
    parameters.n_threads_http = 8
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    parameters.warmup = False
    if embeddings:
        parameters.embedding = True
        parameters.pooling_type = library.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    server = library.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], embeddings="embeddings" in sys.argv[3:])
