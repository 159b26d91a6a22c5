package liveness

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
)

// mostTaken is the highest share of attacks of any one kind that may pass, by the upper 95 % bound of what was measured:
// Android's Compatibility Definition (7.3.10) draws the line there between biometrics of class 2 and of class 1, which may
// unlock nothing.
const mostTaken = 0.20

// A Table is what was measured on one camera, as `edged bench liveness --json` prints it.
type Table struct {
	Hash [sha256.Size]byte // of the file

	byKind map[string]share
	living share
	from   float64
	model  string
}

type share struct {
	High *float64 `json:"high"`
	Of   int      `json:"of"`
}

// ReadTable reads the file. Fields that it does not know are left alone: later versions print more.
func ReadTable(b []byte) (Table, error) {
	var in struct {
		APCERByKind map[string]share `json:"apcer_by_kind"`
		Rates       struct {
			BPCER share `json:"bpcer"`
		} `json:"rates"`
		LiveFrom float64 `json:"live_from"`
		Model    string  `json:"model"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return Table{}, fmt.Errorf("is not what `edged bench liveness --json` prints: %w", err)
	}
	t := Table{Hash: sha256.Sum256(b), byKind: in.APCERByKind, living: in.Rates.BPCER, from: in.LiveFrom, model: in.Model}
	if len(t.byKind) == 0 || t.living.Of < 1 {
		return Table{}, fmt.Errorf("counts no attacks or no living people: print it with `edged bench liveness --live DIR --attack DIR --json`")
	}
	for kind, s := range t.byKind {
		if s.Of < 1 || s.High == nil || !(*s.High >= 0 && *s.High <= 1) {
			return Table{}, fmt.Errorf("gives no bound for the kind %q: print it with `edged bench liveness --json`", kind)
		}
	}
	return t, nil
}

// Bears says why a face alone may not open with this table; nil when it may. Model is the hash of the liveness model in
// use, live the least mean in use.
func (t Table) Bears(model string, live float64) error {
	if t.model != model {
		return fmt.Errorf("was measured with another liveness model: measure again with the pack in use")
	}
	if !(math.Abs(t.from-live) < 1e-6) {
		return fmt.Errorf("was measured at %g, and face.liveness is %g: measure again with --live-from %g", t.from, live, live)
	}
	for kind, s := range t.byKind {
		if *s.High > mostTaken {
			return fmt.Errorf("cannot rule out that %.0f %% of the attacks of kind %q pass (bound of %d), and a face alone may open at %.0f %% at most: "+
				"bring more presentations, raise face.liveness and measure again, or leave it at PIN and face", 100**s.High, kind, s.Of, 100*mostTaken)
		}
	}
	return nil
}
