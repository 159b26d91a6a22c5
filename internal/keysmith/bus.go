package keysmith

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/go-tpm/tpm2"
)

// errBus means that nobody answers any more where the TPM was: the room ends, and begins anew with a new descriptor.
var errBus = errors.New("the TPM does not answer")

// A bus carries one command after another to a TPM. Go-tpm has carriers of its own, but they open devices and sockets
// themselves, which this room cannot.
type bus struct {
	rw   io.ReadWriter
	wait func(time.Duration)
}

const (
	headLen     = 10 // tag 2, size 4, response code 4 (TPM 2.0 Library, Part 1, "Response Header")
	longestWord = 4096
)

// Send gives one command and reads its answer. A TPM that is busy, tests itself or spares its memory is asked again:
// the specification has it forget such a command altogether.
func (b *bus) Send(command []byte) ([]byte, error) {
	for pause := 10 * time.Millisecond; ; pause *= 2 {
		answer, err := b.once(command)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBus, err)
		}
		switch tpm2.TPMRC(binary.BigEndian.Uint32(answer[6:])) {
		case tpm2.TPMRCRetry, tpm2.TPMRCNVRate, tpm2.TPMRCTesting, tpm2.TPMRCYielded:
			if pause < 3*time.Second {
				b.wait(pause)
				continue
			}
		}
		return answer, nil
	}
}

func (b *bus) once(command []byte) ([]byte, error) {
	if _, err := b.rw.Write(command); err != nil {
		return nil, err
	}
	buf, n := make([]byte, longestWord), 0
	for n < headLen || n < int(binary.BigEndian.Uint32(buf[2:])) {
		more, err := b.rw.Read(buf[n:]) // a device gives the whole answer at once, a socket perhaps in pieces
		if err != nil {
			return nil, err
		}
		if n += more; n >= headLen && binary.BigEndian.Uint32(buf[2:]) > longestWord || n == len(buf) {
			return nil, errors.New("its answer is longer than any answer is")
		}
	}
	if size := int(binary.BigEndian.Uint32(buf[2:])); size != n || size < headLen {
		return nil, errors.New("its answer is not as long as it says")
	}
	return buf[:n], nil
}
