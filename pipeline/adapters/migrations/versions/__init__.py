"""One module a version, each after the one that it names. A published one is never edited."""
