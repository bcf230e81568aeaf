"""`by embedding small`: which model makes vectors of a source, and where those of its rows lie."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from promptspec.check.desk import Desk, report_refused
from promptspec.check.models import Models
from promptspec.contract.feature import Embedding, Source
from promptspec.contract.models import OpenAIModel
from promptspec.ports import FileRefused
from promptspec.sources.vectors import MOST_TEXTS
from promptspec.syntax import tree
from promptspec.text import Span

#: Bytes of a file of vectors: as many as the most texts have, of vectors of 4,096 numbers.
_MOST_BYTES: Final = 2 * 1024 * 1024 * 1024


def check_embedding(desk: Desk, models: Models, name: tree.Name, source: Source, span: Span) -> Embedding | None:
    """Return what the model called *name* makes of *source*, where *span* asks for it; None after a report."""
    model = models.embedding(name)
    if model is None:
        return None
    if source.live is not None and source.live.refresh_ms is not None:
        # What is pulled while the application runs would have no vectors.
        desk.later(name.span, "`by embedding` in a source with `refresh`")
        return None
    if source.size > MOST_TEXTS:
        desk.add(
            "PS322",
            name.span,
            f"`{source.name}` has {source.size:,} rows, and vectors are compared of at most {MOST_TEXTS:,}",
            help="leave `by embedding` out: the lexical search has an index",
        )
        return None
    path = _path(source, model)
    return Embedding(model=model, path=path, content_hash=_hash(desk, path, span))


def _path(source: Source, model: OpenAIModel) -> str:
    """Return where the vectors of *source* by *model* lie, relative to the root: beside the spec that declares it."""
    columns = [column.name for column in source.searched]
    said = repr((model.name, model.base_url, columns))
    folder = source.origin.file.rpartition("/")[0]
    name = f"snapshots/{source.name}.{sha256(said.encode()).hexdigest()[:8]}.vectors"
    return f"{folder}/{name}" if folder else name


def _hash(desk: Desk, path: str, span: Span) -> str:
    """Return the hash of the file *path*, "" where there is none: then calls are refused."""
    try:
        with desk.files.open(path, most=_MOST_BYTES) as file:
            return desk.hashed(path, file)
    except FileRefused as refused:
        if refused.rule != "missing":
            report_refused(desk.report, span, refused)
        return ""
