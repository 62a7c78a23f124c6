"""Newswire: fetch, archive, extract, annotate and index news articles. Start reading at ``pipeline/flow.py``."""
