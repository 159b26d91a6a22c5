package faces_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/enrol"
	"example.org/edged/internal/faces"
	"example.org/edged/internal/keysmith"
	"example.org/edged/internal/match"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/receipt"
	"example.org/edged/internal/template"
	"example.org/edged/internal/vault"
	"example.org/edged/internal/wire"
)

const day = 24 * time.Hour

var (
	thePack = [32]byte{1}
	anna    = person.ID{0xa}
	begun   = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
)

// refusing is the real keysmith without the wire and the room around it; it can refuse.
type refusing struct {
	*keysmith.Store
	broken *atomic.Bool
}

func (g refusing) Begin() ([32]byte, error) {
	if g.broken.Load() {
		return [32]byte{}, errors.New("the TPM does not answer")
	}
	return g.Store.Begin()
}

func (g refusing) Commit() error { return g.Store.Commit(g.Generation() + 1) }

// A room is a keeper without walls and wires: every part that holds or erases a face is the real one.
type room struct {
	*faces.Faces
	t        *testing.T
	dir      string
	notice   *notice.Notice
	arena    *template.Arena
	gallery  *match.Gallery
	log      *audit.Log
	register *consent.Register
	vault    *vault.Vault
	broken   atomic.Bool
	stop     func()

	mu       sync.Mutex
	at       time.Time
	prompts  chan wire.Prompt
	receipts chan []byte
}

func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, dir: t.TempDir(), notice: new(notice.Notice), at: begun}
	b, err := os.ReadFile("../../configs/notice.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, r.notice); err != nil {
		t.Fatal(err)
	}
	r.start()
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) now() (time.Time, bool) { r.mu.Lock(); defer r.mu.Unlock(); return r.at, true }

func (r *room) pass(d time.Duration) { r.mu.Lock(); defer r.mu.Unlock(); r.at = r.at.Add(d) }

func name(p person.ID) wire.Pseudonym { return wire.Pseudonym(p) }

func (r *room) write(e audit.Entry) (uint64, error) {
	at, trusted := r.now()
	e.At, e.Trusted = at.UnixMilli(), trusted
	return r.log.Append(e)
}

// start begins a life of the room.
func (r *room) start() {
	r.t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	smith := filepath.Join(r.dir, "smith")
	r.must(os.MkdirAll(smith, 0o700))
	store, err := keysmith.Open(keysmith.Parts{Folder: smith, Rand: rand.Reader})
	r.must(err)
	r.arena, err = template.NewArena(8, [32]byte{1}, 1)
	r.must(err)
	r.log, err = audit.Open(filepath.Join(r.dir, "audit"), "edged/door", [32]byte{1}, quiet)
	r.must(err)
	r.register, err = consent.Open(r.dir, consent.Device{ID: "door", Sign: consent.Signs([32]byte{1})}, r.notice)
	r.must(err)
	r.vault, err = vault.Open(r.dir, "door", refusing{store, &r.broken}, r.arena, rand.Reader)
	r.must(err)
	r.gallery = match.NewGallery(r.arena)
	r.prompts, r.receipts = make(chan wire.Prompt, 64), make(chan []byte, 8)
	r.Faces = faces.New(faces.Parts{Arena: r.arena, Vault: r.vault, Gallery: r.gallery, Register: r.register,
		Rules: enrol.Rules{Model: thePack, Purpose: string(notice.DoorEntry), Frames: 3, Same: .5, Within: time.Minute,
			Unique: func() float32 { return .9 }},
		Now: r.now, Uptime: func() time.Duration { return 0 }, Write: r.write, Name: name,
		Screen:  func(_ wire.Session, p wire.Prompt, _ int64, _, _ int) { r.prompts <- p },
		Receipt: func(_ wire.Session, b []byte) { r.receipts <- b }, Receipts: receipt.NewDesk(r.log, [32]byte{5}),
		Tier: func() wire.Tier { return wire.TierFile }, Inactive: 30 * day, Age: 90 * day, Gaze: func() {}, Log: quiet})
	r.must(r.Load())
	r.Recall(r.log.Backwards(audit.Query{}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); r.Sweep().Run(ctx) }()
	r.stop = func() {
		cancel()
		<-ended
		r.vault.Close()
		r.register.Close()
		r.log.Close()
		r.arena.Close()
	}
}

func (r *room) restart() { r.stop(); r.start() }

func sighting() *wire.Sighting {
	w := &wire.Sighting{Verdict: wire.Good, Enrol: wire.Good, Model: thePack, Live: 1}
	w.Feature[3] = 1
	return w
}

