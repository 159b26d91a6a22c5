#!/usr/bin/env bash
# Every test. Called by `make test` after the programs are built; installs what only tests need. About twenty-five
# minutes on two cores with nothing cached. Prints the seconds of each part, and what was skipped and why.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test

part() { printf '\n== %s (after %d s)\n' "$1" "$SECONDS"; }
export EDGED_MODELS=$PWD/build/models
export EDGED_TEST_ALL=1 # what is missing on this machine is a failure here, not a test left out
[ ! -d ../shared/faces ] || export EDGED_FACES=${EDGED_FACES:-$(cd ../shared/faces && pwd)}

withC='internal/vision|internal/eye|internal/lens|cmd/edged-eye|cmd/edged-lens'
pure=$(CGO_ENABLED=0 go list ./... | grep -vE "/($withC)(/|$)")

part 'format and vet'
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not gofmt'ed: $unformatted"; exit 1; }
# shellcheck disable=SC2086
CGO_ENABLED=0 go vet $pure
GOARCH=arm64 CGO_ENABLED=0 go vet $pure

part 'programs that need no C build without it; the eye links few libraries'
for p in edged edged-keeper edged-keysmith edged-kiosk edged-courier edged-demo edgectl; do
  [ -z "$(ldd "bin/$p" 2>/dev/null | grep -v 'not a dynamic')" ] || { echo "bin/$p links C"; exit 1; }
done
libraries=$(ldd bin/edged-eye | wc -l)
echo "edged-eye links $libraries libraries"
[ "$libraries" -le 30 ]

part 'the import law, never from the cache'
CGO_ENABLED=0 go test -count=1 ./internal/boundary

part 'pure Go, with the race detector'
# shellcheck disable=SC2086
CGO_ENABLED=1 go test -race -timeout 30m $(printf '%s\n' $pure | grep -vE '/internal/(boundary|demo|hall|confine)$|/test/')

part 'walls, rooms and the story as they are built; power cuts'
CGO_ENABLED=0 go test -count=1 -timeout 30m ./internal/confine ./internal/hall ./internal/demo ./test/torture

part 'the room that sees, and the room that fetches'
make -s --no-print-directory test-c

part 'cameras of a real kernel, in User-Mode Linux'
if [ -x build/uml/linux ] || apt-cache show linux-source-6.1 >/dev/null 2>&1; then
  test/devices/run.sh
else
  echo 'left out: this system has no package linux-source-6.1 (Debian 12 has), so V4L2 is not tested here'
fi

part 'the demonstration'
bin/edged demo --json > build/demo.json
tail -n 3 build/demo.json

part 'a passage is measured, among people who do not exist'
bin/edged bench passage --passages 3 --people 100 --json > build/passage.json
grep -q '"frame_to_decision_ms"' build/passage.json

printf '\nall tests passed in %d s\n' "$SECONDS"
