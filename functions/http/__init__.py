"""What both HTTP functions share: the application, problem documents, logs, keys."""