// enrol goes the way that everybody goes.
func (r *room) enrol() {
	r.t.Helper()
	if p := r.Agree(7, anna, r.notice.Hash(), "zh", grown); p != wire.PromptLook {
		r.t.Fatalf("agreeing gave %v", p)
	}
	for range 3 {
		r.See(sighting(), wire.PromptLook)
	}
	if r.gallery.Len() != 1 {
		r.t.Fatal("nobody was enrolled")
	}
}

func (r *room) waits(want wire.Prompt) {
	r.t.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case p := <-r.prompts:
			if p == want {
				return
			}
		case <-late:
			r.t.Fatalf("the screen never said %v", want)
		}
	}
}

func (r *room) entries(k wire.Kind) (all []audit.Entry) {
	for _, e := range r.log.Backwards(audit.Query{Kinds: []wire.Kind{k}}) {
		all = append(all, e)
	}
	return all
}

func TestWhoWithdrawsTakesAReceiptAway(t *testing.T) {
	r := newRoom(t)
	r.enrol()
	if p := r.Withdraw(7, anna); p != wire.PromptWithdrawn {
		t.Fatal(p)
	}
	r.waits(wire.PromptErased)
	proof, err := receipt.Unpack(<-r.receipts)
	r.must(err)
	r.must(proof.Verify(r.log.PublicKey()))
	if proof.Erased.Entry.Reason != wire.ReasonWithdrawn || proof.Erased.Entry.Who != name(anna) {
		t.Errorf("%+v", proof.Erased.Entry)
	}
	r.restart()
	r.GiveReceipt(9, anna) // who was not there gets it later
	proof, err = receipt.Unpack(<-r.receipts)
	r.must(err)
	r.must(proof.Verify(r.log.PublicKey()))
	r.GiveReceipt(9, person.ID{0xb})
	if len(r.receipts) != 0 {
		t.Error("somebody else got one, too")
	}
}

// From the moment at which withdrawing returns, nothing that found the person before is acted upon: the search is
// what a door does, While is its last question before the relay.
func TestAMatchInFlightDiesWithTheConsent(t *testing.T) {
	for range 20 {
		r := newRoom(t)
		r.enrol()
		var withdrawn atomic.Bool
		var late atomic.Int32
		var all sync.WaitGroup
		ready := make(chan struct{}, 4)
		for range 4 {
			all.Go(func() {
				for first := true; ; first = false {
					probe, err := r.arena.Put(&sighting().Feature)
					if err != nil {
						return
					}
					a := r.gallery.Find(probe, begun, .5, 0)
					r.arena.Wipe(probe)
					if !a.Known {
						return
					}
					if first {
						ready <- struct{}{}
					}
					r.gallery.While(a.Person, r.at, func() {
						if withdrawn.Load() {
							late.Add(1)
						}
					})
				}
			})
		}
		for range 4 {
			<-ready
		}
		r.Withdraw(7, anna)
		withdrawn.Store(true)
		all.Wait()
		if late.Load() > 0 {
			t.Fatalf("the door was opened %d times after the withdrawal", late.Load())
		}
		r.stop()
		r.stop = func() {}
	}
}

// The same with the moments in a fixed order: found, withdrawn, and only then the relay.
func TestFoundBeforeIsNobodyAfterTheWithdrawal(t *testing.T) {
	r := newRoom(t)
	r.enrol()
	probe, err := r.arena.Put(&sighting().Feature)
	r.must(err)
	a := r.gallery.Find(probe, begun, .5, 0)
	if !a.Known || !r.gallery.While(a.Person, r.at, func() {}) {
		t.Fatal("nobody was found")
	}
	r.Withdraw(7, anna)
	if r.gallery.While(a.Person, r.at, func() { t.Error("the relay was driven") }) {
		t.Error("somebody was let in")
	}
	if r.gallery.Find(probe, begun, .5, 0).Known {
		t.Error("the next frame still knows them")
	}
}

func TestAnErasureThatFailsIsCountedRecordedAndTriedAgain(t *testing.T) {
	r := newRoom(t)
	r.enrol()
	r.broken.Store(true)
	r.Withdraw(7, anna)
	for r.Late() == 0 {
		time.Sleep(time.Millisecond)
	}
	if r.Late() != 1 || r.gallery.Len() != 0 {
		t.Errorf("%d late, %d in use", r.Late(), r.gallery.Len())
	}
	if failed := r.entries(wire.KindEraseFailed); len(failed) == 0 || failed[0].Commit != (audit.Hash{}) {
		t.Errorf("the log has %+v", failed)
	}
	r.broken.Store(false)
	r.waits(wire.PromptErased)
	for r.Late() != 0 { // the screen is told a moment before the list is cleared
		time.Sleep(time.Millisecond)
	}
	if done := r.entries(wire.KindErased); len(done) != 1 || r.Stored() != 0 {
		t.Errorf("%d erasures in the log, %d stored", len(done), r.Stored())
	}
}

