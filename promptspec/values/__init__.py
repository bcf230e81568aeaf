"""What a value is: cleaned text, its units, patterns, formats, the one JSON reader, sinks and word matching.

Nothing is imported here, so that a module pays only for the part that it uses.
"""
