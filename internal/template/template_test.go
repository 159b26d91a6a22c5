package template_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	"example.org/edged/internal/template"
	"pgregory.net/rapid"
)

func arena(t testing.TB, slots int) *template.Arena {
	t.Helper()
	a, err := template.NewArena(slots, [32]byte{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// face draws numbers of any length, as an eye would send them.
func face(seed uint64) *[template.Len]float32 {
	r := mathrand.New(mathrand.NewPCG(seed, 1))
	var v [template.Len]float32
	for i := range v {
		v[i] = float32(r.NormFloat64()) * 3
	}
	return &v
}

func put(t testing.TB, a *template.Arena, seed uint64) template.Template {
	t.Helper()
	h, err := a.Put(face(seed))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func cosine(x, y *[template.Len]float32) float64 {
	var xy, xx, yy float64
	for i := range x {
		a, b := float64(x[i]), float64(y[i])
		xy, xx, yy = xy+a*b, xx+a*a, yy+b*b
	}
	return xy / math.Sqrt(xx*yy)
}

func TestACosineIsTheCosine(t *testing.T) {
	a := arena(t, 2)
	rapid.Check(t, func(t *rapid.T) {
		s1, s2 := rapid.Uint64().Draw(t, "one"), rapid.Uint64().Draw(t, "other")
		x, err1 := a.Put(face(s1))
		y, err2 := a.Put(face(s2))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		defer a.Wipe(x)
		defer a.Wipe(y)
		want := cosine(face(s1), face(s2))
		if got := float64(a.Cosine(x, y)); math.Abs(got-want) > 1e-5 {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

func TestPutClearsWhatItTakes(t *testing.T) {
	a := arena(t, 1)
	good, bad := face(1), face(2)
	bad[511] = float32(math.NaN())
	if _, err := a.Put(good); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Put(bad); err == nil {
		t.Fatal("took a NaN")
	}
	if *good != [512]float32{} || *bad != [512]float32{} {
		t.Fatal("numbers were left behind")
	}
}

func TestOnlyRealFacesAreTaken(t *testing.T) {
	a := arena(t, 1)
	for name, f := range map[string]float32{"NaN": float32(math.NaN()), "+Inf": float32(math.Inf(1)), "-Inf": float32(math.Inf(-1))} {
		v := face(1)
		v[7] = f
		if _, err := a.Put(v); err == nil {
			t.Errorf("took %s", name)
		}
	}
	if _, err := a.Put(new([512]float32)); err == nil {
		t.Error("took zeros")
	}
	for name, f := range map[string]float32{"the largest numbers": math.MaxFloat32, "the smallest numbers": math.SmallestNonzeroFloat32} {
		var v [512]float32
		for i := range v {
			v[i] = f
		}
		h, err := a.Put(&v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c := a.Cosine(h, h); math.Abs(float64(c)-1) > 1e-5 {
			t.Errorf("%s: like itself by %v", name, c)
		}
	}
}

func TestAMeanLiesBetween(t *testing.T) {
	a := arena(t, 3)
	x, y := put(t, a, 1), put(t, a, 2)
	m, err := a.Mean([]template.Template{x, y})
	if err != nil {
		t.Fatal(err)
	}
	if cx, cy := a.Cosine(m, x), a.Cosine(m, y); math.Abs(float64(cx-cy)) > 1e-5 || cx < .6 || math.Abs(float64(a.Cosine(m, m))-1) > 1e-5 {
		t.Fatalf("%v and %v from the two it is made of", cx, cy)
	}
	if _, err := a.Mean(nil); err == nil {
		t.Error("the mean of nobody is somebody")
	}
	a.Wipe(y)
	if _, err := a.Mean([]template.Template{x, y}); err == nil {
		t.Error("took part in a mean after it was wiped")
	}
}

func TestAHandleKeptAfterWipeNeverReadsTheNextPerson(t *testing.T) {
	a := arena(t, 1)
	old := put(t, a, 1)
	a.Wipe(old)
	var next []template.Template
	for i := range 300 { // more than one chunk, so the old place is surely taken again
		next = append(next, put(t, a, uint64(i)))
	}
	for _, n := range next {
		if c := a.Cosine(old, n); c != template.Nothing {
			t.Fatalf("a dead handle is like somebody by %v", c)
		}
	}
	if _, err := a.Seal(old, new([32]byte), nil, rand.Reader); err == nil {
		t.Error("sealed a dead handle")
	}
	a.Wipe(old)
	for _, n := range next {
		if a.Cosine(n, n) == template.Nothing {
			t.Fatal("wiping a dead handle wiped the next person")
		}
	}
	if a.Cosine(template.Template{}, next[0]) != template.Nothing {
		t.Error("the zero handle reads somebody")
	}
}

func TestAfterCloseNothingAnswers(t *testing.T) {
	a, err := template.NewArena(1, [32]byte{1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	h := put(t, a, 1)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if a.Cosine(h, h) != template.Nothing {
		t.Error("answered after Close")
	}
	if _, err := a.Put(face(1)); err == nil {
		t.Error("took a face after Close")
	}
	a.Wipe(h)
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func TestASealOpensWithItsKeyAndLabelOnly(t *testing.T) {
	a := arena(t, 2)
	h := put(t, a, 1)
	key, aad := [32]byte{1}, []byte("label")
	sealed, err := a.Seal(h, &key, aad, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	back, err := a.Open(sealed, &key, aad)
	if err != nil || math.Abs(float64(a.Cosine(h, back))-1) > 1e-6 {
		t.Fatalf("%v, like itself by %v", err, a.Cosine(h, back))
	}
	again, _ := a.Seal(h, &key, aad, rand.Reader)
	if bytes.Equal(sealed[:12], again[:12]) {
		t.Error("the same nonce twice")
	}
	if _, err := a.Open(sealed, &[32]byte{2}, aad); err == nil {
		t.Error("opened with another key")
	}
	for _, other := range []string{"", "labem", "label ", "labe"} {
		if _, err := a.Open(sealed, &key, []byte(other)); err == nil {
			t.Errorf("opened with label %q", other)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		bad := bytes.Clone(sealed)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := a.Open(bad, &key, aad); err == nil {
			t.Fatal("opened with a bit flipped")
		}
	})
}

func TestTheSealDoesNotHoldTheNumbers(t *testing.T) {
	a := arena(t, 1)
	v := face(1)
	h := put(t, a, 1)
	sealed, err := a.Seal(h, new([32]byte), nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v {
		b := math.Float32bits(f)
		if bytes.Contains(sealed, []byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)}) {
			t.Fatal("a number shows through the seal")
		}
	}
}

func TestABrokenRandomSourceSealsNothing(t *testing.T) {
	a := arena(t, 1)
	if _, err := a.Seal(put(t, a, 1), new([32]byte), nil, bytes.NewReader(make([]byte, 11))); err == nil {
		t.Fatal("sealed without a nonce")
	}
}

// A fraction, an exponent, or 512 of anything: no number of a face looks otherwise.
var number = regexp.MustCompile(`\d\.\d|e[+-]\d|p[+-]\d`)

func TestNothingThatPrintsPrintsANumber(t *testing.T) {
	a := arena(t, 1)
	h := put(t, a, 1)
	type inner struct {
		T template.Template
		p *template.Template
		a *template.Arena
	}
	type holder struct {
		Name string
		in   inner
		A    *template.Arena
		M    map[string]template.Template
	}
	things := []any{h, &h, a, *(&a), inner{h, &h, a}, holder{"x", inner{h, &h, a}, a, map[string]template.Template{"y": h}}, []template.Template{h}}
	var out strings.Builder
	for _, x := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%s", "%q", "%d", "%b", "%o", "%t", "%f", "%g", "%p", "%c", "%U"} {
			fmt.Fprintf(&out, verb+"\n", x)
		}
		if j, err := json.Marshal(x); err == nil {
			out.Write(j)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "thing", x)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "thing", x)
	}
	text := regexp.MustCompile(`time"?[=:]\S+`).ReplaceAllString(out.String(), "")
	if at := number.FindStringIndex(text); at != nil {
		t.Errorf("something like a number was printed: …%s…", text[max(0, at[0]-60):min(len(text), at[1]+60)])
	}
	// What fmt would print of the memory itself, were it to reach it: some byte runs of the first numbers.
	v := face(1)
	var norm float64
	for _, f := range v {
		norm += float64(f) * float64(f)
	}
	for i := range 3 {
		b := math.Float32bits(float32(float64(v[i]) / math.Sqrt(norm)))
		for _, run := range []string{
			fmt.Sprintf("%d %d %d %d", byte(b), byte(b>>8), byte(b>>16), byte(b>>24)),
			fmt.Sprintf("%02x%02x%02x%02x", byte(b), byte(b>>8), byte(b>>16), byte(b>>24)),
		} {
			if strings.Contains(strings.ToLower(text), run) {
				t.Errorf("the memory of a face was printed: %s", run)
			}
		}
	}
}

func TestAllAtOnce(t *testing.T) {
	a := arena(t, 1)
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Go(func() {
			key := [32]byte{byte(g)}
			for i := range 100 {
				x, err := a.Put(face(uint64(g*1000 + i)))
				if err != nil {
					t.Error(err)
					return
				}
				if c := a.Cosine(x, x); math.Abs(float64(c)-1) > 1e-5 {
					t.Errorf("like itself by %v", c)
				}
				sealed, err := a.Seal(x, &key, nil, rand.Reader)
				if err != nil {
					t.Error(err)
					return
				}
				a.Wipe(x)
				y, err := a.Open(sealed, &key, nil)
				if err != nil {
					t.Error(err)
				}
				a.Wipe(y)
			}
		})
	}
	wait.Wait()
}

func FuzzOpen(f *testing.F) {
	a := arena(f, 1)
	key := [32]byte{7}
	sealed, err := a.Seal(put(f, a, 1), &key, []byte("l"), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := a.Open(b, &key, []byte("l"))
		if (err == nil) != bytes.Equal(b, sealed) {
			t.Fatalf("%v", err)
		}
		a.Wipe(h)
	})
}

func BenchmarkCosine(b *testing.B) {
	a := arena(b, 2)
	x, y := put(b, a, 1), put(b, a, 2)
	for b.Loop() {
		a.Cosine(x, y)
	}
}

func BenchmarkOpen(b *testing.B) {
	a := arena(b, 2)
	key := [32]byte{7}
	sealed, err := a.Seal(put(b, a, 1), &key, nil, rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h, err := a.Open(sealed, &key, nil)
		if err != nil {
			b.Fatal(err)
		}
		a.Wipe(h)
	}
}
