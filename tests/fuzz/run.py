"""Fuzzes what reads network bytes: the core built by clang with libFuzzer and sanitizers.

``run.py [MINUTES]`` gives each target that many minutes, half of them with Python as the oracle.
What it finds stays in build/fuzz; ``run.py --keep`` takes into tests/fuzz/corpus what covers
something new, and a crash belongs there by hand, once it is mended.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

from instrumented import FLAGS, REPO, SANITIZERS, build, environment

HERE = REPO / "tests" / "fuzz"
BUILD = REPO / "build" / "fuzz"
PROGRAM = BUILD / "fuzz"
CORPUS = HERE / "corpus"

# The largest input that is worth while: a query, a reply, both with knobs.
TARGETS = {"scan": 600, "walk": 1400, "patch": 1900}


def build_program() -> Path:
    """Link Python, target.pyx and libFuzzer; return the folder of the packages it imports."""
    packages = build("clang", f"fuzzer-no-link,{SANITIZERS}", BUILD)
    code = BUILD / "target.c"
    cython = ["-m", "cython", str(HERE / "target.pyx"), "-o", str(code)]
    subprocess.run([sys.executable, *cython], cwd=REPO, check=True)
    libraries = sysconfig.get_config_var("LIBDIR")
    command = [
        *("clang", *FLAGS, f"-fsanitize=fuzzer,{SANITIZERS}"),
        # The extensions find the runtime of the sanitizers and of the fuzzer in the program.
        "-rdynamic",
        *(f"-I{sysconfig.get_paths()['include']}", f"-I{BUILD}"),
        *(str(code), str(HERE / "start.c")),
        *(f"-L{libraries}", f"-Wl,-rpath,{libraries}"),
        *(f"-lpython{sysconfig.get_python_version()}", "-o", str(PROGRAM)),
    ]
    subprocess.run(command, check=True)
    return packages


def run(target: str, options: list[str], *, oracle: bool) -> None:
    env = environment(BUILD / "lib", REPO / "tests" / "fast")
    env |= {"FUZZ_TARGET": target, "FUZZ_ORACLE": "1" if oracle else "0"}
    subprocess.run([str(PROGRAM), *options], env=env, check=True)


def fuzz(target: str, seconds: int, *, oracle: bool) -> None:
    found = BUILD / "found" / target
    found.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"{target}, {'with' if oracle else 'without'} the oracle, {seconds} s\n")
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={TARGETS[target]}",
        "-timeout=10",
        "-use_value_profile=1",
        "-print_final_stats=1",
        f"-artifact_prefix={BUILD}/crash-{target}-",
    ]
    run(target, [*options, str(found), str(CORPUS / target)], oracle=oracle)


def keep(target: str) -> None:
    found = BUILD / "found" / target
    run(target, ["-merge=1", str(CORPUS / target), str(found)], oracle=False)


def main(arguments: list[str]) -> None:
    if arguments == ["--keep"]:
        for target in TARGETS:
            keep(target)
        return
    minutes = float(arguments[0]) if arguments else 1.0
    build_program()
    for target in TARGETS:
        for oracle in (False, True):
            fuzz(target, int(minutes * 30), oracle=oracle)


if __name__ == "__main__":
    main(sys.argv[1:])
