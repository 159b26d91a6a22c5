package demo

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/edged/internal/confine"
)

// The promise itself. An eye that sends a template and a picture that only this test knows; people who agree, come in,
// are refused, withdraw; requests for the face; an eye that dies with the template on its lips. Then every byte that
// left is searched.
func TestNoByteOfAFaceLeaves(t *testing.T) {
	began := time.Now().Add(-time.Second)
	s := newStand(t, true)
	p := openTap(t, s.broker.address)
	s.edit("tcp://"+s.broker.address, "tcp://"+p.address)
	screen := recordScreen(t)
	s.begin("pin", "screen", "broker", "face")
	st := s.story()
	s.play(st.walls, st.newcomer, st.pinOpens, st.told, st.declines, st.agrees)
	s.play(st.faceOpens, st.strangerStays, st.attackStays) // the marked face is known, so the template has been through everything
	s.play(st.exportRefused, st.otherOrigin)
	s.sawThePicture(st)
	s.play(st.eyeDies)
	s.dieSpeaking()
	s.play(st.faceOpens)
	s.play(func() (string, error) { return "", st.s.pin(st.ctx, "mine", st.pin, "") })
	if _, err := st.s.wait(5*time.Second, "record"); err != nil {
		t.Fatal(err)
	}
	uids := s.users()
	s.play(st.withdraws, st.dead)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s.search(marks(), p, screen)
	if extra := strewn(began, uids); len(extra) > 0 {
		t.Errorf("the rooms left files: %q", extra)
	}
}

// sawThePicture: the marked picture really was on the terminal's own screen, so there was something to leak.
func (s *stand) sawThePicture(st *story) {
	s.t.Helper()
	s.must(s.show(returning))
	for range 50 {
		if own, err := st.s.get(s.ctx, "/preview", nil); err == nil {
			if !bytes.Equal(own, markedPicture()) {
				s.t.Fatalf("the screen shows another picture, of %d bytes", len(own))
			}
			s.must(s.show(""))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatal("the terminal's own page got no preview")
}

// dieSpeaking lets the eye die while it prints everything it knows.
func (s *stand) dieSpeaking() {
	s.t.Helper()
	mark := s.mark()
	s.must(s.show(crashing))
	if _, err := s.waitFrom(s.ctx, mark, 10*time.Second, func(e event) bool { return e.Room == "eye" && e.Event == "ended" }); err != nil {
		s.t.Fatal("the eye did not die: ", err)
	}
	s.must(s.show(""))
	if _, err := s.waitFrom(s.ctx, mark, 20*time.Second, func(e event) bool { return e.Room == "eye" && e.Event == "ready" && e.What == "face" }); err != nil {
		s.t.Fatal("the eye did not come back: ", err)
	}
	s.said("a dying room printed more than log lines")
}

// users are the rooms' user numbers, as the kernel has them.
func (s *stand) users() (uids []int) {
	s.t.Helper()
	for _, room := range []string{"keeper", "eye", "kiosk", "courier"} {
		seen, err := confine.Look(fmt.Sprint(s.pid(room)))
		s.must(err)
		uids = append(uids, seen.User)
	}
	return uids
}

func (s *stand) search(h *hunt, p *tap, screen *recorder) {
	s.t.Helper()
	left, messages := s.broker.everything()
	sources := map[string][]byte{"MQTT messages": left, "the wire to the broker": p.heard.Bytes(), "stderr": s.log.Bytes(),
		"stdout": s.out.Bytes(), "the screen's answers": screen.heard.Bytes()}
	total := 0
	for name, b := range sources {
		if len(b) == 0 {
			s.t.Errorf("%s: nothing to search", name)
		}
		total += len(b)
	}
	files := 0
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type() == fs.ModeSocket || filepath.Dir(path) == s.programs {
			return err
		}
		b, err := os.ReadFile(path)
		sources[path] = b
		files++
		total += len(b)
		return err
	})
	s.must(err)
	for name, b := range sources {
		if found := h.in(b); len(found) > 0 {
			slices.Sort(found)
			s.t.Errorf("%s: %d pieces, such as %s", name, len(found), found[0])
		}
	}
	s.t.Logf("%d needles in %d bytes of %d MQTT messages, logs, answers and %d files", h.n, total, messages, files)
}

// strewn lists what the rooms' users have left outside their own folders.
func strewn(since time.Time, uids []int) (all []string) {
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm", "/run"} {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || strings.HasPrefix(d.Name(), "edged-stand-") || strings.HasPrefix(d.Name(), "edged-demo-") { // of this or another test: searched there
				return fs.SkipDir
			}
			if info, err := d.Info(); err == nil && !info.ModTime().Before(since) && owned(info, uids) {
				all = append(all, path)
			}
			return nil
		})
	}
	return all
}

func ownerOf(info fs.FileInfo) (int, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

func owned(info fs.FileInfo, by []int) bool {
	owner, ok := ownerOf(info)
	return ok && slices.Contains(by, owner)
}
