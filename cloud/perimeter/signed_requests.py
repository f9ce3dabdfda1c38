"""ASGI middleware that verifies AWS signatures before a request gets to an emulated AWS.

It supports Signature Version 4 in a header or a query, and Version 2 in a query, with which boto3 presigns by default.

The emulators do not verify signatures: MiniStack (1.5.33) accepts any signature with an account number as the access
key, also with IAM enforcement, and LocalStack ignores them. Botocore's signers compute the expected signatures.
"""

import hmac
import re
from collections.abc import Callable, Collection, Iterable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from menagerie.same_origin import Application, Receive, Scope, Send, header_values, refuse

SecretLookup = Callable[[str, str], str | None]
"""Returns the secret key of an access key and its session token ("" for none), or None if that pair is unknown."""

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOADS = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
MAX_SKEW = timedelta(minutes=15)
MAX_EXPIRES_SECONDS = 7 * 24 * 3600
HEALTH_PATHS = frozenset({"/_ministack/health", "/_ministack/ready", "/_localstack/health", "/_localstack/init/ready"})

# A subset of the paths that emulators treat as a stage of an API. Managing WebSocket connections needs a signature.
_GATEWAY = re.compile(
    r"/_aws/execute-api/[A-Za-z0-9]+/[A-Za-z0-9_-]+(?!/@connections)(/.*)?"
    r"|/restapis/[A-Za-z0-9]+/[A-Za-z0-9_-]+/_user_request_(?!/@connections)(/.*)?",
    re.DOTALL,
)
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_QUERY_FIELDS = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
_SIGNING_WORDS = {"x-amz-signature", "x-amz-credential", "x-amz-algorithm", "awsaccesskeyid", "signature"}
# Version 2 signs only these fields of a query. Others could change the request.
_VERSION_2_FIELDS = {"AWSAccessKeyId", "Expires", "Signature"}
_VERSION_2_QUERY = _VERSION_2_FIELDS | {*HmacV1QueryAuth.QSAOfInterest, "x-amz-security-token"}


class SignatureRefused(Exception):
    """A request has no valid signature. The message has the reason and contains no secret."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The fields of a Version 4 signature."""

    access_key: str
    token: str
    value: str
    region: str
    service: str
    timestamp: str
    signed_headers: tuple[str, ...]
    expires: timedelta | None
    """None for a signature in the Authorization header."""


@dataclass(frozen=True, slots=True)
class SignatureVersion2:
    """The fields of a Version 2 signature in a query, for S3; `expires_at` is in seconds since 1970."""

    access_key: str
    token: str
    value: str
    expires_at: int


