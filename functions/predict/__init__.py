"""The predict function: answers, keeps and lists predictions, reads models, documents the API."""
