package faces_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"math"
	mrand "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"example.org/edged/configs"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/birthday"
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

// grown is somebody who agrees with their own PIN.
var grown = consent.Basis{Evidence: consent.ByPIN, Age: birthday.Grown()}

var (
	model    = [32]byte{7}
	resident = person.ID([]byte("a resident's id.")) // drawn at random in life: mostly zeros would be found in any file
	other    = person.ID([]byte("another one's id"))
)

// stand is a Faces on real files, with a clock of its own.
type stand struct {
	*faces.Faces
	t        *testing.T
	dir      string
	notice   *notice.Notice
	vault    *vault.Vault
	register *consent.Register
	gallery  *match.Gallery
	arena    *template.Arena
	model    [32]byte

	mu      sync.Mutex
	now     time.Time
	trusted bool
	up      time.Duration
	log     []audit.Entry
	full    bool // the disk is: nothing can be written down
	said    []wire.Prompt
	gazes   int
	stays   faces.Stays
	close   func()
}

func open(t *testing.T, dir string, change func(*stand)) *stand {
	t.Helper()
	n := new(notice.Notice)
	must(t, yaml.Unmarshal(configs.Notice, n))
	s := &stand{t: t, dir: dir, notice: n, model: model, now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), trusted: true, up: time.Hour}
	if change != nil {
		change(s)
	}
	smith := filepath.Join(dir, "keysmith")
	must(t, os.MkdirAll(smith, 0o700))
	store, err := keysmith.Open(keysmith.Parts{Folder: smith, Rand: rand.Reader})
	must(t, err)
	log, err := audit.Open(filepath.Join(dir, "audit"), "edged/door", [32]byte{1}, slog.New(slog.DiscardHandler))
	must(t, err)
	s.arena, err = template.NewArena(16, [32]byte{9}, 0)
	must(t, err)
	s.vault, err = vault.Open(dir, "door", generations{store}, s.arena, rand.Reader)
	must(t, err)
	s.register, err = consent.Open(dir, consent.Device{ID: "door", Sign: consent.Signs([32]byte{1})}, s.notice)
	must(t, err)
	s.gallery = match.NewGallery(s.arena)
	s.Faces = faces.New(faces.Parts{Receipt: func(wire.Session, []byte) {}, Receipts: receipt.NewDesk(log, [32]byte{2}),
		Tier:  func() wire.Tier { return store.Tier() },
		Stays: s.stays,
		Arena: s.arena, Vault: s.vault, Gallery: s.gallery, Register: s.register,
		Rules: enrol.Rules{Model: s.model, Purpose: string(notice.DoorEntry), Frames: 3, Live: 0.05, Same: 0.55, Within: time.Minute,
			Unique: func() float32 { return 0.6 }},
		Now:    func() (time.Time, bool) { s.mu.Lock(); defer s.mu.Unlock(); return s.now, s.trusted },
		Uptime: func() time.Duration { s.mu.Lock(); defer s.mu.Unlock(); return s.up },
		Write:  s.write, Name: func(p person.ID) wire.Pseudonym { return wire.Pseudonym(p) },
		Screen: func(_ wire.Session, p wire.Prompt, _ int64, _, _ int) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.said = append(s.said, p)
		},
		Gaze: func() { s.mu.Lock(); defer s.mu.Unlock(); s.gazes++ }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	must(t, s.Load())
	var once sync.Once
	s.close = func() {
		once.Do(func() { must(t, errors.Join(s.vault.Close(), s.register.Close(), s.arena.Close(), log.Close())) })
	}
	t.Cleanup(s.close)
	return s
}

// generations is the real keysmith without the wire and the room around it.
type generations struct{ *keysmith.Store }

func (g generations) Commit() error { return g.Store.Commit(g.Generation() + 1) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stand) write(e audit.Entry) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full {
		return 0, errors.New("no space left on device")
	}
	s.log = append(s.log, e)
	return uint64(len(s.log) - 1), nil
}

func (s *stand) kinds() (all []wire.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.log {
		all = append(all, e.Kind)
	}
	return all
}

func (s *stand) prompts() []wire.Prompt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.said)
}

func (s *stand) wait(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.up = s.now.Add(d), s.up+d
}

func face(seed uint64) (v [wire.FeatureLen]float32) {
	from := mrand.New(mrand.NewPCG(seed, 1))
	var sum float64
	for i := range v {
		v[i] = float32(from.NormFloat64())
		sum += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// see is one good frame of now.
func (s *stand) see(seed uint64, live float32) bool {
	s.wait(100 * time.Millisecond)
	return s.See(&wire.Sighting{CapturedAt: int64(s.up), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, Live: live, Model: s.model, Feature: face(seed)}, wire.PromptHome)
}

// agree lets somebody agree and be enrolled.
func (s *stand) agree(p person.ID, seed uint64) {
	s.t.Helper()
	if got := s.Agree(1, p, s.notice.Hash(), "zh", grown); got != wire.PromptLook {
		s.t.Fatalf("the screen said %s", got)
	}
	for range 3 {
		s.see(seed, 0.9)
	}
}

// knows tells whether a face would be found.
func (s *stand) knows(seed uint64) (person.ID, bool) {
	s.t.Helper()
	v := face(seed)
	probe, err := s.arena.Put(&v)
	must(s.t, err)
	defer s.arena.Wipe(probe)
	s.mu.Lock()
	now := s.now
	s.mu.Unlock()
	a := s.gallery.Find(probe, now, 0.6, 0.05)
	return a.Person, a.Known
}

// sweep lets what must be erased be erased, until nothing is open.
func (s *stand) sweep() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Sweep().Run(ctx) }()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if s.Sweep().Open() == 0 && s.Stored() == 0 {
			break
		}
	}
	cancel()
	must(s.t, <-ended)
	if n := s.Sweep().Open(); n != 0 {
		s.t.Errorf("%d erasures are open", n)
	}
}
