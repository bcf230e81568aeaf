"""Whether a text has the tone that a spec asks for: one judge a rule, pure functions of the text, linear in it.

docs/reference/tone.md says of each rule what it measures, in which languages it is valid, and where it errs.
"""
