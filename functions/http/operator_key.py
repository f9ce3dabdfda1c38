"""The operator's key: what changes which model answers is not for every client of the API."""

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
    """One of the API's keys, known by what is no secret: its id in API Gateway, or a digest of its value.

    API Gateway has checked that a request carries a key of the usage plan. On AWS it says which; emulators do not, and
    `sam local start-api` checks none, so there the header itself is compared.
    """

    key_id: str = ""
    value_sha256: str = ""

    def require(self, request: "Request") -> None:
        """Raise Forbidden if a request came through API Gateway with another key, or with none.

        Whoever invokes the function directly was let in by IAM, and its event names no API.
        """
        context = request.scope.get("aws.event", {}).get("requestContext") or {}
        if context.get("apiId") and not self._is_meant(context, request.headers.getlist(HEADER)):
            raise Forbidden("This takes the operator's key; the one that was sent is a client's.")

    def _is_meant(self, context: dict[str, dict[str, str] | None], values: list[str]) -> bool:
        key_id = (context.get("identity") or {}).get("apiKeyId")
        if self.key_id and key_id == self.key_id:
            return True
        digests = [sha256(value.encode()).hexdigest() for value in values]
        return len(digests) == 1 and hmac.compare_digest(digests[0], self.value_sha256)


NO_OPERATOR = OperatorKey()
"""Lets nobody pass who comes through API Gateway."""
