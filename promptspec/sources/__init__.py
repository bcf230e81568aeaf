"""Where dropdowns come from: one snapshot a source."""
