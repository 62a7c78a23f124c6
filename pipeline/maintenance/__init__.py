"""What a day's upkeep does, and the report of it."""
