"""The predict function: classifies and stores animals, lists predictions, describes models, documents the API."""
