"""The three functions, run from their zips against moto's server and the data service."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import httpx2
import pytest

from cloud.clients import Clients
from cloud.deployment import CODE
from cloud.local.ports import LOOPBACK, choose_free
from cloud.packaging.bytecode import compiler_for
from cloud.packaging.lockfile import LAMBDA, Target, local_target
from cloud.packaging.package import PARTS, build
from cloud.resources import builds
from tests.runtime.emulated_function import ACCOUNT, EmulatedFunction
from tests.runtime.invocations import Invocations
from tests.runtime.lambda_runtime import emulator, fetched
from tests.waiting import LIMIT_SECONDS, wait_until

NAMES = {
    "ModelsBucket": "models",
    "PredictionsTable": "predictions",
    "JobsTable": "jobs",
    "TrainFunction": "train",
    "EventBus": "default",
    "ApiKey": "operator-key",
}


@dataclass(frozen=True)
class Services:
    """The servers that the functions call."""

    moto_url: str
    data_service_url: str
    session: boto3.Session


@dataclass(frozen=True)
class Code:
    """The zips for one interpreter, unpacked."""

    python: str
    target: Target
    folder: Path

    def of(self, function: str) -> Path:
        return self.folder / CODE[function]


@dataclass(frozen=True)
class Application:
    """The running functions, their asynchronous invocations, and clients of moto's server."""

    functions: dict[str, EmulatedFunction]
    invocations: Invocations
    clients: Clients


@contextmanager
def server(command: list[str], url: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run a server program during the block, which begins when it responds."""
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)
    try:
        wait_until(
            lambda: httpx2.get(url, timeout=10, trust_env=False).is_success,
            what=f"a response from {url}",
            process=process,
            log=log,
            retry_on=httpx2.TransportError,
        )
        yield
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    logs = tmp_path_factory.mktemp("servers")
    moto, data_service = choose_free(), choose_free()
    flask = fetched("moto-server", local_target())
    with ExitStack() as running:
        running.enter_context(
            server(
                [sys.executable, "-m", "cloud.cli", "data-service", "--host", LOOPBACK, "--port", str(data_service)],
                f"http://{LOOPBACK}:{data_service}/api/v1/animals/schema",
                dict(os.environ),
                logs / "data-service.log",
            )
        )
        running.enter_context(
            server(
                [sys.executable, "-m", "moto.server", "-H", LOOPBACK, "-p", str(moto)],
                f"http://{LOOPBACK}:{moto}/moto-api/",
                {**os.environ, **ACCOUNT, "PYTHONPATH": str(flask)},
                logs / "moto.log",
            )
        )
        session = boto3.Session("testing", "testing", region_name=ACCOUNT["AWS_REGION"])
        yield Services(f"http://{LOOPBACK}:{moto}", f"http://{LOOPBACK}:{data_service}", session)


@pytest.fixture(scope="session", params=["local", "lambda"])
def code(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Code:
    target = local_target() if request.param == "local" else LAMBDA
    compiler = compiler_for(target)
    if request.param == "lambda" and target == local_target():
        pytest.skip("this interpreter is Lambda's")
    if compiler is None:
        pytest.skip(f"no python{target.python_version} was found")
    if (target.sys_platform, target.machine) != (local_target().sys_platform, local_target().machine):
        pytest.skip(f"the zips for {target.sys_platform} {target.machine} do not run here")
    folder = tmp_path_factory.mktemp("code")
    # The folders of `menagerie up` and `menagerie package`, so that existing zips are used.
    zips = builds() / "local" if request.param == "local" else builds()
    for part in PARTS:
        with zipfile.ZipFile(build(part, target, zips).path) as archive:
            archive.extractall(folder / part)
    return Code(compiler.executable, target, folder)


@pytest.fixture(scope="session")
def application(services: Services, code: Code, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """The functions in an empty account."""
    homes = tmp_path_factory.mktemp("homes")
    clients = Clients(services.session, services.moto_url)
    httpx2.post(f"{services.moto_url}/moto-api/reset", trust_env=False)
    clients.s3.create_bucket(
        Bucket=NAMES["ModelsBucket"], CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    dynamodb = services.session.client("dynamodb", endpoint_url=services.moto_url)
    for table in ("PredictionsTable", "JobsTable"):
        dynamodb.create_table(
            TableName=NAMES[table],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
    client = fetched("lambda-runtime", code.target)
    with ExitStack() as running:
        invocations = running.enter_context(Invocations())
        known = {
            **NAMES,
            "DataServiceUrl": services.data_service_url,
            "EndpointUrl": services.moto_url,
            "InvocationsUrl": invocations.url,
        }
        functions = {
            name: running.enter_context(
                EmulatedFunction(
                    name,
                    python=code.python,
                    code=code.of(name),
                    client=client,
                    emulator=emulator(),
                    known=known,
                    home=homes / name,
                )
            )
            for name in CODE
        }
        yield Application(functions, invocations, clients)
