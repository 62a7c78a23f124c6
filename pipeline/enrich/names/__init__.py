"""Names of people over spellings and scripts: how they sound, whether two are one, and the key that an id is made of."""
