"""From text to whom and what it names: pure, repeatable; the tagger comes through its port."""
