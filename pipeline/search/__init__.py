"""What the user asks: the options of a search to a Query (``request``), and its text, by a ``grammar``, to an ``expression``."""
