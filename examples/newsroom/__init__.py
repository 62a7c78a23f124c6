"""A demo newsroom: three invented news outlets, served on loopback."""

from examples.newsroom.server import Newsroom, Visit

__all__ = ["Newsroom", "Visit"]
