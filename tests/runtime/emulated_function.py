"""One function of template.yaml, run from its unpacked zip as Lambda runs it, by an interpreter that sees no more."""

import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx2
from samtranslator.yaml_helper import yaml_parse

from cloud.deployment import STACK_NAME
from cloud.local.ports import LOOPBACK, choose_free
from cloud.resources import TEMPLATE
from tests.waiting import LIMIT_SECONDS, wait_until

ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


class EmulatedFunction:
    """Started with `with`; its first invocation is the cold one."""

    def __init__(
        self, name: str, *, python: str, code: Path, client: Path, emulator: Path, known: Mapping[str, str], home: Path
    ) -> None:
        """Take the function's name in the template, an interpreter, what it sees, and what references stand for."""
        template: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
        properties = template["Resources"][name]["Properties"]
        variables = {
            **template["Globals"]["Function"]["Environment"]["Variables"],
            **properties["Environment"]["Variables"],
        }
        self.home = home
        self.log = home.with_suffix(".log")
        self.environment = {
            **ACCOUNT,
            **_resolved(variables, template, known),
            "AWS_ENDPOINT_URL": known["EndpointUrl"],
            "AWS_ENDPOINT_URL_LAMBDA": known["InvocationsUrl"],
            "AWS_LAMBDA_FUNCTION_NAME": f"{STACK_NAME}-{name}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": f"{LIMIT_SECONDS:.0f}",
            "HOME": str(home),
            "LAMBDA_TASK_ROOT": str(code),
            # In Lambda's order: the zip, then what comes with the runtime, boto3 among it.
            "PYTHONPATH": f"{code}:{client}",
        }
        # No site-packages, nothing of the working folder; Lambda's code cannot be written to, so no bytecode either.
        self._command = [
            str(emulator),
            *("--runtime-interface-emulator-address", f"{LOOPBACK}:{choose_free()}"),
            *("--runtime-api-address", f"{LOOPBACK}:{choose_free()}"),
            *(python, "-S", "-s", "-P", "-B", "-m", "awslambdaric", properties["Handler"]),
        ]
        self._url = f"http://{self._command[2]}/2015-03-31/functions/function/invocations"
        self._process: subprocess.Popen[bytes] | None = None
        self.cold_seconds: float | None = None

    def __enter__(self) -> Self:
        self.home.mkdir()
        with self.log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.home, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(LIMIT_SECONDS)

    def invoke(self, event: object) -> dict[str, Any]:
        """Return what the handler returns; a failure shows the function's log."""
        started = time.perf_counter()
        answer = self._post(json.dumps(event).encode())
        if self.cold_seconds is None:
            self.cold_seconds = time.perf_counter() - started
        assert answer.status_code == 200, f"{answer.text}\n{self.log.read_text(encoding='utf-8')}"
        document: dict[str, Any] = answer.json()
        assert "errorType" not in document, f"{document}\n{self.log.read_text(encoding='utf-8')}"
        return document

    def _post(self, body: bytes) -> httpx2.Response:
        return wait_until(
            lambda: httpx2.post(self._url, content=body, timeout=LIMIT_SECONDS, trust_env=False),
            what="the emulator of the runtime interface to take connections",
            process=self._process,
            log=self.log,
            retry_on=httpx2.ConnectError,
        )


def _resolved(variables: Mapping[str, Any], template: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Return variables as text; a reference stands for what is known, or for its parameter's default."""
    defaults = {name: str(each["Default"]) for name, each in template["Parameters"].items() if "Default" in each}
    found = {}
    for name, value in variables.items():
        match value:
            case str():
                found[name] = value
            case {"Ref": reference}:
                found[name] = {**defaults, "AWS::StackName": STACK_NAME, **known}[reference]
            case {"Fn::If": ["HasEndpointUrl", _, _]}:
                continue
            case _:
                raise AssertionError(f"what is {name} in a function's environment? {value}")
    return found
