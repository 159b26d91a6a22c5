// Package confine says what a room may touch and has the kernel enforce it. It never does its best: a wall that cannot
// be raised, or that turns out to be open, is an error, and the room does not run.
//
// The order is: the stage process (Enter) drops powers and raises the walls around itself, then becomes the room's
// program, so not one line of the room ever runs outside them; the room's first act (Close) shuts the last gap, the
// power to start programs, and then tries what must be impossible. The network wall is seccomp, which needs no
// privilege; an empty network namespace stands behind it where the kernel grants one; Landlock is the wall for files.
package confine

import "fmt"

// Net is what a room may do with sockets.
type Net string

const (
	// NetNone: no socket of any family, no accepting, no passing of descriptors.
	NetNone Net = "none"
	// NetAnswer: take connections on the one listening socket it was given; make no socket.
	NetAnswer Net = "answer"
	// NetCall: make TCP connections to Port (and UDP for names unless Literal); never listen.
	NetCall Net = "call"
)

// Walls is everything one room may touch.
type Walls struct {
	Net     Net
	Port    uint16 // NetCall: the one TCP port
	Literal bool   // NetCall: the address is numeric, so not even UDP for names is needed

	Read  []string // folders and files to read
	Write []string // folders to read and write in, devices to use
	Run   []string // folders and files to read and to run code from: the program itself and its libraries

	Files   bool // Landlock stands; false only where the hall has said aloud that it cannot
	Space   bool // an empty network namespace stands behind seccomp
	User    int  // user and group to become; 0 to stay who we are
	Parent  int  // process id of the hall; its death is ours
	MemLock bool // may lock as much memory as it likes
	First   bool `json:",omitempty"` // goes before the other rooms when the processor is short
}

// broken names a wall that does not hold.
func broken(what string, args ...any) error {
	return fmt.Errorf("could unexpectedly "+what, args...)
}