class SignedRequestsMiddleware:
    """Responds with 403 to requests without a valid signature, except to routes of API Gateway and health checks.

    WebSockets are refused, because none is served.
    """

    def __init__(
        self, app: Application, secret_of: SecretLookup, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Take a lookup of secret keys."""
        self._app = app
        self._secret_of = secret_of
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan" or (scope["type"] == "http" and is_open(scope)):
            await self._app(scope, receive, send)
            return
        try:
            if scope["type"] != "http":
                raise SignatureRefused("Only HTTP is served here.")
            signature = read_signature(scope)
            secret = self._secret_of(signature.access_key, signature.token)
            if secret is None:
                raise SignatureRefused("The access key or its session token is unknown.")
            check_time(signature, self._now())
            body = await _whole_body(receive)
            verify(scope, body, signature, secret)
        except SignatureRefused as refused:
            await refuse(scope, send, str(refused))
        except ConnectionResetError:
            return
        else:
            await self._app(scope, _replayed(body, receive), send)


def is_open(scope: Scope) -> bool:
    """Return whether a request needs no signature: for API Gateway, which checks API keys, and for health checks."""
    path: str = scope["path"]
    return (path in HEALTH_PATHS and scope["method"] in ("GET", "HEAD")) or _GATEWAY.fullmatch(path) is not None


def read_signature(scope: Scope) -> Signature | SignatureVersion2:
    """Return the signature of the Authorization header or the query; raise SignatureRefused unless there is one."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    in_query = any(name.lower() in _SIGNING_WORDS for name, _ in query)
    authorizations = list(header_values(scope, b"authorization"))
    if in_query and authorizations:
        raise SignatureRefused("A request must be signed in its Authorization header or in its query, not in both.")
    if in_query:
        names = {name for name, _ in query}
        return _from_query_version_2(query) if "AWSAccessKeyId" in names else _from_query(query)
    if len(authorizations) != 1:
        raise SignatureRefused("Requests to this server must be signed with AWS Signature Version 4.")
    return _from_header(authorizations[0], scope)


def _from_header(authorization: str, scope: Scope) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM or set(fields) != {"Credential", "SignedHeaders", "Signature"}:
        raise SignatureRefused(f"The Authorization header has no {ALGORITHM} signature.")
    timestamp = _only(header_values(scope, b"x-amz-date"), "The X-Amz-Date header")
    tokens = list(header_values(scope, b"x-amz-security-token")) or [""]
    signed = fields["SignedHeaders"].split(";")
    return _signature(
        fields["Credential"], _only(tokens, "A session token"), timestamp, signed, fields["Signature"], None
    )


def _from_query(query: list[tuple[str, str]]) -> Signature:
    def field(name: str) -> str:
        return _only((value for key, value in query if key == f"X-Amz-{name}"), f"X-Amz-{name}")

    fields = {name: field(name) for name in _QUERY_FIELDS}
    if fields["Algorithm"] != ALGORITHM:
        raise SignatureRefused(f"The query has no {ALGORITHM} signature.")
    expires = fields["Expires"]
    if not (expires.isascii() and expires.isdigit() and 0 < int(expires) <= MAX_EXPIRES_SECONDS):
        raise SignatureRefused("X-Amz-Expires must be 1 to 604800 seconds.")
    tokens = [value for key, value in query if key == "X-Amz-Security-Token"] or [""]
    signed = fields["SignedHeaders"].split(";")
    return _signature(
        fields["Credential"],
        _only(tokens, "X-Amz-Security-Token"),
        fields["Date"],
        signed,
        fields["Signature"],
        timedelta(seconds=int(expires)),
    )


def _from_query_version_2(query: list[tuple[str, str]]) -> SignatureVersion2:
    names = [name for name, _ in query]
    if not _VERSION_2_QUERY.issuperset(names) or len(set(names)) < len(names):
        raise SignatureRefused("The query has fields that its signature does not cover.")
    fields = dict(query)
    if not _VERSION_2_FIELDS.issubset(fields) or not re.fullmatch("[0-9]{1,12}", fields["Expires"]):
        raise SignatureRefused(f"A query that is signed with Version 2 has {', '.join(sorted(_VERSION_2_FIELDS))}.")
    token = fields.get("x-amz-security-token", "")
    return SignatureVersion2(fields["AWSAccessKeyId"], token, fields["Signature"], int(fields["Expires"]))


def _signature(
    credential: str, token: str, timestamp: str, signed: list[str], value: str, expires: timedelta | None
) -> Signature:
    scope = credential.split("/")
    if len(scope) != 5 or scope[4] != "aws4_request" or scope[1] != timestamp[:8]:
        raise SignatureRefused("The credential's scope is not key/date/region/service/aws4_request of that date.")
    return Signature(scope[0], token, value, scope[2], scope[3], timestamp, tuple(signed), expires)


def check_time(signature: Signature | SignatureVersion2, now: datetime) -> None:
    """Raise SignatureRefused if a signature has expired or is not valid yet."""
    if isinstance(signature, SignatureVersion2):
        if now.timestamp() > signature.expires_at:
            raise SignatureRefused("The signature has expired.")
        return
    try:
        if _TIMESTAMP.fullmatch(signature.timestamp) is None:
            raise ValueError
        signed_at = datetime.fromisoformat(signature.timestamp)
    except ValueError:
        raise SignatureRefused("The date of the signature must have the format 20260131T235959Z.") from None
    if signed_at > now + MAX_SKEW:
        raise SignatureRefused("The signature is not valid yet.")
    if now > signed_at + (MAX_SKEW if signature.expires is None else signature.expires):
        raise SignatureRefused("The signature has expired.")


def verify(scope: Scope, body: bytes, signature: Signature | SignatureVersion2, secret: str) -> None:
    """Raise SignatureRefused unless the signature matches the request and the secret key."""
    credentials = Credentials(signature.access_key, secret, signature.token or None)
    if isinstance(signature, SignatureVersion2):
        _refuse_forms(scope)
        expected = _version_2(_as_sent(scope, body, None), signature, credentials)
    else:
        _check_headers(scope, signature)
        _check_body(scope, body, signature)
        request = _as_sent(scope, body, signature.signed_headers)
        request.context["timestamp"] = signature.timestamp
        signer = _signer(signature)(credentials, signature.service, signature.region)
        expected = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    if not hmac.compare_digest(expected.encode(), signature.value.encode()):
        raise SignatureRefused("The signature does not match the request and the secret key.")


def _version_2(request: AWSRequest, signature: SignatureVersion2, credentials: Credentials) -> str:
    signer = HmacV1QueryAuth(credentials)
    if signature.token:
        request.headers["x-amz-security-token"] = signature.token
    standard = [request.headers.get(name, "").strip() for name in ("content-md5", "content-type")]
    lines = [str(request.method), *standard, str(signature.expires_at)]
    custom = signer.canonical_custom_headers(request.headers)  # type: ignore[arg-type]  # the stubs declare another type
    resource = signer.canonical_resource(urlsplit(str(request.url)))
    return signer.sign_string("\n".join([*lines, *([custom] if custom else []), resource]))


def _check_headers(scope: Scope, signature: Signature) -> None:
    names = {key.lower().decode("latin-1") for key, _ in scope["headers"]}
    unsigned = {name for name in names if name.startswith("x-amz-")} - set(signature.signed_headers)
    if "host" not in signature.signed_headers or unsigned:
        raise SignatureRefused("The Host header and all X-Amz- headers must be signed.")


def _refuse_forms(scope: Scope) -> None:
    # Emulators read the parameters of a call from a form. An unsigned form could change the call.
    if any(value.lower().startswith("application/x-www-form") for value in header_values(scope, b"content-type")):
        raise SignatureRefused("A form must be signed.")


def _check_body(scope: Scope, body: bytes, signature: Signature) -> None:
    digests = list(header_values(scope, b"x-amz-content-sha256"))
    if signature.service == "s3" and (signature.expires or set(digests) & set(UNSIGNED_PAYLOADS)):
        _refuse_forms(scope)
    for digest in digests:
        if signature.service == "s3" and digest in UNSIGNED_PAYLOADS:
            continue
        if _SHA256.fullmatch(digest) is None:
            raise SignatureRefused("X-Amz-Content-SHA256 must be the digest of the body, not of signed chunks.")
        if not hmac.compare_digest(digest, sha256(body).hexdigest()):
            raise SignatureRefused("The body differs from the signed one.")


def _signer(signature: Signature) -> type[SigV4Auth]:
    if signature.service != "s3":
        return SigV4Auth
    return S3SigV4Auth if signature.expires is None else S3SigV4QueryAuth


def _as_sent(scope: Scope, body: bytes, signed_headers: Collection[str] | None) -> AWSRequest:
    """Return the request for botocore, without its signature in the query, with all headers or only the signed ones."""
    pairs = scope["query_string"].decode("latin-1").split("&")
    query = "&".join(pair for pair in pairs if not pair.startswith("X-Amz-Signature="))
    target = scope["raw_path"].decode("latin-1")
    if not target.startswith("/") or "#" in target or "#" in query:
        raise SignatureRefused("The address of the request is not a path.")
    (host,) = header_values(scope, b"host")
    request = AWSRequest(scope["method"], f"http://{host}{target}" + (f"?{query}" if query else ""), data=body)
    for key, value in scope["headers"]:
        name = key.lower().decode("latin-1")
        if signed_headers is None or name in signed_headers:
            request.headers[name] = _text(value)
    return request


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _only(values: Iterable[str], name: str) -> str:
    found = list(values)
    if len(found) != 1:
        raise SignatureRefused(f"{name} must be given once.")
    return found[0]


async def _whole_body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionResetError
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)


def _replayed(body: bytes, receive: Receive) -> Receive:
    read = False

    async def replay() -> MutableMapping[str, Any]:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
