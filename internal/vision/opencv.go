package vision

/*
#cgo !customenv pkg-config: opencv4
#include <stdlib.h>
void edged_one_thread(void);
void *edged_open(const char *model, int bytes, int channels, int height, int width, const char *names, int count, char *why, int size);
float *edged_input(void *net);
int edged_run(void *net, float **out, int *lens, int most, char *why, int size);
void edged_close(void *net);

struct answers { float *out[16]; int lens[16]; char why[256]; };
*/
import "C"

import (
	"errors"
	"strings"
	"unsafe"
)

// oneThread keeps OpenCV on the thread that calls it. The networks are small: a second core gains a fifth, and is
// needed by the other rooms; and no worker threads exist that could outlive a frame.
func oneThread() { C.edged_one_thread() }

// A layers is a network of OpenCV with its input, which is made once and filled for every frame. See opencv.cpp for why
// it does not come from gocv.
type layers struct {
	net unsafe.Pointer
	got *C.struct_answers // C's memory, so that nothing of Go's is shown to C
}

func openLayers(model []byte, channels, height, width int, names []string) (layers, []float32, error) {
	got := (*C.struct_answers)(C.calloc(1, C.sizeof_struct_answers))
	joined := C.CString(strings.Join(names, "\x00"))
	defer C.free(unsafe.Pointer(joined))
	var first *C.char
	if len(model) > 0 {
		first = (*C.char)(unsafe.Pointer(&model[0]))
	}
	net := C.edged_open(first, C.int(len(model)), C.int(channels), C.int(height), C.int(width), joined, C.int(len(names)), &got.why[0], C.int(len(got.why)))
	if net == nil {
		why := C.GoString(&got.why[0])
		C.free(unsafe.Pointer(got))
		return layers{}, nil, errors.New(why)
	}
	return layers{net, got}, unsafe.Slice((*float32)(unsafe.Pointer(C.edged_input(net))), channels*height*width), nil
}

// run fills out with the answers, which live until the next run.
func (l layers) run(out [][]float32) ([][]float32, error) {
	n := int(C.edged_run(l.net, &l.got.out[0], &l.got.lens[0], C.int(min(cap(out), len(l.got.out))), &l.got.why[0], C.int(len(l.got.why))))
	if n < 0 {
		return nil, errors.New(C.GoString(&l.got.why[0]))
	}
	out = out[:n]
	for i := range out {
		out[i] = unsafe.Slice((*float32)(unsafe.Pointer(l.got.out[i])), int(l.got.lens[i]))
	}
	return out, nil
}

func (l layers) close() {
	C.edged_close(l.net)
	C.free(unsafe.Pointer(l.got))
}
