"""All I/O is here: one module a port and technology. Only wiring.py imports it."""
