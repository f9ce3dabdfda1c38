"""Create empty wheels and hashed locks for them, to test installers without network."""

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path


def make_wheel(
    folder: Path, name: str, version: str, requires: Iterable[str] = (), files: Mapping[str, str] | None = None
) -> Path:
    """Write a wheel for every Python and platform. `requires` are lines of metadata, also for extras."""
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *requires, ""])
    tags = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents = {**(files or {}), f"{stem}.dist-info/METADATA": metadata, f"{stem}.dist-info/WHEEL": tags}
    record = "".join(f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in contents.items())
    contents[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name_inside, text in contents.items():
            archive.writestr(zipfile.ZipInfo(name_inside), text)
    return path


def locked(wheel: Path, marker: str = "") -> str:
    """Return the entry of a wheel in a hashed lock."""
    name, version = wheel.name.split("-")[:2]
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name.replace('_', '-')}=={version}{marker} \\\n    --hash=sha256:{digest}\n"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
