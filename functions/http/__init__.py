"""Shared by the HTTP functions: the application, problem documents, reading requests, the operator's key."""
