"""Feeds, sitemaps and sources as they come: bytes in, entries and the next poll out. Nothing here touches the world."""
