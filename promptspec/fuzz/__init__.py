"""A contract put to the test: cases, lying models, laws, and the slow, obvious judge that all of it is held to."""
