"""Which versions made a state folder: recognised before anything in it is read."""

import json
from importlib.metadata import version
from pathlib import Path

from packaging.version import InvalidVersion, Version

from cloud.state.durable_files import write_whole
from menagerie.errors import Conflict

FORMAT = 2
"""1 was `services/` alone, without seals and journals; `SavedState.check` turns it into this one."""


def require_known_version(root: Path) -> None:
    """Note our versions in a state folder; raise Conflict if later ones made it, which may keep it otherwise."""
    path = root / "version.json"
    ministack = version("ministack")
    ours = {"format": FORMAT, "menagerie": version("menagerie"), "ministack": ministack}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        made_by = int(found["format"]), Version(found["ministack"])
    except (OSError, ValueError, KeyError, TypeError, InvalidVersion):
        made_by = 1, Version("0")  # from before there were any, or cut off: whatever is in the folder is checked anyway
    advice = "use that version, another --state-dir, or --fresh to start with nothing"
    if made_by[0] > FORMAT:
        raise Conflict(
            f"the state in {root} is of format {made_by[0]}, made by Menagerie {found['menagerie']}; {advice}"
        )
    if made_by[1] > Version(ministack):
        raise Conflict(
            f"the state in {root} was made by MiniStack {made_by[1]}, which {ministack} may not read; {advice}"
        )
    write_whole(path, json.dumps(ours) + "\n")
