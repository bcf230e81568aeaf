"""What is wrong with a spec, as facts."""

from promptspec.diagnostics.catalogue import CATALOGUE, Entry, Severity
from promptspec.diagnostics.model import Diagnostic, Label, Report, did_you_mean, near

__all__ = ["CATALOGUE", "Diagnostic", "Entry", "Label", "Report", "Severity", "did_you_mean", "near"]
