"""How pages are asked for: robots, politeness, addresses and what an answer means. Pure; adapters/http_fetcher.py does it."""
