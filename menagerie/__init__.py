"""The domain: animals, models, predictions, jobs, and the ports through which they are stored."""
