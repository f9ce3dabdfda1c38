"""ASGI applications that protect an emulated cloud from unauthorized requests."""
