"""Counts of the effects of one kind of fault."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Outcome:
    """Counts of one scenario. All but `injected` and `answered` should be zero."""

    fault: str
    """Description of the fault for the table."""
    injected: int = 0
    answered: int = 0
    """Successful requests while faults were injected."""
    lost: int = 0
    """Acknowledged predictions that are not stored."""
    doubled: int = 0
    """Requests that were repeated with the same Idempotency-Key and stored more than once."""
    wrong: int = 0
    """Stored predictions that differ from the response, or unexpected responses."""
    unexplained: int = 0
    """Responses with a 5xx status that no injected fault explains."""
    examples: list[str] = field(default_factory=list)
    """Descriptions of failures, at most ten for each scenario."""

    @property
    def is_clean(self) -> bool:
        """Whether all counts of failures are zero."""
        return not (self.lost or self.doubled or self.wrong or self.unexplained)

    def note(self, example: str) -> None:
        """Record an example of a failure."""
        if len(self.examples) < 10:
            self.examples.append(example[:300])

    def row(self) -> str:
        """Return the row of the table in docs/reliability.md."""
        counts = (self.injected, self.answered, self.lost, self.doubled, self.wrong, self.unexplained)
        return f"| {self.fault} | " + " | ".join(f"{count:,}" for count in counts) + " |"

    def document(self) -> dict[str, Any]:
        """Return the counts for a JSON file."""
        return asdict(self)
