"""The words every part of the application shares: animals, models, predictions, and where they are kept."""
