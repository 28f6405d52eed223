"""Builds a copy of filterd whose core is compiled with sanitizers, beside the tree under build/."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

REPO = Path(__file__).parents[2]
SANITIZERS = "address,undefined"
# Signed numbers that wrap are a finding, so Python's own -fwrapv goes.
FLAGS = ("-g", "-O1", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all", "-fno-wrapv")


def build(compiler: str, sanitizers: str, where: Path) -> Path:
    """Return the folder that holds the packages; it belongs first on PYTHONPATH."""
    env = os.environ | {
        "CC": compiler,
        "LDSHARED": f"{compiler} -shared",
        "CFLAGS": " ".join([*FLAGS, f"-fsanitize={sanitizers}"]),
        "FILTERD_NATIVE": "require",
    }
    packages = where / "lib"
    setup = ["setup.py", "-q", "build", "--build-base", str(where), "--build-lib", str(packages)]
    subprocess.run([sys.executable, *setup], cwd=REPO, env=env, check=True)
    return packages


def environment(*paths: Path) -> dict[str, str]:
    """Return what Python needs to import from these folders, and to be looked at by ASan."""
    here = sysconfig.get_paths()["purelib"]
    return os.environ | {
        "PYTHONPATH": os.pathsep.join([*map(str, paths), here]),
        # Else the tree would come before the build.
        "PYTHONSAFEPATH": "1",
        # Each object in memory of its own, so that a read behind it shows.
        "PYTHONMALLOC": "malloc",
        # Python keeps what it has until it ends.
        "ASAN_OPTIONS": "detect_leaks=0",
    }
