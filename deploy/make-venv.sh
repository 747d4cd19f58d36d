#!/usr/bin/env bash
# Makes a virtual environment, also where Debian ships Python without its venv package.
set -euo pipefail
python=$1 venv=$2
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
  echo "Squall needs Python 3.11; found: ${python:-none}. Install it or run: make PYTHON=/path/to/python3.11" >&2
  exit 1
fi
"$python" -m venv "$venv" 2>/dev/null && [ -x "$venv/bin/pip" ] && exit 0
rm -rf "$venv"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing python3.11-venv" >&2
  apt-get update -qq && apt-get install -y -qq --no-install-recommends python3.11-venv >/dev/null
  exec "$python" -m venv "$venv"
fi
if "$python" -m pip --version >/dev/null 2>&1; then
  "$python" -m pip install --quiet --user --break-system-packages virtualenv || "$python" -m pip install --quiet --user virtualenv
  exec "$python" -m virtualenv --quiet "$venv"
fi
echo "Python's venv module is missing here: ask for the package python3.11-venv" >&2
exit 1
