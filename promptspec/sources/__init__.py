"""Where dropdowns come from: one snapshot a source.

Reading: `load_rows(source, data, file=…, enums=…)` judges a file and gives its rows and its problems.
Keeping: `build_snapshot(layout, rows, path)` and `open_snapshot(path, content_hash=…)`; `MemorySnapshot` for few rows.
"""
