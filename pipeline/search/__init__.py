"""What the user asks: the options and the grammar of a search (``request``, ``grammar``), to a Query."""
