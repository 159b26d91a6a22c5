#!/usr/bin/env bash
# Installs what is missing on a bare Debian 12 or Ubuntu 24.04: packages, the model pack, and four photographs that
# come with what is installed anyway. Says nothing when nothing is missing. Run again, it costs a tenth of a second.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

command -v go >/dev/null || { say "Go is missing: install Go 1.26 or newer and put it on PATH"; exit 1; }

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)

updated=
update() {
  [ -z "$updated" ] || return 0
  "${as_root[@]}" apt-get update -qq
  updated=1
}

# need PACKAGE…: installs those that are not there.
need() {
  local missing=() p
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  update
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need gcc g++ make
# build.mk names the packages, and can name the right gfortran only once gcc is there.
packages=$(make -s --no-print-directory -f build.mk -f - print <<<'print: ; @echo $(EYE_PACKAGES)')
# shellcheck disable=SC2086
need $packages ca-certificates
command -v npm >/dev/null || need npm
[ "${1:-}" != test ] || need mosquitto chromium ffmpeg gir1.2-gst-rtsp-server-1.0 gir1.2-gstreamer-1.0 python3-gi \
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly \
  fonts-wqy-microhei strace swtpm

mkdir -p build/pictures
if [ ! -e build/pictures/distortion.jpg ]; then
  images=$(go mod download gocv.io/x/gocv && go list -m -f '{{.Dir}}' gocv.io/x/gocv)/images
  for p in face.jpg face-detect.jpg distortion.jpg; do install -m 644 "$images/$p" build/pictures/; done
fi
if [ ! -e build/pictures/astronaut.png ]; then
  say "fetching a photograph of a stranger (NASA, public domain) out of python3-skimage"
  update
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' EXIT
  (cd "$tmp" && chmod 755 . && apt-get download -qq python3-skimage 2>/dev/null && dpkg-deb --fsys-tarfile python3-skimage_*.deb |
    tar -xO ./usr/lib/python3/dist-packages/skimage/data/astronaut.png > astronaut.png)
  install -m 644 "$tmp/astronaut.png" build/pictures/
fi
if [ ! -e build/models/fr_feature.onnx ]; then
  say "fetching the model pack with npm"
  CGO_ENABLED=0 go build -o build/edged-setup ./cmd/edged
  build/edged-setup models install --dir build/models >&2
  rm -f build/edged-setup
fi
