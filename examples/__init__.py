"""Things to try Newswire on: a demo newsroom and lists of sources."""
