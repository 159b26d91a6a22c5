package match

import (
	"encoding/binary"
	"math/bits"

	"example.org/edged/internal/person"
)

// An index finds a person's place in the list. It is a table of places with open addressing: Go's map takes 30 to 50
// bytes for the same, and there may be a million people. Ids are drawn at random by this device, so nobody can choose
// ones that meet.
type index struct {
	slots []uint32 // place+1; 0 is free; a power of two of them
	used  int
}

func hash(p person.ID) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio
	x := (binary.LittleEndian.Uint64(p[:8]) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(p[8:])*odd, 32)) * odd
	return x ^ x>>29
}

// slot is where p is, or where p would be put.
func (x *index) slot(p person.ID, who func(int) person.ID) int {
	mask := len(x.slots) - 1
	at := int(hash(p)) & mask
	for x.slots[at] != 0 && who(int(x.slots[at]-1)) != p {
		at = (at + 1) & mask
	}
	return at
}

func (x *index) find(p person.ID, who func(int) person.ID) (place int, ok bool) {
	if x.used == 0 {
		return 0, false
	}
	at := x.slot(p, who)
	return int(x.slots[at]) - 1, x.slots[at] != 0
}

// set says that p, who is at that place by now, is at place.
func (x *index) set(p person.ID, place int, who func(int) person.ID) {
	if 4*(x.used+1) > 3*len(x.slots) {
		old := x.slots
		x.slots = make([]uint32, max(16, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				x.slots[x.slot(who(int(s-1)), who)] = s
			}
		}
	}
	at := x.slot(p, who)
	if x.slots[at] == 0 {
		x.used++
	}
	x.slots[at] = uint32(place + 1)
}

// remove takes p out while p is still in the list, and moves up whoever stood behind for want of room.
func (x *index) remove(p person.ID, who func(int) person.ID) {
	mask := len(x.slots) - 1
	hole := x.slot(p, who)
	if x.slots[hole] == 0 {
		return
	}
	x.used--
	for at := (hole + 1) & mask; x.slots[at] != 0; at = (at + 1) & mask {
		home := int(hash(who(int(x.slots[at]-1)))) & mask
		if (at-home)&mask >= (at-hole)&mask {
			x.slots[hole], hole = x.slots[at], at
		}
	}
	x.slots[hole] = 0
}
