"""Make the peer's environment, benchmarks/.peer, from the versions pinned in peer-requirements.txt."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    folder = HERE / ".peer"
    if not (folder / "bin/python").exists():
        venv.create(folder, with_pip=True)
    # the project's own constraints pin other versions of the same packages
    environment = {k: v for k, v in os.environ.items() if k not in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT")}
    install = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "-r", str(HERE / "peer-requirements.txt")]
    sys.exit(subprocess.run(install, env=environment).returncode)


if __name__ == "__main__":
    main()
