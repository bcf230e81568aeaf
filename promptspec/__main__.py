"""`python -m promptspec` is the command line."""

from __future__ import annotations

import sys

from promptspec.cli import main

if __name__ == "__main__":
    sys.exit(main())
