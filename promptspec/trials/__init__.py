"""Examples, tests and labelled rows, run on the generated module."""

from promptspec.trials.examples import check_paths, try_examples
from promptspec.trials.tests import TestResult, run_tests

__all__ = ["TestResult", "check_paths", "run_tests", "try_examples"]
