"""The retrain function: queues training jobs for requests and events, and promotes models."""
