#!/bin/sh
# Build the compiled parts for aarch64 (a Raspberry Pi), with Debian's headers for it, and run their
# tests under emulation.  $1 is filterd's Python; what it makes stays in build/arm64.
set -eu

python=$1
made=$PWD/build/arm64
root=$made/root
packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static mmdebstrap"
for tool in aarch64-linux-gnu-gcc qemu-aarch64-static mmdebstrap; do
    command -v "$tool" >/dev/null || {
        echo "Skipped: there is no $tool; sudo apt install $packages"
        exit 0
    }
done
"$python" -m pip --version >/dev/null 2>&1 || {
    echo "Skipped: an environment that uv made has no pip, which fetches what the tests need"
    exit 0
}

mkdir -p "$made"
# Unpacked and not installed, so nothing there needs to run.  bookworm has the oldest Python we take.
[ -x "$root/usr/bin/python3.11" ] || mmdebstrap --quiet --variant=extract --architectures=arm64 \
    --include=python3,libpython3-dev,libstdc++6 bookworm "$root"
# In the versions that every other test runs with.
[ -d "$made/site/pytest" ] || "$python" -m pip install -q --disable-pip-version-check \
    --target "$made/site" --only-binary=:all: --python-version 3.11 --implementation cp \
    --platform manylinux2014_aarch64 --platform manylinux_2_28_aarch64 -c constraints.txt \
    setuptools pytest pytest-timeout pytest-randomly hypothesis dnspython dnslib pyyaml pydantic \
    click idna siphashc google-re2 psutil

# What does not build is left out, and then missed below: none may be left from before.
rm -rf "$made/lib"
SETUPTOOLS_EXT_SUFFIX=.so CC="aarch64-linux-gnu-gcc --sysroot=$root" \
    LDSHARED="aarch64-linux-gnu-gcc --sysroot=$root -shared" \
    CFLAGS="-I$root/usr/include/python3.11 -Wall -Wextra -Werror" \
    "$python" setup.py -q build --build-base "$made" --build-lib "$made/lib"

# One process and no children: where the kernel knows no emulator it starts none of them.
FILTERD_CORE=native PYTHONPATH="$made/lib:$made/site" exec qemu-aarch64-static -L "$root" \
    "$root/usr/bin/python3.11" -P -m pytest -p no:cacheprovider --timeout=1200 \
    -k "not no_memory and not hash_seed" tests/lists/test_core.py tests/lists/test_native.py \
    tests/lists/test_native_build.py tests/lists/test_index.py tests/fast
