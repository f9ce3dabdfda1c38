"""`menagerie data-service` in a separate process."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
import typer
from typer.testing import CliRunner

from cloud.commands.data_service import data_service
from data_service.generator import rows
from menagerie.errors import Unavailable
from tests.waiting import LIMIT_SECONDS

PROGRAM = "import typer; from cloud.commands.data_service import data_service; typer.run(data_service)"

app = typer.Typer()
app.command()(data_service)


@contextmanager
def started(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            found = re.search(r"http://\S+:\d+", line)
            assert found, line
            yield process, found.group()
        finally:
            process.terminate()
            process.wait(LIMIT_SECONDS)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal(end: signal.Signals) -> None:
    with started("--port", "0") as (process, url):
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=5), base_url=url, timeout=LIMIT_SECONDS) as client:
            answer = client.post("/api/v1/animals/data", json={"seed": 9, "number_of_datapoints": 3})
        assert answer.json() == [row._asdict() for row in rows(9, 3)]
        process.send_signal(end)
        process.wait(LIMIT_SECONDS)
        assert process.stderr
        assert process.stderr.read() == ""
        assert process.returncode in (0, -signal.SIGTERM)


def test_a_port_in_use_is_an_error_of_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            Unavailable, match=rf"cannot listen on 127.0.0.1:{port} \(Address already in use\)"
        ) as caught:
            CliRunner().invoke(app, ["--port", str(port)], catch_exceptions=False)
    assert "\n" not in str(caught.value)
    assert "choose another --port" in str(caught.value)


def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(Unavailable, match="'no such host' is no address"):
        CliRunner().invoke(app, ["--host", "no such host"], catch_exceptions=False)


@pytest.mark.parametrize("port", ["-1", "65536", "eighty"])
def test_an_invalid_port_is_refused(port: str) -> None:
    result = CliRunner().invoke(app, ["--port", port])
    assert result.exit_code == 2
    assert "--port" in result.stderr
