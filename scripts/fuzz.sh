#!/usr/bin/env bash
# Each fuzz target for FUZZTIME (default 20s), one after another.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
for dir in $(grep -rlE '^func Fuzz' --include='*_test.go' internal | xargs -n1 dirname | sort -u | grep -vE 'vision|/eye|lens'); do
  for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go | cut -c6-); do
    echo "== $dir $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}" "./$dir"
  done
done
