"""Runs the tests of the core against a build with ASan and UBSan; arguments go to pytest."""

import subprocess
import sys

from instrumented import REPO, SANITIZERS, build, environment


def runtime(library: str) -> str:
    """Return where gcc keeps one of its libraries."""
    asked = ["gcc", f"-print-file-name={library}"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def main(arguments: list[str]) -> int:
    packages = build("gcc", SANITIZERS, REPO / "build" / "sanitize")
    # Python itself is not instrumented, so the runtimes must be there before it.
    preload = " ".join(map(runtime, ["libasan.so", "libubsan.so", "libstdc++.so"]))
    env = environment(packages) | {"LD_PRELOAD": preload, "FILTERD_EXPECT_NATIVE": "1"}
    # What a sanitizer says goes past Python, so it must not be captured with the program's end.
    command = [sys.executable, "-m", "pytest", "--capture=sys", *(arguments or ["tests/fast"])]
    return subprocess.run(command, cwd=REPO, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
