//go:build customenv

package vision

// OpenCV's core asks for this one function of GLX, for windows that are never opened. Answering "there is none" here
// keeps libGLX, Mesa and LLVM (112 MB on a device) out of the static build.

// void (*glXGetProcAddressARB(const unsigned char *name))(void) { (void)name; return 0; }
import "C"
