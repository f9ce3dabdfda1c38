"""An API of the standard library that keeps the dashboard's contract, with switches for everything that goes wrong."""

import json
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.samples import manifest_of

KEY = "a-key-for-tests"
CLASSES = ("kangaroo", "elephant", "chicken", "dog", "unknown")
VERSION = "20260131T120000Z-0a1b2c3d"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STAGE = "/v1"
COUNTS = ("Invocations", "Errors", "Throttles")

Json = dict[str, Any]


class LocalApi:
    """`with LocalApi() as api:` serves at `api.url` until the block ends or `stop()`; set the switches at any time."""

    def __init__(self, port: int = 0) -> None:
        self._answering = threading.Event()
        self._answering.set()
        self.refusal: tuple[int, Json, dict[str, str]] | None = None
        self.model_version: str | None = VERSION
        self.manifests = True
        self.rows_kept = True
        self.counted: dict[tuple[str, str], float] = {}
        self.data_service = True
        self.stored: list[Json] = []
        self.older: list[str] = []
        self.parents: dict[str, str] = {}
        self.jobs: list[Json] = []
        self.sent: list[Json] = []
        self.keys: list[str | None] = []
        self.asked: list[str] = []
        self.connections: list[socket.socket] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler_for(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.data_service_url = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.data_service_url}{STAGE}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection; stopping twice does no harm."""
        self._answering.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def fall_silent(self) -> None:
        """Take requests, and answer none until the end."""
        self._answering.clear()

    def wait_until_it_answers(self) -> None:
        """Hold a request back while the API is silent."""
        self._answering.wait()

    def refuse(self, status: int, body: Json, **headers: str) -> None:
        """Answer everything but /health with this from now on."""
        self.refusal = (status, body, {name.replace("_", "-"): value for name, value in headers.items()})

    def store(self, animals: list[Json], created_at: datetime | None = None, version: str | None = None) -> list[Json]:
        """Classify and keep animals as `POST /predict` does without a key."""
        when = created_at or datetime.now(UTC)
        kept = [
            {
                "id": f"{len(self.stored):026d}-{i}",
                "created_at": when.isoformat(),
                "animal": animal,
                **_classify(animal),
                "model_version": version or self.model_version,
                "feedback": None,
            }
            for i, animal in enumerate(animals)
        ]
        self.stored += kept
        return kept

    def store_many(self, count: int) -> None:
        """Keep `count` animals of changing species, a minute apart."""
        for i in range(count):
            self.store([MIXED[i % len(MIXED)]], START + timedelta(minutes=i))

    def answer(self, method: str, path: str, query: dict[str, str], body: Json) -> tuple[int, Any]:
        """Route one request."""
        match method, path.removeprefix(STAGE).strip("/").split("/"):
            case "GET", ["health"]:
                if self.model_version is None:
                    return 503, problem(503, "No model has been promoted yet.")
                return 200, {"status": "ok", "model_version": self.model_version}
            case "GET", ["models"]:
                versions = [self.model_version, *self.older] if self.model_version else []
                items = [
                    {**manifest(version), "parent": self.parents.get(version)}
                    for version in sorted(versions, reverse=True)
                ]
                return 200, {"current": self.model_version, "items": items}
            case "PUT", ["models", "current"]:
                self.older = [self.model_version or "", *(v for v in self.older if v != body["version"])]
                self.model_version = body["version"]
                return 200, {"version": self.model_version, "promoted_at": START.isoformat()}
            case "PUT", ["predictions", prediction_id, "feedback"]:
                (stored,) = [one for one in self.stored if one["id"] == prediction_id]
                stored["feedback"] = {"species": body["species"], "given_at": START.isoformat()}
                return 200, stored
            case "POST", ["retrain"]:
                if self.jobs and self.jobs[0]["status"] == "running":
                    return 409, problem(409, "one job runs at a time")
                self.jobs.insert(0, job(len(self.jobs), body))
                return 202, self.jobs[0]
            case "GET", ["retrain"]:
                return 200, {"items": self.jobs[: int(query.get("limit", "20"))]}
            case "GET", ["retrain", job_id]:
                return 200, next(one for one in self.jobs if one["job_id"] == job_id)
            case "GET", ["models", version, "rows"]:
                if not self.rows_kept or version not in {"current", self.model_version}:
                    return 404, problem(404, "The rows of this model were not kept.")
                rows = [MIXED[i % len(MIXED)] for i in range(int(query.get("limit", "1000")))]
                return 200, {"version": self.model_version, "total": 2000, "items": rows}
            case "GET", ["metrics"]:
                return 200, metrics(query, self.counted)
            case "GET", ["predictions", prediction_id]:
                found = [one for one in self.stored if one["id"] == prediction_id]
                return (200, found[0]) if found else (404, problem(404, "There is no such prediction."))
            case "GET", ["models", version]:
                known = self.manifests and version in {"current", self.model_version}
                return (200, manifest(self.model_version or "")) if known else (404, problem(404, "No such model."))
            case "POST", ["predict"]:
                kept = self.store(body["animals"], version=body.get("model_version"))
                version, created_at = kept[0]["model_version"], kept[0]["created_at"]
                envelope = {"request_id": "r", "model_version": version, "created_at": created_at}
                shown = ("id", "species", "confidence", "probabilities", "prediction_set")
                return 200, {**envelope, "predictions": [{name: one[name] for name in shown} for one in kept]}
            case "GET", ["predictions"]:
                return 200, self._page(query)
            case "POST", ["api", "v1", "animals", "data"] if self.data_service:
                return 200, [MIXED[i % len(MIXED)] for i in range(body["number_of_datapoints"])]
        return 403, {"message": "Missing Authentication Token"}

    def _page(self, query: dict[str, str]) -> Json:
        since, until = (datetime.fromisoformat(query[name]) if name in query else None for name in ("from", "to"))
        found = [
            one
            for one in reversed(self.stored)
            if query.get("species") in {None, one["species"]}
            and (since is None or datetime.fromisoformat(one["created_at"]) >= since)
            and (until is None or datetime.fromisoformat(one["created_at"]) <= until)
        ]
        start = int(query.get("cursor", "0"))
        end = start + int(query["limit"])
        return {"items": found[start:end], "next_cursor": str(end) if end < len(found) else None}


def manifest(version: str) -> Json:
    """Return a manifest."""
    made = datetime.strptime(version[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    document = manifest_of(b"model", made, version=version).model_dump(mode="json")
    document["metrics"] |= {"accuracy": 0.9987, "rows": 250, "confusion_matrix": CONFUSION}
    document["training"]["rows"] = 1000
    return document | {
        "zoology": [
            {"statement": "the chicken is winged", "holds": True, "seen": "48 of 48 rows answered chicken are"},
            {"statement": "the elephant is heavier than the dog", "holds": False, "seen": "medians 1 kg and 2 kg"},
        ],
        "reason": "promoted: it is better",
    }


CONFUSION = [[50 * (i == j) for j in range(5)] for i in range(5)]


def metrics(query: dict[str, str], counted: dict[tuple[str, str], float]) -> Json:
    """Return every series with one point at the beginning where something was counted, without where not."""
    named = [(source, metric, "Sum") for source in ("predict", "retrain", "train") for metric in COUNTS]
    named += [(source, "Duration", how) for source in ("predict", "retrain", "train") for how in ("Average", "p95")]
    named += [("api", metric, "Sum") for metric in ("Count", "4XXError", "5XXError")] + [("api", "Latency", "p95")]
    return {
        "from": query["from"],
        "to": query["to"],
        "period_seconds": int(query["period"]),
        "series": [
            {
                "source": source,
                "metric": metric,
                "statistic": statistic,
                "unit": "milliseconds" if metric in {"Duration", "Latency"} else "count",
                "points": [
                    {"at": query["from"], "value": value} for key, value in counted.items() if key == (source, metric)
                ],
            }
            for source, metric, statistic in named
        ],
    }


def job(number: int, request: Json) -> Json:
    """Return a training that runs."""
    return {
        "job_id": f"job-{number}",
        "status": "running",
        "request": request,
        "stage": "fitting",
        "progress": 0.5,
        "created_at": START.isoformat(),
        "deadline": START.isoformat(),
    }


def problem(status: int, detail: str, errors: list[Json] | None = None) -> Json:
    """Return a problem document as RFC 9457 has it."""
    return {"type": "about:blank", "title": "Refused", "status": status, "detail": detail, "errors": errors or []}


def _animal(legs: int, height: float, weight: float, wings: bool) -> Json:
    return {"walks_on_n_legs": legs, "height": height, "weight": weight, "has_wings": wings, "has_tail": True}


MIXED = (
    _animal(4, 0.5, 20.0, False),
    _animal(2, 0.3, 2.0, True),
    _animal(4, 3.0, 5000.0, False),
    _animal(2, 1.7, 60.0, False),
    _animal(5, 7.0, 300.0, True),
)


def _classify(animal: Json) -> Json:
    legs, wings, weight = animal["walks_on_n_legs"], animal["has_wings"], animal["weight"]
    species = "unknown"
    if legs == 4 and not wings:
        species = "elephant" if weight > 500 else "dog"
    elif legs == 2:
        species = "chicken" if wings else "kangaroo"
    rest = {"dog": "kangaroo", "unknown": "dog"}.get(species, "unknown")
    probabilities = dict.fromkeys(CLASSES, 0.005)
    probabilities |= {species: 0.93, rest: 0.055}
    doubtful = species == "dog"
    return {
        "species": species,
        "confidence": probabilities[species],
        "probabilities": probabilities,
        "prediction_set": [species, rest] if doubtful else [species],
    }


def _handler_for(api: LocalApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            api.connections.append(self.connection)

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def do_PUT(self) -> None:
            self._serve("PUT")

        def _serve(self, method: str) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = json.loads(self.rfile.read(int(self.headers.get("content-length", "0"))) or b"{}")
            api.asked.append(f"{method} {parts.path.removeprefix(STAGE)}")
            if body:
                api.sent.append(body)
                api.keys.append(self.headers.get("idempotency-key"))
            api.wait_until_it_answers()
            open_to_all = parts.path.endswith(("/health", "/animals/data"))
            if not open_to_all and self.headers.get("x-api-key") != KEY:
                self._send(403, {"message": "Forbidden"}, {})
            elif not open_to_all and api.refusal is not None:
                self._send(*api.refusal)
            else:
                self._send(*api.answer(method, parts.path, query, body), {})

        def _send(self, status: int, body: Any, headers: dict[str, str]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {
                "content-type": "application/json",
                "content-length": str(len(data)),
                **headers,
            }.items():
                self.send_header(name, value)
            # The client may have given up on a slow answer.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep the tests' output quiet."""

    return Handler
