package template_test

import (
	"crypto/rand"
	"math"
	mathrand "math/rand/v2"
	"slices"
	"testing"

	"example.org/edged/internal/template"
	"pgregory.net/rapid"
)

func arenaOf(t testing.TB, key byte, turn uint32) *template.Arena {
	t.Helper()
	a, err := template.NewArena(1, [32]byte{key}, turn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func TestTurningKeepsEveryCosine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var key [32]byte
		copy(key[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(rt, "key"))
		key[0] |= 1
		a, err := template.NewArena(2, key, rapid.Uint32().Draw(rt, "turn"))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		one := rapid.SliceOfN(rapid.Float32Range(-10, 10), template.Len, template.Len).Draw(rt, "one")
		s := rapid.Uint64().Draw(rt, "noise")
		near := *face(s)
		for i := range near {
			near[i] = near[i]*float32(rapid.Float64Range(0, 2).Draw(rt, "unlike")) + one[i]
		}
		x, y := [template.Len]float32(one), near
		x[0] += .5
		want := cosine(&x, &y)
		p, err1 := a.Put(&x)
		q, err2 := a.Put(&y)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := float64(a.Cosine(p, q)); math.Abs(got-want) > 1e-5 {
			rt.Fatalf("cosine %v became %v", want, got)
		}
	})
}

func TestOneFaceLooksUnlikeItselfUnderAnotherKeyOrTurn(t *testing.T) {
	of := func(key byte, turn uint32) [template.Len]float32 {
		a := arenaOf(t, key, turn)
		return a.Numbers(put(t, a, 1))
	}
	same, plain := of(1, 1), *face(1)
	if c := numbersAlike(same, of(1, 1)); c < 1-1e-6 {
		t.Errorf("two arenas of one device disagree: %v", c)
	}
	for name, other := range map[string][template.Len]float32{"as sent": plain, "another key": of(2, 1), "another turn": of(1, 2)} {
		if c := numbersAlike(same, other); math.Abs(c) > .25 { // 5.6 times the deviation of strangers, 1/√512
			t.Errorf("%s: alike by %v", name, c)
		}
	}
}

func numbersAlike(x, y [template.Len]float32) float64 { return cosine(&x, &y) }

func TestAnArenaWithoutASecretIsRefused(t *testing.T) {
	if a, err := template.NewArena(1, [32]byte{}, 1); err == nil {
		a.Close()
		t.Fatal("faces kept under a rotation that everybody knows")
	}
}

// A device is re-keyed without calling anybody back: what was sealed under the old turn opens, turned over, under the
// new one, and answers to new sightings. What was stolen before answers to none.
func TestASealedTemplateOfAnotherTurnIsTurnedOver(t *testing.T) {
	key, label := [32]byte{9}, []byte("label")
	old, now := arenaOf(t, 1, 1), arenaOf(t, 1, 2)
	stolen := old.Numbers(put(t, old, 1))
	sealed, err := old.Seal(put(t, old, 1), &key, label, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !now.Stale(sealed) || old.Stale(sealed) {
		t.Error("which turn a seal is of is not known")
	}
	h, err := now.Open(sealed, &key, label)
	if err != nil {
		t.Fatal(err)
	}
	if c := now.Cosine(h, put(t, now, 1)); c < 1-1e-5 {
		t.Errorf("after the turn the face is like itself by %v only", c)
	}
	if c := numbersAlike(stolen, now.Numbers(h)); math.Abs(c) > .25 {
		t.Errorf("what was stolen before the turn still fits by %v", c)
	}
	again, err := now.Seal(h, &key, label, rand.Reader)
	if err != nil || now.Stale(again) {
		t.Fatalf("sealed anew it is still of the old turn: %v", err)
	}
	for turn := uint32(3); turn < 40; turn++ { // errors do not add up, however often a device is turned
		next := arenaOf(t, 1, turn)
		if h, err = next.Open(again, &key, label); err != nil {
			t.Fatal(err)
		}
		if again, err = next.Seal(h, &key, label, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if c := next.Cosine(h, put(t, next, 1)); c < 1-1e-5 {
			t.Fatalf("after turn %d the face is like itself by %v only", turn, c)
		}
	}
}

func TestTheNumberOfTheTurnIsSealedToo(t *testing.T) {
	a, key := arenaOf(t, 1, 1), [32]byte{9}
	sealed, err := a.Seal(put(t, a, 1), &key, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed[3]++
	if _, err := a.Open(sealed, &key, nil); err == nil {
		t.Error("opened under the number of another turn")
	}
}

// clusters are so many people, each seen twice: as alike as two pictures of one person are (measured: around .6), in
// a space that has a common direction, as features of real faces have.
func clusters(people int) (first, second [][template.Len]float32) {
	r := mathrand.New(mathrand.NewPCG(7, 7))
	var common [template.Len]float64
	for i := range common {
		common[i] = r.NormFloat64() * .3
	}
	for range people {
		var a, b [template.Len]float32
		for i := range a {
			centre := r.NormFloat64() + common[i]
			a[i], b[i] = float32(centre+.8*r.NormFloat64()), float32(centre+.8*r.NormFloat64())
		}
		first, second = append(first, a), append(second, b)
	}
	return first, second
}

func TestTwoDevicesCannotTellThatTheyKnowTheSamePeople(t *testing.T) {
	first, second := clusters(200)
	within, across := linked(t, first, second, 12)
	t.Logf("200 people, 12 pairs of devices: AUC within a device %.4f, across devices %.4f", within, across)
	if within < .999 || math.Abs(across-.5) > .02 {
		t.Errorf("AUC within a device %.4f, across devices %.4f", within, across)
	}
}

// linked compares everybody's first picture on one device with everybody's second on another. The answer is the area
// under the curve of one person's pairs against two people's: 1 is certainty, .5 is chance. It is the mean over pairs
// of devices, because under one pair of rotations it strays by 1/√(12·people).
func linked(t *testing.T, first, second [][template.Len]float32, pairs int) (within, across float64) {
	t.Helper()
	turned := func(key byte, faces [][template.Len]float32) (out [][template.Len]float32) {
		a := arenaOf(t, key, 1)
		for _, v := range faces {
			h, err := a.Put(&v)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, a.Numbers(h))
			a.Wipe(h)
		}
		return out
	}
	for i := range pairs {
		here := turned(byte(1+2*i), first)
		within += auc(here, turned(byte(1+2*i), second)) / float64(pairs)
		across += auc(here, turned(byte(2+2*i), second)) / float64(pairs)
	}
	return within, across
}

func auc(x, y [][template.Len]float32) float64 {
	var same, other []float32
	for i := range x {
		for j := range y {
			var sum float32
			for k := range x[i] {
				sum += x[i][k] * y[j][k]
			}
			if i == j {
				same = append(same, sum)
			} else {
				other = append(other, sum)
			}
		}
	}
	slices.Sort(other)
	var below float64
	for _, s := range same {
		at, _ := slices.BinarySearch(other, s)
		below += float64(at) / float64(len(other))
	}
	return below / float64(len(same))
}

func BenchmarkPut(b *testing.B) {
	a := arenaOf(b, 1, 1)
	v := *face(1)
	for b.Loop() {
		w := v
		h, err := a.Put(&w)
		if err != nil {
			b.Fatal(err)
		}
		a.Wipe(h)
	}
}
