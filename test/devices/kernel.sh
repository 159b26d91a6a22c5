#!/bin/sh
# Builds a User-Mode Linux kernel with a test camera (vivid), GPIO chips and input devices into build/uml/linux, from
# Debian's own kernel source. Does nothing when it is already there. About four minutes on two cores.
set -eu
cd "$(dirname "$0")/../.."
out=build/uml
options=test/devices/kernel.config
mark=$(sha256sum "$options" "$0" | sha256sum)
if [ -x $out/linux ] && [ "$(cat $out/mark 2>/dev/null)" = "$mark" ]; then
	exit 0
fi
source=$(ls /usr/src/linux-source-6.*.tar.xz 2>/dev/null | tail -n 1)
for tool in flex bison bc gcc make xz strip; do
	command -v $tool >/dev/null || source=
done
if [ -z "$source" ] || [ ! -e /usr/include/libelf.h ]; then
	echo "kernel.sh: parts are missing: apt-get install -y --no-install-recommends linux-source-6.1 flex bison bc libelf-dev gcc make xz-utils binutils" >&2
	exit 1
fi
rm -rf $out && mkdir -p $out/work
tar -C $out -xJf "$source"
cp "$options" $out/options
tree=$(echo $out/linux-source-*)
log=$PWD/$out/build.log
if ! (
	cd "$tree"
	make ARCH=um SUBARCH=x86_64 O=../work KCONFIG_ALLCONFIG=../options allnoconfig
	nice make ARCH=um SUBARCH=x86_64 O=../work -j"$(nproc)" linux
) >"$log" 2>&1; then
	tail -n 30 "$log" >&2
	echo "kernel.sh: the kernel did not build; the whole log is in $out/build.log" >&2
	exit 1
fi
strip -o $out/linux $out/work/linux
rm -rf "$tree" $out/work
echo "$mark" >$out/mark
