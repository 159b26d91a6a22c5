package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// plain is a user without any right, who owns the folder of the house.
const plain = 60042

func (s *stand) becomePlain() {
	s.t.Helper()
	s.must(filepath.WalkDir(s.dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, plain, plain)
	}))
	s.as = &syscall.Credential{Uid: plain, Gid: plain}
}

// A plain user in a container that gives no namespaces: everything works, and what is weaker is said in one line each.
func TestAPlainUserIsToldWhatIsMissingAndCanUseEverything(t *testing.T) {
	for _, c := range []struct {
		name   string
		not    []string
		spaces bool
	}{
		{"with namespaces forbidden", []string{"spaces"}, false},
		{"as the kernel allows", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStand(t, false)
			s.not = c.not
			s.edit("face: {models: \""+modelsDir(t)+"\"", "face: {models: \""+s.copyModels()+"\"")
			s.becomePlain()
			s.begin("pin", "screen", "broker", "face")
			st := s.story()
			s.play(st.newcomer, st.pinOpens, st.told, st.agrees, st.faceOpens)
			s.said("not started by root: all rooms run as this user, so files are kept apart by Landlock alone")
			lacks := "no right to make network namespaces: the rooms stay off the network by seccomp alone, without the second wall behind it"
			if n := strings.Count(string(s.log.Bytes()), lacks); c.not != nil && n != 1 {
				t.Errorf("it said %d times that the second wall is missing", n)
			}
			for _, room := range []string{"keeper", "eye", "kiosk", "courier"} {
				got := status(t, s.pid(room))
				if !strings.HasPrefix(got["Uid"], "60042") || got["NoNewPrivs"] != "1" || got["Seccomp_filters"] < "2" || strings.Trim(got["CapEff"], "0") != "" {
					t.Errorf("%s: %q %q %q %q", room, got["Uid"], got["NoNewPrivs"], got["Seccomp_filters"], got["CapEff"])
				}
			}
			s.noTrace()
		})
	}
}

// copyModels makes the pack readable for somebody who may not enter this checkout.
func (s *stand) copyModels() string {
	s.t.Helper()
	to := filepath.Join(s.dir, "models")
	s.must(os.CopyFS(to, os.DirFS(modelsDir(s.t))))
	return to
}

// A kernel without Landlock: faces rest and say why, the PIN opens, and `edged check` is red.
func TestWithoutLandlockFacesRestAndPINsOpen(t *testing.T) {
	s := newStand(t, false)
	s.not = []string{"landlock"}
	s.begin("pin", "screen", "broker")
	st := s.story()
	s.play(st.newcomer, st.pinOpens)
	s.said("this kernel has no Landlock, so files of one room cannot be kept from another: face mode is off, PIN and card work")
	if _, err := s.broker.wait(0, 0, func(m message) bool {
		return m.topic == root+"health" && bytes.Contains(m.body, []byte(`"face":"rest-walls"`))
	}); err != nil {
		t.Error("the fleet is not told that faces rest for want of walls")
	}
	for _, e := range s.events {
		if e.Room == "eye" || e.What == "face" {
			t.Errorf("an eye ran without walls: %+v", e)
		}
	}
	s.must(st.s.touch(s.ctx, "notice", s.noticeHash(st)))
	s.must(st.s.pin(s.ctx, "agree", st.pin, st.notice))
	if _, err := st.s.wait(5e9, "screen", "face-rests"); err != nil {
		t.Errorf("somebody could agree to what cannot be done: %v", err)
	}

	check := exec.Command(filepath.Join(s.programs, "without"), "landlock", filepath.Join(s.programs, "edged"), "check", "--json", "--config", s.configFile())
	out, err := check.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("edged check ended with %v", err)
	}
	var answer struct {
		OK       bool
		Findings []struct{ Level, Part, What, Do string }
	}
	if err := json.Unmarshal(out, &answer); err != nil || answer.OK {
		t.Fatalf("%v: %s", err, out)
	}
	red := map[string]string{"kernel": "no Landlock", "assessment": "it says that the kernel holds the rooms apart, and it cannot"}
	for _, f := range answer.Findings {
		if f.Level != "fail" {
			continue
		}
		if why, known := red[f.Part]; !known || !strings.Contains(f.What, why) || f.Do == "" {
			t.Errorf("a red line: %+v", f)
		}
		delete(red, f.Part)
	}
	if len(red) != 0 {
		t.Errorf("no red line for %v: %s", red, out)
	}
	s.noTrace()
}

// noticeHash reads the notice, as whoever agrees must have done.
func (s *stand) noticeHash(st *story) string {
	s.t.Helper()
	b, err := st.s.get(s.ctx, "/notice?lang=zh", nil)
	s.must(err)
	var n struct{ Hash string }
	s.must(json.Unmarshal(b, &n))
	st.notice = n.Hash
	return n.Hash
}

// A room whose wall does not hold does not run, and neither does the house: here a Landlock that is there, and lets
// everything by.
func TestAWallThatDoesNotHoldEndsTheHouse(t *testing.T) {
	s := newStand(t, false)
	s.not = []string{"hollow"}
	s.begin()
	err := <-s.ended
	s.cmd = nil
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 77 {
		t.Errorf("it ended with %v", err)
	}
	s.said("a wall does not hold, so this room does not run", "could unexpectedly", "does not hold (its line above says which), and edged does not run without: see `edged check`")
	for _, e := range s.events {
		if e.Event == "ready" {
			t.Errorf("%s was ready for %s", e.Room, e.What)
		}
	}
}
