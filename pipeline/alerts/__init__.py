"""Saved searches: asked about each newly indexed batch, and what they notice is told once (evaluation, delivery)."""
