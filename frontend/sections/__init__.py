"""Parts of pages: each lays out one thing that a visitor does."""
