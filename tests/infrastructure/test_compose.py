"""The containers: their ports, their permissions, and versions that match the rest of the project."""

import re
from typing import Any

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

from cloud.installer import COMPLETE_LOCK
from cloud.perimeter import reverse_proxy
from cloud.perimeter.reverse_proxy import HOSTS_VARIABLE, UPSTREAM_VARIABLE
from cloud.resources import TEMPLATE

ROOT = TEMPLATE.parent
COMPOSE: dict[str, Any] = yaml_parse((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


class Overrides(yaml.SafeLoader):
    """Reads compose's own tags as what they stand before."""


Overrides.add_constructor("!reset", lambda *_: [])
MINISTACK: dict[str, Any] = yaml.load((ROOT / "docker-compose.ministack.yml").read_text(encoding="utf-8"), Overrides)


def test_every_port_is_published_on_loopback_only() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_capabilities(name: str) -> None:
    assert OURS[name]["cap_drop"] == ["ALL"]
    assert OURS[name]["security_opt"] == ["no-new-privileges:true"]
    assert "/var/run/docker.sock" not in str(OURS[name].get("volumes"))


def test_the_dashboard_waits_for_the_deployment_and_that_for_its_dependencies() -> None:
    assert OURS["dashboard"]["depends_on"] == {"deploy": {"condition": "service_healthy"}}
    assert OURS["deploy"]["depends_on"] == {
        "localstack": {"condition": "service_healthy"},
        "data-service": {"condition": "service_healthy"},
    }


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_killed_container_restarts(name: str) -> None:
    assert COMPOSE["services"][name]["restart"] == "unless-stopped"


def test_the_deployer_keeps_running_and_is_healthy_while_the_application_is_deployed() -> None:
    assert "--keep" in OURS["deploy"]["command"]
    assert "/state/stack.json" in OURS["deploy"]["healthcheck"]["test"][1]
    assert OURS["dashboard"]["environment"]["MENAGERIE_STACK_FILE"] == "/state/stack.json"


def test_the_emulator_is_reachable_from_outside_only_through_the_proxy() -> None:
    services = COMPOSE["services"]
    assert "ports" not in services["localstack"]
    assert services["proxy"]["ports"] == ["127.0.0.1:4566:4566"]
    assert services["proxy"]["environment"][UPSTREAM_VARIABLE] == "http://localstack:4566"
    assert services["proxy"]["entrypoint"] == ["python", "-m", reverse_proxy.__name__]
    assert {HOSTS_VARIABLE, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} < set(services["proxy"]["environment"])


def test_the_data_service_accepts_its_host_name() -> None:
    text = (ROOT / OURS["data-service"]["build"]["dockerfile"]).read_text(encoding="utf-8")
    assert '"--allowed-host", "data-service"' in text


def test_the_image_of_localstack_is_pinned_and_can_be_replaced() -> None:
    assert COMPOSE["services"]["localstack"]["image"] == "${LOCALSTACK_IMAGE:-localstack/localstack:4.14.0}"


def test_localstack_runs_the_services_for_table_streams() -> None:
    settings = (ROOT / "localstack" / "settings.env").read_text(encoding="utf-8")
    (services,) = re.findall(r"^SERVICES=(.*)$", settings, re.MULTILINE)
    assert {"dynamodb", "dynamodbstreams", "kinesis"} <= set(services.split(","))


def test_the_ministack_image_is_of_the_version_that_the_tests_run() -> None:
    pinned = re.search(
        r"^ministack==(\S+)", (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert pinned is not None
    service = MINISTACK["services"]["localstack"]
    assert service["image"] == f"ministackorg/ministack:{pinned[1]}-full"
    assert (service["user"], service["volumes"]) == ("ministack", [])


@pytest.mark.parametrize("name", OURS)
def test_a_dockerfile_needs_no_buildkit_no_root_and_no_unhashed_package(name: str) -> None:
    text = (ROOT / OURS[name]["build"]["dockerfile"]).read_text(encoding="utf-8")
    assert "--mount" not in text
    assert "syntax=" not in text
    assert re.search(r"^USER (?!root)\S+", text, re.MULTILINE)
    assert f"{' '.join(COMPLETE_LOCK)} -r requirements/" in text
    # The slow layer must not depend on our sources.
    sources = re.search(r"^COPY (?!requirements/)", text, re.MULTILINE)
    assert sources
    assert text.index("RUN pip install") < sources.start()


@pytest.mark.parametrize(
    "file",
    ["frontend/Dockerfile", "data_service/Dockerfile", "docker-compose.yml", "docker-compose.ministack.yml"],
)
def test_health_checks_use_no_proxy(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    assert "urllib.request as" not in text
    assert text.count("curl ") == text.count("curl -sf --noproxy '*' ")
