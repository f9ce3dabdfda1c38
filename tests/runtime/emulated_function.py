"""Run a function of template.yaml from its unpacked zip as Lambda does, without any other packages."""

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
    """A context manager that runs the function. The first invocation is the cold start."""

    def __init__(
        self, name: str, *, python: str, code: Path, client: Path, emulator: Path, known: Mapping[str, str], home: Path
    ) -> None:
        """Configure the function.

        Args:
            name: Logical id in the template.
            python: The interpreter.
            code: The unpacked zip.
            client: Folder with Lambda's runtime client.
            emulator: The emulator of the runtime interface.
            known: Values of references in the template.
            home: The home folder, which must not exist.
        """
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
            # In Lambda's order: the zip, then the packages of the runtime, such as boto3.
            "PYTHONPATH": f"{code}:{client}",
        }
        # Without site-packages and working folder. Lambda's code is read-only, so Python writes no bytecode.
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
        """Return the handler's result; on failure the message has the function's log."""
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
            what="the emulator of the runtime interface to accept connections",
            process=self._process,
            log=self.log,
            retry_on=httpx2.ConnectError,
        )


def _resolved(variables: Mapping[str, Any], template: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """Return the variables as text, with references replaced by known values or by the parameter's default."""
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
                raise AssertionError(f"unknown kind of value for the variable {name}: {value}")
    return found