// Somebody edits the label of a stored face. It opens no more, and the log has the word for what was edited.
func TestAnEditedLabelHasItsWordInTheLog(t *testing.T) {
	for word, edit := range map[wire.Reason]func(raw []byte, c consent.Record){
		wire.ReasonPurposeChanged: func(raw []byte, _ consent.Record) { flip(t, raw, []byte(notice.DoorEntry)) },
		wire.ReasonExpiryChanged: func(raw []byte, c consent.Record) {
			flip(t, raw, binary.BigEndian.AppendUint64(nil, uint64(c.Until.Unix())))
		},
		wire.ReasonConsentChanged: func(raw []byte, c consent.Record) { h := c.Hash(); flip(t, raw, h[:]) },
		wire.ReasonOtherModel:     func(raw []byte, _ consent.Record) { flip(t, raw, thePack[:]) },
		wire.ReasonOtherDevice:    func(raw []byte, _ consent.Record) { flip(t, raw, []byte("\x00\x04door\x00")) },
		wire.ReasonMisplaced:      func(raw []byte, _ consent.Record) { flip(t, raw, append([]byte("\x00\x10"), anna[:]...)) },
	} {
		t.Run(word.String(), func(t *testing.T) {
			r := newRoom(t)
			r.enrol()
			agreed, _ := r.register.InForce(anna, begun)
			r.stop()
			path := filepath.Join(r.dir, "people.db")
			raw, err := os.ReadFile(path)
			r.must(err)
			edit(raw, agreed)
			r.must(os.WriteFile(path, raw, 0o600))
			r.start()
			if r.gallery.Len() != 0 {
				t.Error("the face is looked for")
			}
			if all := r.entries(wire.KindTemplateRefused); len(all) != 1 || all[0].Reason != word || all[0].Who != name(anna) {
				t.Errorf("the log has %+v", all)
			}
		})
	}
}

// flip changes the last byte but one of what stands there, wherever it stands.
func flip(t *testing.T, raw, what []byte) {
	t.Helper()
	n := 0
	for at := 0; ; n++ {
		i := bytes.Index(raw[at:], what)
		if i < 0 {
			break
		}
		at += i + len(what)
		raw[at-2] ^= 1
	}
	if n == 0 {
		t.Fatalf("%q is not in the file", what)
	}
}

func TestFacesDieOfThePolicy(t *testing.T) {
	for _, c := range []struct {
		name string
		live func(r *room)
		why  wire.Reason
		left int
	}{
		{"not used for thirty days", func(r *room) { r.pass(30 * day) }, wire.ReasonInactive, 0},
		{"used in between", func(r *room) {
			r.pass(20 * day)
			r.write(audit.Entry{Kind: wire.KindDecision, Method: wire.MethodPIN, Outcome: wire.Granted, Who: name(anna)})
			r.Used(anna)
			r.pass(20 * day)
		}, 0, 1},
		{"used every week, but taken long ago", func(r *room) {
			for range 13 {
				r.pass(7 * day)
				r.write(audit.Entry{Kind: wire.KindDecision, Method: wire.MethodFace, Outcome: wire.Granted, Who: name(anna)})
				r.Used(anna)
			}
		}, wire.ReasonAge, 0},
		{"a log that begins anew is no absence", func(r *room) {
			r.pass(20 * day)
			r.write(audit.Entry{Kind: wire.KindLogRenewed})
			r.pass(20 * day)
		}, 0, 1},
		{"refused tries are no use", func(r *room) {
			r.pass(20 * day)
			r.write(audit.Entry{Kind: wire.KindDecision, Method: wire.MethodFace, Outcome: wire.Denied, Who: name(anna)})
			r.pass(20 * day)
		}, wire.ReasonInactive, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(t)
			r.enrol()
			c.live(r)
			r.restart() // the sweep looks at once, and knows the passages from the log alone
			for len(r.entries(wire.KindErased)) == 0 && c.left == 0 {
				time.Sleep(time.Millisecond)
			}
			r.stop()
			erased := r.entries(wire.KindErased)
			r.start()
			if len(erased) != 1-c.left || c.left == 0 && erased[0].Reason != c.why || r.Stored() != c.left {
				t.Errorf("erased %+v, %d stored", erased, r.Stored())
			}
		})
	}
}

func TestAStopEndsAnEnrolment(t *testing.T) {
	r := newRoom(t)
	r.Agree(7, anna, r.notice.Hash(), "zh", grown)
	r.See(sighting(), wire.PromptLook)
	r.Halt()
	r.waits(wire.PromptFaceRests)
	for range 3 {
		r.See(sighting(), wire.PromptLook)
	}
	if r.Enrolling() || r.Stored() != 0 || r.gallery.Len() != 0 {
		t.Error("the enrolment went on")
	}
}
