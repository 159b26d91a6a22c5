package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inhabited plays a house until somebody lives in it, and stops it.
func inhabited(t *testing.T) (*stand, *story) {
	s := newStand(t, true)
	s.begin("pin", "screen", "broker", "face")
	st := s.story()
	s.play(st.newcomer, st.told, st.agrees, st.pinOpens, st.faceOpens)
	st.s.close()
	s.must(s.stop())
	return s, st
}

// damages are what disks, power cuts and people do to a file.
var damages = []struct {
	name string
	do   func([]byte) []byte
}{
	{"cut short", func(b []byte) []byte { return bytes.Clone(b[:len(b)/3]) }},
	{"random bytes", func(b []byte) []byte {
		from := rand.NewChaCha8([32]byte{1})
		out := make([]byte, len(b))
		from.Read(out)
		return out
	}},
	{"empty", func([]byte) []byte { return nil }},
}

// Each file of the state folder, damaged in each way, in a house where somebody lives. What must hold: one clear
// sentence that names the file, no stack, the damaged bytes still there, the PIN opens (unless it is what PINs are made
// of that was damaged), and no stranger gets in.
func TestDamagedFilesCostWhatIsInThemAndNoMore(t *testing.T) {
	s, st := inhabited(t)
	whole := filepath.Join(s.dir, "whole")
	s.must(copyState(s.stateDir(), whole))
	for _, c := range []struct {
		file string
		pin  bool // the PIN still opens
		face bool // the face still opens
	}{
		{"keeper/people.db", true, false},
		{"keeper/keys.db", true, false},
		{"keeper/consent.db", true, false},
		{"keeper/clock", true, false},
		{"keeper/audit/checkpoint", true, false},
		{"courier/outbox.db", true, true},
		{"keeper/device.key", false, false},
	} {
		for _, d := range damages {
			t.Run(filepath.Base(c.file)+" "+d.name, func(t *testing.T) {
				s.t = t
				s.must(os.RemoveAll(s.stateDir()))
				s.must(copyState(whole, s.stateDir()))
				path := filepath.Join(s.stateDir(), c.file)
				before, err := os.ReadFile(path)
				s.must(err)
				after := d.do(before)
				s.must(os.WriteFile(path, after, 0o600))
				s.must(s.show(""))
				s.log.b.Reset()
				s.livesWith(st, c.pin, c.face)
				s.noTrace()
				log := string(s.log.Bytes())
				if !strings.Contains(log, filepath.Base(c.file)) {
					t.Errorf("nobody said a word about %s", c.file)
				}
				if len(after) > 0 && !s.stillThere(after) {
					t.Errorf("the damaged %s is gone", c.file)
				}
				if t.Failed() {
					t.Log(log)
				}
			})
		}
	}
	s.t = t
}

// A damaged book of PINs is set aside: the old PIN opens nothing, and staff can give out new ones at once.
func TestADamagedBookOfPINsIsSetAside(t *testing.T) {
	s, st := inhabited(t)
	path := filepath.Join(s.stateDir(), "keeper", "access.db")
	whole, err := os.ReadFile(path)
	s.must(err)
	after := damages[1].do(whole)
	s.must(os.WriteFile(path, after, 0o600))
	s.must(s.show(""))
	s.begin("pin", "screen", "broker")
	defer func() { st.s.close(); s.must(s.stop()) }()
	s.must(st.reload())
	if took, err := st.open(); err == nil {
		t.Errorf("a PIN of the damaged book opened the door in %s", took)
	}
	s.play(st.newcomer, st.pinOpens)
	s.noTrace()
	if !s.stillThere(after) || !strings.Contains(string(s.log.Bytes()), "access.db") {
		t.Error("the damaged book is gone, or nobody said a word about it")
	}
}

// livesWith runs the house once and asks for what must still be possible.
func (s *stand) livesWith(st *story, pin, face bool) {
	s.t.Helper()
	defer func() { s.t.Helper(); st.s.close(); s.must(s.stop()) }()
	if !pin {
		s.begin()
		if !within(5*time.Second, func() bool { return bytes.Contains(s.log.Bytes(), []byte("room=keeper")) }) {
			s.t.Error("the keeper said nothing")
		}
		// Another key makes another book: the old one is set aside, and no PIN of it opens.
		if _, err := s.wait(s.ctx, time.Second, func(e event) bool { return e.readies("pin") }); err == nil {
			s.must(st.reload())
			if _, err := st.open(); err == nil {
				s.t.Error("a PIN opens the door with a key that it was not made with")
			}
		}
		return
	}
	s.begin("pin", "screen", "broker")
	s.must(st.reload())
	_, err := st.open()
	s.must(err)
	if face {
		s.play(st.faceOpens)
		return
	}
	mark := s.mark()
	s.must(s.show(returning))
	e, err := s.waitFrom(s.ctx, mark, 1500*time.Millisecond, func(e event) bool { return e.Event == "answered" && e.Method == "face" })
	if err == nil && e.Outcome == "granted" {
		s.t.Error("a face opened the door")
	}
}

// stillThere looks for a file with this content, under whatever name.
func (s *stand) stillThere(content []byte) (found bool) {
	s.t.Helper()
	s.must(filepath.WalkDir(s.stateDir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || found {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Equal(b, content)
		return err
	}))
	return found
}

// copyState copies a state folder with its owners: the rooms' users must find their own files.
func copyState(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		at := filepath.Join(to, rel)
		if info.Mode().Type() == fs.ModeSocket {
			return nil // the owner's own way in; nothing is stored in it
		}
		if d.IsDir() {
			err = os.Mkdir(at, info.Mode().Perm())
		} else {
			var b []byte
			if b, err = os.ReadFile(path); err == nil {
				err = os.WriteFile(at, b, info.Mode().Perm())
			}
		}
		owner, ok := ownerOf(info)
		if !ok {
			return errors.Join(err, fmt.Errorf("%s has no owner", path))
		}
		return errors.Join(err, os.Chown(at, owner, owner))
	})
}
