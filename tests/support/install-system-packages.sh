#!/usr/bin/env bash
# Debian packages that some tests run on; those tests are skipped, with the reason, where they can't be had.
set -u
wanted=()
command -v clickhouse-server >/dev/null || wanted+=(clickhouse-server)
command -v chromium >/dev/null || wanted+=(chromium)
command -v promtool >/dev/null || wanted+=(prometheus)
command -v dovecot >/dev/null || wanted+=(dovecot-imapd)
[ ${#wanted[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed, and not root: ${wanted[*]}; their tests are skipped" >&2
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null 2>&1
for package in "${wanted[@]}"; do
  apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "$package can't be installed; its tests are skipped" >&2
done
