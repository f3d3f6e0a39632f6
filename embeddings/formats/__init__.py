"""Files of every kind into text: one reader a kind, none of which knows of documents or of the index."""
