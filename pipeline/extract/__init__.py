"""From a capture to an article: pure, repeatable, given bytes."""
