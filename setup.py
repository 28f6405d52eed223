"""Build the compiled parts of filterd, where there is a compiler; without one it runs in Python.

Everything else about the package stands in pyproject.toml.
"""

import sys
from hashlib import blake2b
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

try:
    from Cython.Build import cythonize
    from Cython.Compiler.Errors import CompileError
except ImportError:
    cythonize = None

HERE = Path(__file__).parent
ROOMS = [HERE / "filterd" / "lists" / "_native"]
if sys.platform == "linux":
    ROOMS.append(HERE / "filterd" / "fast")  # it speaks to the kernel


def sources() -> list[Path]:
    """Return the files that the compiled parts are made from."""
    return sorted(path for room in ROOMS for path in room.glob("*.p[yx][xd]"))


def digest() -> str:
    """Return what tells these sources from any others; every compiled module holds it."""
    found = blake2b(digest_size=8)
    for path in sources():
        found.update(f"{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return found.hexdigest()


def extensions() -> list[Extension]:
    """Return the compiled modules; none when Cython is not there or refuses a source."""
    if cythonize is None:
        sys.stderr.write("filterd: Cython is not installed; the compiled core is left out\n")
        return []
    modules = [
        Extension(
            ".".join(path.relative_to(HERE).with_suffix("").parts),
            [str(path.relative_to(HERE))],
            depends=[str(one.relative_to(HERE)) for one in sources()],
            define_macros=[("FILTERD_SOURCES", f'"{digest()}"')],
            extra_compile_args=["-O3"],
        )
        for path in sources()
        if path.suffix == ".pyx"
    ]
    try:
        compiled = cythonize(modules, build_dir="build")
    except CompileError as error:
        sys.stderr.write(f"filterd: the compiled core is left out: {error}\n")
        return []
    for module in compiled:
        module.optional = True  # cythonize() drops it
    return compiled


class BuildAnew(build_ext):
    """Builds every part or leaves it out: one from before, beside newer ones, would be loaded."""

    def run(self) -> None:
        if self.editable_mode or self.inplace:
            for room in ROOMS:
                for old in room.glob("*.so"):
                    old.unlink()
        super().run()


if __name__ == "__main__":
    setup(
        ext_modules=extensions(),
        cmdclass={"build_ext": BuildAnew},
        # A small computer has room for two compilers at a time.
        options={"build_ext": {"parallel": 2}},
    )
