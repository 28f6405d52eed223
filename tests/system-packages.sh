#!/bin/sh
# Install the Debian packages that the end-to-end tests use and that the compiled core is built with,
# where that is possible and allowed.  Without them those tests are skipped and say so; in CI
# (CI=true) they fail instead.
set -eu

missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
PATH="$PATH:/usr/sbin:/sbin"
need nsd nsd
need dig bind9-dnsutils
need kdig knot-dnsutils
need ip iproute2
need chromium chromium
need gcc "gcc libc6-dev"
"${PYTHON:-python3}" -c '
import os, sysconfig
raise SystemExit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))
' || missing="$missing python3-dev"
ls /usr/share/fonts/truetype/noto/NotoNastaliqUrdu-* >/dev/null 2>&1 ||
    missing="$missing fonts-noto-core"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Some tests will be skipped. To run them: sudo apt install$missing"
    exit 0
fi

# A freshly installed name server must not start and take port 53 of this machine.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$guard"
    chmod 755 "$guard"
    trap 'rm -f "$guard"' EXIT
fi
echo "Installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
