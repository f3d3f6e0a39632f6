"""Documents into passages, passages into vectors and terms, all of it into one index folder."""
