package vision

// #cgo !customenv pkg-config: opencv4
// void edged_one_thread(void);
import "C"

// oneThread keeps OpenCV on the thread that calls it. The networks are small: a second core gains a fifth, and is
// needed by the other rooms; and no worker threads exist that could outlive a frame.
func oneThread() { C.edged_one_thread() }
