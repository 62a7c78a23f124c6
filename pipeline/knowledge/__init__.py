"""What is known of entities beyond one text: watch-lists that are imported, and what people decide on who is who."""
