package pages

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// ErrUnfit means that bbolt stumbled over its file.
var ErrUnfit = errors.New("its pages do not fit together")

// Guard turns a panic of bbolt into an error. bbolt maps its file into memory and trusts it: in a file that Check let
// by and that was cut short or scribbled over since, it panics, or touches a page that is not there, which ends the
// program unless it is told otherwise. Only what happens in do's own goroutine is caught.
func Guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = ErrUnfit
			if _, fault := p.(runtime.Error); !fault { // bbolt's own words; a fault's are for programmers
				err = fmt.Errorf("%w: %v", err, p)
			}
		}
	}()
	return do()
}
