"""Ports are checked before anything starts."""

import socket

import pytest

from cloud.ports import LOOPBACK, choose_free, is_free, require_free
from menagerie.errors import Conflict


def test_a_taken_port_is_named_with_the_option_that_chooses_another() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(Conflict, match=f"port {port} is taken .* --dashboard-port"):
            require_free(port, "--dashboard-port")


def test_a_free_port_passes() -> None:
    port = choose_free()
    require_free(port, "--port")
    assert is_free(port)
