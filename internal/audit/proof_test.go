package audit_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

func TestEveryEntryIsProvedUnderEveryHead(t *testing.T) {
	l := open(t, t.TempDir())
	var heads []wire.Head
	for _, n := range []int{1, 6, 250, 300, 150} {
		fill(t, l, int(l.Head().Size), n)
		heads = append(heads, l.Head())
	}
	for _, h := range heads {
		for range 40 {
			i := rand.Uint64N(h.Size)
			path, err := l.Prove(h, i)
			if err != nil {
				t.Fatal(err)
			}
			if err := audit.CheckEntry(h, i, entry(int(i)), path); err != nil {
				t.Fatalf("entry %d under %d: %v", i, h.Size, err)
			}
			wrong := entry(int(i))
			wrong.At++
			for what, err := range map[string]error{
				"another entry":    audit.CheckEntry(h, i, wrong, path),
				"another place":    audit.CheckEntry(h, (i+1)%max(h.Size, 2), entry(int(i)), path),
				"beyond the head":  audit.CheckEntry(h, h.Size+i, entry(int(i)), path),
				"a longer path":    audit.CheckEntry(h, i, entry(int(i)), append(path, audit.Hash{})),
				"a head of 2^63":   audit.CheckEntry(wire.Head{Size: 1 << 63, Root: h.Root}, i, entry(int(i)), path),
				"a head of nobody": audit.CheckEntry(wire.Head{}, 0, entry(0), nil),
			} {
				if err == nil && !(what == "another place" && h.Size == 1) {
					t.Errorf("entry %d under %d: %s was taken", i, h.Size, what)
				}
			}
		}
		if _, err := l.Prove(h, h.Size); err == nil {
			t.Error("an entry beyond the head was proved")
		}
	}
	if _, err := l.Prove(wire.Head{Size: 9999}, 5); err == nil {
		t.Error("an entry was proved under a head that was never signed")
	}
}

func TestADamagedTileProvesNothing(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, 0, 600)
	path := filepath.Join(dir, "tile", "0", "001")
	b, _ := os.ReadFile(path)
	b[40] ^= 1
	os.WriteFile(path, b, 0o600)
	if _, err := l.Prove(l.Head(), 300); err == nil {
		t.Error("a proof was made from a changed hash")
	}
	os.Truncate(path, 50)
	if _, err := l.Prove(l.Head(), 300); err == nil {
		t.Error("a proof was made from half a tile")
	}
}

func TestTheLogIsReadBackwards(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, 0, 700)
	next := uint64(700)
	for i, e := range l.Backwards(audit.Query{}) {
		if next--; i != next || e != entry(int(i)) {
			t.Fatalf("at %d came %d: %+v", next, i, e)
		}
	}
	if next != 0 {
		t.Errorf("%d entries were not read", next)
	}
	n := 0
	for i, e := range l.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindEnrolled}, Who: wire.Pseudonym{3}}) {
		if e.Kind != wire.KindEnrolled || e.Who != (wire.Pseudonym{3}) || i%5 != 0 || i%7 != 2 {
			t.Errorf("%d: %+v", i, e)
		}
		n++
	}
	if n != 20 {
		t.Errorf("%d entries of one person's enrolments", n)
	}
	for range l.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindLeft}}) {
		t.Error("something was found that is not there")
	}
}

func TestTheLastTrustedTimeIsKnown(t *testing.T) {
	l := open(t, t.TempDir())
	if _, ok := l.Last(); ok {
		t.Error("an empty log knows a time")
	}
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	l.Append(audit.Entry{At: at.UnixMilli(), Trusted: true})
	l.AppendAll([]audit.Entry{{At: at.Add(time.Hour).UnixMilli()}, {At: 0}})
	if last, ok := l.Last(); !ok || !last.Equal(at) {
		t.Errorf("%v %v", last, ok)
	}
}

// Any two heads are of one history when both are part of the folder; the first that is not is named.
func TestAnyNumberOfOlderHeads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	l := open(t, dir)
	var heads [][]byte
	for range 5 {
		fill(t, l, int(l.Head().Size), 100)
		msg, err := audit.Checkpoint(l.PublicKey(), l.Head())
		if err != nil {
			t.Fatal(err)
		}
		heads = append(heads, msg)
	}
	key := l.PublicKey()
	l.Close()
	r, err := audit.VerifyGrowth(heads[3], dir, key, heads[0], heads[4], heads[2])
	if err != nil || r.Grown == nil || *r.Grown != 0 || !strings.Contains(r.Says, "head of 100 entries") {
		t.Errorf("%+v, %v", r, err)
	}
	fork := open(t, t.TempDir()) // the same key tells another story from entry 200 on
	fill(t, fork, 0, 200)
	fork.AppendAll(make([]audit.Entry, 100))
	forked, _ := audit.Checkpoint(key, fork.Head())
	_, err = audit.VerifyGrowth(heads[4], dir, key, forked, heads[1])
	var p *audit.Problem
	if !errors.As(err, &p) || p.How != audit.Forked || p.Index != 200 {
		t.Errorf("a fork after 200: %v", err)
	}
}

func TestOwedErasuresAreCounted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	if n, err := audit.Owed(dir); n != 0 || err != nil {
		t.Errorf("no log yet: %d, %v", n, err)
	}
	l := open(t, dir)
	say := func(k wire.Kind, who byte, want int) {
		t.Helper()
		l.Append(audit.Entry{Kind: k, Who: wire.Pseudonym{who}})
		fill := make([]audit.Entry, 200)
		l.AppendAll(fill)
		if n, err := audit.Owed(dir); n != want || err != nil {
			t.Errorf("after %v of %d: %d, %v", k, who, n, err)
		}
	}
	say(wire.KindErased, 1, 0)
	say(wire.KindEraseFailed, 2, 1)
	say(wire.KindEraseFailed, 2, 1)
	say(wire.KindEraseFailed, 3, 2)
	say(wire.KindErased, 2, 1)
	say(wire.KindErased, 3, 0)
}
