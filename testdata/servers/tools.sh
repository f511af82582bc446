#!/bin/sh
# Puts the stock tools that tests open our files with into the cache or the
# system: age from its own module, the others from the distribution
# where that is possible, and what a server of Python's needs. On a machine where it is not, their tests say so.
set -eu
cache=${VAPORA_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vapora-backup}
mkdir -p "$cache/bin"
for tool in age age-keygen; do
	[ -x "$cache/bin/$tool" ] || GOBIN="$cache/bin" CGO_ENABLED=0 go install "filippo.io/age/cmd/$tool@v1.3.2"
done
missing=
for tool in zstd minisign; do
	command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
command -v ssh-keygen >/dev/null 2>&1 || missing="$missing openssh-client"
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	apt-get update -qq >/dev/null
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
	echo "tools: install$missing to run the tests that read our files with stock tools" >&2
fi
