#!/bin/sh
# build.sh surreal|surreal2: builds a server for tests into the cache, once for
# each state of its crate.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cache=${VAPORA_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vapora-backup}
case $1 in
surreal) version=3.3.5 ;;
surreal2) version=2.7.0 ;;
*) echo "usage: build.sh surreal|surreal2" >&2; exit 2 ;;
esac
crate=$here/$1
into=$cache/$1-$version
want=$(cat "$crate/Cargo.toml" "$crate/Cargo.lock" "$crate/src/main.rs" | sha256sum | cut -d ' ' -f 1)
if [ -x "$into/$1" ] && [ "$(cat "$into/stamp" 2>/dev/null)" = "$want" ]; then
	exit 0
fi
if ! command -v cargo >/dev/null 2>&1; then
	echo "$1: cargo is not installed; the tests that need this server say so" >&2
	# Without the 2.7 engine its tests skip with a reason; who asks for the real
	# server wants it.
	[ "$1" = surreal2 ] && [ -z "${CI:-}" ]
	exit
fi
echo "$1: building $version once, into the cache" >&2
cargo build --quiet --release --locked --manifest-path "$crate/Cargo.toml" --target-dir "$cache/build/$1"
mkdir -p "$into"
cp "$cache/build/$1/release/$1" "$into/$1.new"
mv "$into/$1.new" "$into/$1"
echo "$want" > "$into/stamp"
