"""The environment in which `sam local` runs the functions here: the one they have where they are deployed."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cloud.deployment import CODE
from cloud.local.relay import relayed
from menagerie.http_client import is_loopback

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

Variables = dict[str, str]


def deployed_variables(client: "LambdaClient", outputs: Mapping[str, str]) -> dict[str, Variables]:
    """Return what each function of the template has in its environment where it is deployed."""
    return {
        function: client.get_function_configuration(FunctionName=outputs[f"{function}Name"])["Environment"]["Variables"]
        for function in CODE
    }


@contextmanager
def seen_by_containers(
    functions: Mapping[str, Variables], endpoint_url: str | None, gateway: str | None
) -> Iterator[dict[str, Variables]]:
    """Yield the same with AWS_ENDPOINT_URL, if there is one, and with loopback addresses as containers reach them."""
    with ExitStack() as stack:
        reached: dict[str, str] = {}

        def reach(value: str) -> str:
            if not (value.startswith(("http://", "https://")) and is_loopback(value)):
                return value
            if value not in reached:
                reached[value] = stack.enter_context(relayed(value, gateway))
            return reached[value]

        endpoint = {"AWS_ENDPOINT_URL": endpoint_url} if endpoint_url else {}
        yield {
            function: {name: reach(value) for name, value in {**variables, **endpoint}.items()}
            for function, variables in functions.items()
        }


@contextmanager
def env_vars_file(functions: Mapping[str, Variables]) -> Iterator[Path]:
    """Yield a file for `sam local --env-vars` that only its owner may read and that is gone afterwards."""
    with tempfile.NamedTemporaryFile("w", prefix="menagerie-", suffix=".json", encoding="utf-8") as file:
        json.dump(functions, file, indent=2)
        file.flush()
        yield Path(file.name)
