"""What one kind of fault cost."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Outcome:
    """Counts of one scenario; all but the first two should be zero."""

    fault: str
    """What was injected, in words for the table."""
    injected: int = 0
    answered: int = 0
    """Requests that were answered with success while faults were injected."""
    lost: int = 0
    """Answered predictions that are not stored."""
    doubled: int = 0
    """Requests that were repeated with the same Idempotency-Key and are stored more than once."""
    wrong: int = 0
    """Stored predictions that differ from what was answered, or answers that are not what they should be."""
    unexplained: int = 0
    """Answers with status 5xx that no injected fault explains."""
    examples: list[str] = field(default_factory=list)
    """What went wrong, at most ten of each scenario."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, doubled, wrong, or unexplained."""
        return not (self.lost or self.doubled or self.wrong or self.unexplained)

    def note(self, example: str) -> None:
        """Keep an example of what went wrong."""
        if len(self.examples) < 10:
            self.examples.append(example[:300])

    def row(self) -> str:
        """Return the line of the table in docs/reliability.md."""
        counts = (self.injected, self.answered, self.lost, self.doubled, self.wrong, self.unexplained)
        return f"| {self.fault} | " + " | ".join(f"{count:,}" for count in counts) + " |"

    def document(self) -> dict[str, Any]:
        """Return the counts for a JSON file."""
        return asdict(self)
