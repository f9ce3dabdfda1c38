"""The operator's key, which clients need to start training jobs and to promote models."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from menagerie.errors import Forbidden

if TYPE_CHECKING:
    from starlette.requests import Request

HEADER = "x-api-key"


@dataclass(frozen=True, slots=True)
class OperatorKey:
    """One of the API's keys, identified by its id in API Gateway or a digest of its value, which are no secrets.

    API Gateway has checked that a request has a key of the usage plan. On AWS the event names the key; emulators do not
    name it, and `sam local start-api` checks no key, so there the header is compared.
    """

    key_id: str = ""
    value_sha256: str = ""

    def require(self, request: "Request") -> None:
        """Raise Forbidden if a request came through API Gateway with another key, or with none.

        IAM authorizes a direct invocation, whose event names no API.
        """
        context = request.scope.get("aws.event", {}).get("requestContext") or {}
        if context.get("apiId") and not self._matches(context, request.headers.getlist(HEADER)):
            raise Forbidden("This takes the operator's key; the one that was sent is a client's.")

    def _matches(self, context: dict[str, dict[str, str] | None], values: list[str]) -> bool:
        key_id = (context.get("identity") or {}).get("apiKeyId")
        if self.key_id and key_id == self.key_id:
            return True
        digests = [sha256(value.encode()).hexdigest() for value in values]
        return len(digests) == 1 and hmac.compare_digest(digests[0], self.value_sha256)


NO_OPERATOR = OperatorKey()
"""Refuses every request through API Gateway."""
