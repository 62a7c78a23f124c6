"""Index: an article with what was found in it becomes a document; the mapping file names the indices it goes to."""
