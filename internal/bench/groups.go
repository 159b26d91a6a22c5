package bench

import (
	"cmp"
	"maps"
	"slices"

	"example.org/edged/internal/curve"
)

// doorsDefault is the threshold of a door whose file says nothing else (internal/curve).
const doorsDefault = .55

// A Rate is a share of cases, and between which bounds the true share lies with 95 % confidence (Clopper and Pearson).
type Rate struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Of    int     `json:"of"`
}

func rate(k, n int) Rate {
	r := Rate{Of: n}
	r.Low, r.High = curve.Bounds(k, n, .95)
	if n > 0 {
		r.Share = float64(k) / float64(n)
	}
	return r
}

// A Group is what one group of people meets at the same threshold as all others.
type Group struct {
	Group string `json:"group"`
	FMR   Rate   `json:"fmr"`
	FNMR  Rate   `json:"fnmr"`
}

// Spread is how far groups lie apart: the largest share less the smallest, and Sure when their bounds do not overlap.
type Spread struct {
	FMR      float64 `json:"fmr"`
	FMRSure  bool    `json:"fmr_sure"`
	FNMR     float64 `json:"fnmr"`
	FNMRSure bool    `json:"fnmr_sure"`
}

// rate counts mistakes at one threshold, over all pairs and by group.
func (r *Report) rate(l *list, scores []float64, at float64) {
	r.At = cmp.Or(at, doorsDefault)
	type count struct{ genuine, refused, impostor, accepted int }
	all, by := count{}, map[string]*count{}
	for i, p := range l.pairs {
		c := by[p.group]
		if c == nil {
			c = new(count)
			by[p.group] = c
		}
		for _, c := range []*count{&all, c} {
			switch accepted := scores[i] >= r.At; {
			case p.same && !accepted:
				c.refused++
			case !p.same && accepted:
				c.accepted++
			}
			if p.same {
				c.genuine++
			} else {
				c.impostor++
			}
		}
	}
	r.FMR, r.FNMR = rate(all.accepted, all.impostor), rate(all.refused, all.genuine)
	if len(by) == 1 && by[""] != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		c := by[name]
		r.Groups = append(r.Groups, Group{name, rate(c.accepted, c.impostor), rate(c.refused, c.genuine)})
	}
	r.Spread = &Spread{}
	r.Spread.FMR, r.Spread.FMRSure = spread(r.Groups, func(g Group) Rate { return g.FMR })
	r.Spread.FNMR, r.Spread.FNMRSure = spread(r.Groups, func(g Group) Rate { return g.FNMR })
}

// spread leaves out groups in which nothing was counted.
func spread(groups []Group, of func(Group) Rate) (apart float64, sure bool) {
	var rates []Rate
	for _, g := range groups {
		if r := of(g); r.Of > 0 {
			rates = append(rates, r)
		}
	}
	if len(rates) == 0 {
		return 0, false
	}
	share := func(a, b Rate) int { return cmp.Compare(a.Share, b.Share) }
	least, most := slices.MinFunc(rates, share), slices.MaxFunc(rates, share)
	return most.Share - least.Share, most.Low > least.High
}
