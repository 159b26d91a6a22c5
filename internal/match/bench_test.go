package match_test

import (
	"math/rand/v2"
	"testing"

	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
)

func BenchmarkFindAmong100000(b *testing.B) {
	in := newRoom(b, 0)
	a, g := in.a, in.g
	var err error
	var probe template.Template
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 100_000 {
		var v [template.Len]float32
		for j := range v {
			v[j] = float32(r.NormFloat64())
		}
		if probe, err = a.Put(&v); err != nil {
			b.Fatal(err)
		}
		if err := g.Put(person.ID{byte(i), byte(i >> 8), byte(i >> 16), 1}, probe, until); err != nil {
			b.Fatal(err)
		}
		if i < 99_999 {
			a.Wipe(probe)
		}
	}
	for b.Loop() {
		g.Find(probe, now, .6, .05)
	}
}
