// Package torture cuts the power, again and again, while a keeper enrols, withdraws, purges and writes its files anew.
// It never believes the keeper's word for what is on the disk: after each cut it starts another keeper and looks.
//
//	go test ./test/torture                     a slice, for CI
//	go test ./test/torture -kills 1000 -v      the release gate (make torture)
package torture

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

var (
	kills = flag.Int("kills", 40, "how many power cuts")
	seed  = flag.Uint64("seed", 1, "of the random choices; a failure prints it")
)

func TestMain(m *testing.M) {
	if os.Getenv(keeperWord) != "" {
		os.Exit(playKeeper())
	}
	os.Exit(m.Run())
}

// somebody is a person as the world outside the keeper knows them.
type somebody struct {
	pin     string
	face    [wire.FeatureLen]float32
	stored  verdict // whether their face opens the door
	pending string  // what was asked and not answered when the power went
}

// verdict is what must be true after a restart. An act that was not answered may have happened or not; one that was
// answered has happened for good.
type verdict int

const (
	dead   verdict = iota // never enrolled, or withdrawn and answered
	alive                 // enrolled and answered
	either                // asked, and the power went before the answer
)

// world is everything that outlives a power cut.
type world struct {
	t      *testing.T
	dir    string
	r      *rand.Rand
	people []*somebody
	guard  *somebody // the sentinel: enrolled in the first life, never withdrawn, looked at in every one
	tally  map[string]int
}

// begin enrols the sentinel. It is not cut.
func (w *world) begin(k *keeper) error {
	if err := w.newcomer(k); err != nil {
		return err
	}
	w.guard, w.people = w.people[0], nil
	return w.enrol(k, w.guard)
}

func TestPowerCuts(t *testing.T) {
	w := &world{t: t, dir: t.TempDir(), r: rand.New(rand.NewPCG(*seed, 0)), tally: map[string]int{}}
	began := time.Now()
	for cut := range *kills {
		if err := w.life(); err != nil {
			t.Fatalf("seed %d, life %d: %v", *seed, cut, err)
		}
	}
	// The last life is not cut: everything is looked at once more.
	if err := w.look(); err != nil {
		t.Fatalf("seed %d, after %d power cuts: %v", *seed, *kills, err)
	}
	t.Logf("%d power cuts in %s: %v", *kills, time.Since(began).Round(time.Second), w.tally)
	for _, act := range []string{"enrolled", "withdrawn", "cut while idle", "cut while enrolling", "cut while withdrawing"} {
		if *kills >= 200 && w.tally[act] == 0 {
			t.Errorf("%q never happened, so nothing was shown about it", act)
		}
	}
}

// life starts a keeper, checks what must be true, lets it work, and pulls the plug at some moment.
func (w *world) life() error {
	k, err := start(w.dir)
	if err != nil {
		return err
	}
	defer k.kill()
	if w.guard == nil {
		if err := w.begin(k); err != nil {
			return err
		}
	}
	if err := w.check(k); err != nil {
		return err
	}
	plug := time.AfterFunc(time.Duration(w.r.IntN(400))*time.Millisecond, k.kill)
	defer plug.Stop()
	for !k.dead.Load() {
		if err := w.act(k); err != nil {
			if k.dead.Load() {
				return nil // the plug was pulled in the middle: that is the point
			}
			return err
		}
	}
	w.tally["cut while idle"]++
	return nil
}

// faults are what a failing disk does, as strace injects it: each call fails from time to time.
var faults = []string{
	"fsync,fdatasync:error=EIO:when=5+7",
	"pwrite64,write:error=ENOSPC:when=60+37",
	"rename,renameat,renameat2:error=EIO:when=2+3",
	"unlink,unlinkat:error=EIO:when=2+2",
	"ftruncate,fallocate:error=ENOSPC:when=2+3",
}

// TestFailingDisk lets system calls of a living keeper fail, then cuts the power and looks with a whole disk.
func TestFailingDisk(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("this machine has no strace: apt-get install strace (make test does)")
	}
	w := &world{t: t, dir: t.TempDir(), r: rand.New(rand.NewPCG(*seed, 1)), tally: map[string]int{}}
	k, err := start(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.begin(k); err != nil {
		t.Fatal(err)
	}
	k.kill()
	for i := range max(len(faults), *kills/8) {
		fault := faults[i%len(faults)]
		if err := w.failingLife(fault); err != nil {
			t.Fatalf("seed %d, life %d, %s: %v", *seed, i, fault, err)
		}
		if err := w.look(); err != nil {
			t.Fatalf("seed %d, after life %d with %s: %v", *seed, i, fault, err)
		}
	}
	t.Logf("%v", w.tally)
}

// failingLife works on a failing disk for a while. Its keeper may stop; what it answered must hold.
func (w *world) failingLife(fault string) error {
	k, err := startFailing(w.dir, fault)
	if k == nil {
		return err
	}
	defer k.kill()
	if err != nil {
		w.tally["did not start on a failing disk"]++
		return nil
	}
	until := time.Now().Add(1500 * time.Millisecond)
	for time.Now().Before(until) {
		if err := w.act(k); err != nil {
			w.tally["acts that ended in an error"]++
			return nil // a keeper that stops is started anew by the hall
		}
		w.tally["acts on a failing disk"]++
	}
	return nil
}

