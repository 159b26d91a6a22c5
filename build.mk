# Flags for the two rooms that link C. They stand here and nowhere else; the Makefile includes this file.
#
# eye   OpenCV's core, imgproc and dnn, linked statically. lld is needed: it alone drops unused sections early enough
#       to forget the libraries behind them (265 become 7; docs/measurements.md). internal/vision stubs GLX.
# lens  the distribution's shared OpenCV through pkg-config, video part included.

GCC_MAJOR := $(shell gcc -dumpversion | cut -d. -f1)
# Debian and Ubuntu packages that the flags below need at build time.
EYE_PACKAGES := g++ pkg-config lld libopencv-dev libprotobuf-dev liblapack-dev libtbb-dev zlib1g-dev libgfortran-$(GCC_MAJOR)-dev

SECTIONS := -O2 -ffunction-sections -fdata-sections
LLD      := -fuse-ld=lld -Wl,--gc-sections -Wl,--as-needed
# libquadmath exists on amd64 only; gcc answers with a full path when it has the file.
QUADMATH := $(if $(findstring /,$(shell gcc -print-file-name=libquadmath.a)),-lquadmath)

EYE_TAGS := customenv
EYE_ENV  := CGO_ENABLED=1 \
	CGO_CPPFLAGS="-I/usr/include/opencv4" \
	CGO_CFLAGS="$(SECTIONS)" \
	CGO_CXXFLAGS="$(SECTIONS) --std=c++11" \
	CGO_LDFLAGS="$(LLD) -Wl,-Bstatic -lopencv_objdetect -lopencv_calib3d -lopencv_features2d -lopencv_flann -lopencv_dnn -lopencv_imgproc -lopencv_core -lprotobuf -l:liblapack.a -l:libblas.a -lgfortran $(QUADMATH) -lz -Wl,-Bdynamic -ltbb -ldl -lpthread -lm"

LENS_ENV := CGO_ENABLED=1 \
	CGO_CFLAGS="$(SECTIONS)" \
	CGO_CXXFLAGS="$(SECTIONS)" \
	CGO_LDFLAGS="$(LLD)"
