"""Ports are checked before anything starts."""

import socket

import pytest

from cloud.local.ports import LOOPBACK, choose_free, is_free, require_distinct, require_free
from menagerie.errors import Conflict, InvalidInput


def test_a_port_in_use_is_named_with_its_option() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(Conflict, match=f"port {port} is in use .* --dashboard-port"):
            require_free(port, "--dashboard-port")


def test_a_free_port_is_accepted() -> None:
    port = choose_free()
    require_free(port, "--port")
    assert is_free(port)


def test_the_same_port_for_two_things_is_named_with_both_options() -> None:
    require_distinct({"--port": 1, "--data-service-port": 2, "--dashboard-port": 3})
    with pytest.raises(InvalidInput, match="port 2 cannot be both --data-service-port and --dashboard-port"):
        require_distinct({"--port": 1, "--data-service-port": 2, "--dashboard-port": 2})
