"""Everything that may go wrong, done on purpose to a whole service of its own."""
