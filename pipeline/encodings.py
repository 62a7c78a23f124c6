"""What is known of the encodings that senders name."""

#: Encodings that Python knows and nobody sends: escapes, names of hosts, what raises at once, and what browsers refuse.
UNSENT = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
