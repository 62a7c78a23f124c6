"""All I/O is here: one module a port and technology. Only parts.py imports it."""
