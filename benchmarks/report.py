"""The folder for results, and a description of the machine."""

import os
import platform
from pathlib import Path

RESULTS = Path(__file__).resolve().parent.parent / "build" / "benchmarks"


def machine() -> dict[str, str | int | None]:
    """Return processor, system and Python of this machine."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
