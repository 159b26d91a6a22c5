#!/bin/sh
# Tests what needs devices, from a bare Debian 12: installs what is missing, builds a kernel that has the devices (once,
# about four minutes on two idle cores), boots it as a program and runs the tests inside. Needs no device and, once the
# packages are there, no rights.
set -eu
cd "$(dirname "$0")/../.."
begin=$(date +%s)
packages=
need() { [ -e "$1" ] || packages="$packages $2"; }
need /usr/src/linux-source-6.1.tar.xz linux-source-6.1
need /usr/include/libelf.h libelf-dev
need /usr/bin/flex flex
need /usr/bin/bison bison
need /usr/bin/bc bc
need /usr/bin/gcc gcc
need /usr/bin/make make
need /usr/bin/xz xz-utils
need /usr/include/stdio.h libc6-dev
if [ -n "$packages" ] && [ ! -x build/uml/linux ]; then
	as_root=
	[ "$(id -u)" = 0 ] || as_root=sudo
	$as_root apt-get update -qq
	# shellcheck disable=SC2086 # a list
	DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $packages >/dev/null
fi
test/devices/kernel.sh
built=$(date +%s)
go test -count=1 -v -tags devices ./test/devices
end=$(date +%s)
echo "test/devices: $((built - begin)) s to make the kernel, $((end - built)) s to test, 0 failed"