// look is a life that only checks, everybody.
func (w *world) look() error {
	k, err := start(w.dir)
	if err != nil {
		return err
	}
	defer k.kill()
	for _, p := range w.people {
		if err := w.checkFace(k, p); err != nil {
			return err
		}
		if err := w.checkPIN(k, p); err != nil {
			return err
		}
	}
	return nil
}

// check looks at the log and at a few people; over many lives, at everybody many times.
func (w *world) check(k *keeper) error {
	if err := verifyLog(w.dir, k); err != nil {
		return err
	}
	for range min(3, len(w.people)) {
		if err := w.checkFace(k, w.people[w.r.IntN(len(w.people))]); err != nil {
			return err
		}
	}
	if len(w.people) > 0 {
		return w.checkPIN(k, w.people[w.r.IntN(len(w.people))])
	}
	return nil
}

func (w *world) checkPIN(k *keeper, p *somebody) error {
	out, err := k.pin(wire.ActOpen, p.pin)
	if err != nil {
		return fmt.Errorf("a PIN that was issued: %w", err)
	}
	if out != wire.PromptWelcome {
		return fmt.Errorf("a PIN that was issued does not open after a restart: the screen said %s", out)
	}
	w.tally["PIN opened after a cut"]++
	return nil
}

// checkFace shows a face and compares what the door does with what must be true. What was open is settled by it.
func (w *world) checkFace(k *keeper, p *somebody) error {
	opened, err := k.pass(&w.guard.face, &p.face)
	if err != nil {
		return err
	}
	switch {
	case p.stored == dead && opened:
		return fmt.Errorf("an erased face came back (%s): %s", p.pending, k.log)
	case p.stored == alive && !opened:
		return fmt.Errorf("a face that was enrolled is lost (%s): %s", p.pending, k.log)
	case p.stored == either && opened:
		p.stored = alive
	case p.stored == either:
		p.stored = dead
	}
	w.tally["face looked at after a cut"]++
	return nil
}

// act does one thing, chosen by chance.
func (w *world) act(k *keeper) error {
	if len(w.people) == 0 || len(w.people) < 60 && w.r.IntN(4) == 0 {
		return w.newcomer(k)
	}
	p := w.people[w.r.IntN(len(w.people))]
	if p.stored == either { // settle it first: two open acts on one person would hide each other
		return w.checkFace(k, p)
	}
	if p.stored == dead {
		return w.enrol(k, p)
	}
	if w.r.IntN(3) == 0 {
		return w.checkFace(k, p)
	}
	return w.withdraw(k, p)
}

func (w *world) newcomer(k *keeper) error {
	pin, err := k.newcomer()
	if err != nil {
		return err
	}
	p := &somebody{pin: pin}
	var square float32
	for i := range p.face {
		p.face[i] = float32(w.r.NormFloat64())
		square += p.face[i] * p.face[i]
	}
	w.people = append(w.people, p)
	w.tally["newcomers"]++
	return nil
}

func (w *world) enrol(k *keeper, p *somebody) error {
	p.stored, p.pending = either, "enrolling"
	out, err := k.enrol(p.pin, &p.face)
	if err != nil {
		w.tally["cut while enrolling"]++
		return err
	}
	if out == wire.PromptFaceRests && !k.failing { // the erasure of an earlier face is not finished
		p.stored = dead
		w.tally["enrolment put off until an erasure is finished"]++
		return nil
	}
	if out != wire.PromptEnrolled && k.failing {
		w.tally["enrolment refused by a failing disk"]++
		return nil // either, until somebody looks
	}
	if out != wire.PromptEnrolled {
		return fmt.Errorf("enrolling ended with %s", out)
	}
	p.stored, p.pending = alive, "enrolled, answered"
	w.tally["enrolled"]++
	return nil
}

// withdraw: from the moment that the screen says "withdrawn" the face must never open again, erased or not.
func (w *world) withdraw(k *keeper, p *somebody) error {
	p.stored, p.pending = either, "withdrawing"
	out, err := k.pin(wire.ActWithdraw, p.pin)
	if err != nil {
		w.tally["cut while withdrawing"]++
		return err
	}
	if out == wire.PromptFaultAsk && k.failing {
		w.tally["withdrawal unsure on a failing disk"]++
		return nil // either: the screen did not say that it is done
	}
	if out != wire.PromptWithdrawn && out != wire.PromptErased {
		return fmt.Errorf("withdrawing ended with %s", out)
	}
	p.stored, p.pending = dead, "withdrawn, answered"
	w.tally["withdrawn"]++
	return nil
}

// verifyLog checks a copy of the log as an inspector would, with the key that the keeper told at its start.
func verifyLog(dir string, k *keeper) error {
	copied, err := os.MkdirTemp("", "edged-torture-log-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(copied)
	// The keeper may be writing: a copy torn by that is taken again.
	for try := 0; ; try++ {
		os.RemoveAll(copied)
		err := os.CopyFS(copied, os.DirFS(filepath.Join(dir, "audit")))
		if err == nil {
			_, err = audit.Verify(copied, k.auditKey())
		}
		if err == nil {
			return nil
		}
		if try == 5 {
			return fmt.Errorf("the audit log does not verify after a cut: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// errCut is every error that a keeper's sudden end can cause.
var errCut = errors.New("the power went")
