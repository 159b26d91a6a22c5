package keeper_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"

	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

const piece = 16

// A mapping is a part of the keeper's memory as the kernel shows it to root.
type mapping struct {
	name   string
	locked bool // and left out of dumps
	bytes  []byte
}

// memory reads everything that the process has in memory.
func memory(t *testing.T, pid int) (all []mapping) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	for _, line := range strings.Split(string(maps), "\n") {
		var from, to, at uint64
		var perms string
		if n, _ := fmt.Sscanf(line, "%x-%x %s %x", &from, &to, &perms, &at); n == 4 {
			// bbolt maps more than its file has, and behind the file's last page there is no memory.
			if name := strings.Index(line, "/"); name > 0 {
				if st, err := os.Stat(line[name:]); err == nil && st.Mode().IsRegular() {
					page := uint64(os.Getpagesize())
					to = min(to, from+max(uint64(st.Size()), at)-at+page-1) / page * page
				}
			}
			m := mapping{name: line}
			if strings.HasPrefix(perms, "r") && !strings.Contains(line, "[v") {
				m.bytes = make([]byte, to-from)
				if _, err := io.ReadFull(io.NewSectionReader(mem, int64(from), int64(to-from)), m.bytes); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
			}
			all = append(all, m)
		}
		if flags, ok := strings.CutPrefix(line, "VmFlags:"); ok {
			all[len(all)-1].locked = strings.Contains(flags, " lo") && strings.Contains(flags, " dd")
		}
	}
	return all
}

// pieces cuts what must not be found, so that every run of 31 bytes of it holds a whole piece.
func pieces(into map[[piece]byte]bool, b []byte) {
	for ; len(b) >= piece; b = b[piece:] {
		if p := [piece]byte(b); p != [piece]byte{} {
			into[p] = true
		}
	}
}

// find says where pieces are, at any offset.
func find(all []mapping, of map[[piece]byte]bool) (where []string) {
	var begin [1 << 16]bool
	for p := range of {
		begin[binary.LittleEndian.Uint16(p[:])] = true
	}
	for _, m := range all {
		n := 0
		for i := 0; i+piece <= len(m.bytes); i++ {
			if begin[binary.LittleEndian.Uint16(m.bytes[i:])] && of[[piece]byte(m.bytes[i:])] {
				n++
			}
		}
		if n > 0 {
			where = append(where, fmt.Sprintf("%d in %s", n, m.name))
		}
	}
	return where
}

// Somebody is enrolled, let in twice, and withdraws. Then root reads the whole memory of the keeper and finds nothing:
// not of the face as the eye sent it, and not of the template as it was kept.
func TestAfterAnErasureNoPieceOfTheFaceIsInMemory(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("this user may not read another process's memory: needs root")
	}
	h := openHouse(t, program(t), folder(t))
	h.faceIs(true)
	rotation := map[[piece]byte]bool{} // what lies in locked memory before there is a face, and stays
	for _, m := range memory(t, h.pid) {
		if m.locked {
			pieces(rotation, m.bytes)
		}
	}
	pin := h.newcomer()
	h.typed(wire.ActAgree, pin)
	h.prompt(wire.PromptLook)
	anna := face(1)
	h.show(anna, 5)
	h.prompt(wire.PromptEnrolled)
	h.show(anna, 3)
	h.prompt(wire.PromptWelcome)

	sent, kept := map[[piece]byte]bool{}, map[[piece]byte]bool{}
	var little, big []byte
	for _, f := range anna {
		little, big = binary.LittleEndian.AppendUint32(little, math.Float32bits(f)), binary.BigEndian.AppendUint32(big, math.Float32bits(f))
	}
	pieces(sent, little)
	pieces(sent, big)
	living := memory(t, h.pid)
	for _, m := range living {
		if m.locked {
			pieces(kept, m.bytes)
		}
	}
	for p := range rotation {
		delete(kept, p)
	}
	if len(kept) < template.CodeSize/piece || len(find(living, kept)) == 0 {
		t.Fatalf("%d pieces of templates: the test looks in the wrong place", len(kept))
	}
	if where := find(living, sent); len(where) > 0 {
		t.Errorf("of the face as the eye sent it, while it is stored: %v", where)
	}
	for _, m := range living {
		if !m.locked && len(find([]mapping{m}, kept)) > 0 {
			t.Errorf("a piece of a living template outside locked memory: %s", m.name)
		}
	}

	h.typed(wire.ActWithdraw, pin)
	h.prompt(wire.PromptErased)
	dead := memory(t, h.pid)
	size := 0
	for _, m := range dead {
		size += len(m.bytes)
	}
	if where := find(dead, kept); len(where) > 0 {
		t.Errorf("of the template: %v", where)
	}
	if where := find(dead, sent); len(where) > 0 {
		t.Errorf("of the face as the eye sent it: %v", where)
	}
	if find([]mapping{{name: "planted", bytes: bytes.Clone(little[5:60])}}, sent) == nil {
		t.Error("the search finds nothing where something is")
	}
	t.Logf("%d pieces looked for in %d MiB", len(kept)+len(sent), size>>20)
}

func TestTheKeeperIsNotSwappedDumpedOrTraced(t *testing.T) {
	h := openHouse(t, program(t), folder(t))
	h.faceIs(true)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.pid))
	if err != nil {
		t.Fatal(err)
	}
	var locked, swapped int
	for _, line := range strings.Split(string(status), "\n") {
		fmt.Sscanf(line, "VmLck: %d kB", &locked)
		fmt.Sscanf(line, "VmSwap: %d kB", &swapped)
	}
	if locked < 512 || swapped != 0 {
		t.Errorf("%d KiB locked, %d KiB swapped", locked, swapped)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", h.pid))
	if err != nil {
		t.Fatal(err)
	}
	core := ""
	for _, line := range strings.Split(string(limits), "\n") {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok {
			core = strings.Join(strings.Fields(rest), " ")
		}
	}
	if core != "0 0 bytes" {
		t.Errorf("core files: %q", core)
	}
	// The kernel gives the files of a process that is not dumpable to root, whoever runs it.
	if st, err := os.Stat(fmt.Sprintf("/proc/%d/environ", h.pid)); err != nil {
		t.Error(err)
	} else if os.Geteuid() == 0 && owner(st) != 0 {
		t.Errorf("the process is dumpable: its memory belongs to user %d", owner(st))
	}
}

func owner(st os.FileInfo) uint32 { return st.Sys().(*syscall.Stat_t).Uid }
