"""ASGI applications that stand before an emulated cloud and refuse requests of strangers."""
