"""Check the messages of commits: `commit_subjects.py FILE`, as Git's commit-msg hook, or `commit_subjects.py A..B`."""

import re
import subprocess
import sys
from pathlib import Path

LONGEST_SUBJECT = 72
# Git writes these itself, or removes them when it rebases.
WRITTEN_BY_GIT = re.compile(r"(Merge|Revert|Reapply|fixup!|squash!|amend!) ")


def faults(message: str) -> list[str]:
    """Return what is wrong with a commit's message."""
    subject, *body = message.splitlines() or [""]
    if WRITTEN_BY_GIT.match(subject):
        return []
    checks = {
        "the subject is empty": not subject.strip(),
        f"the subject has {len(subject)} characters, {LONGEST_SUBJECT} at most": len(subject) > LONGEST_SUBJECT,
        'the subject contains "and": a commit is one change': bool(re.search(r"\band\b", subject, re.IGNORECASE)),
        "the subject does not begin with a capital letter": bool(subject.strip()) and not subject[0].isupper(),
        "the subject ends with a full stop": subject.endswith("."),
        "the line after the subject is not empty": bool(body) and bool(body[0].strip()),
    }
    return [fault for fault, found in checks.items() if found]


def messages(source: str) -> list[str]:
    """Return the message in a file, without Git's comments, or those of a range of commits."""
    if Path(source).is_file():
        lines = Path(source).read_text(encoding="utf-8").partition("\n# ------------------------ >8")[0].splitlines()
        return ["\n".join(line for line in lines if not line.startswith("#"))]
    listed = subprocess.check_output(["git", "log", "--no-merges", "--format=%B%x00", source], encoding="utf-8")
    return [message.strip("\n") for message in listed.split("\0") if message.strip()]


def main(source: str) -> int:
    """Print the faults of each message; return 1 if there are any."""
    found = [(message.partition("\n")[0], fault) for message in messages(source) for fault in faults(message)]
    for subject, fault in found:
        print(f"{subject!r}: {fault}", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
