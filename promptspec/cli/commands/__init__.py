"""One module a command. None loads more than the command line itself until it runs."""
