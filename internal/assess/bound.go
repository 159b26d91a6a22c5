package assess

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"example.org/edged/internal/room"
)

// Bound is what an assessment speaks of: purpose, way, model, threshold and how long. When one of these changes, the
// assessment speaks of another door (Measures 2025, article 9; PIPL, article 56), and face rests until it is renewed.
type Bound struct {
	Device   string  `json:"device"`
	Site     string  `json:"site"`
	Place    string  `json:"place"`
	Public   bool    `json:"public"`
	Area     string  `json:"area"`
	Purpose  string  `json:"purpose"`
	Way      string  `json:"way"`
	Model    string  `json:"model"`
	Level    string  `json:"level"`
	People   string  `json:"people"`
	Tries    float64 `json:"tries_per_day"`
	Years    float64 `json:"years_per_error"`
	Frames   int     `json:"frames"`
	Liveness float64 `json:"liveness"`
	Margin   float64 `json:"margin"`
	Unjudged bool    `json:"unjudged"` // the liveness model is switched off
	KeepDays int     `json:"keep_days"`
	Inactive string  `json:"inactive"`
	MaxAge   string  `json:"max_age"`
}

// Way is how faces are handled by this program. A release that does it differently changes the word, and then every
// assessment is renewed.
const Way = "one template a person, made and compared in the device; no picture kept; PIN beside it"

// Of is the door that a keeper guards. A door without faces has nothing to assess.
func Of(k room.Keeper, purpose string) Bound {
	b := Bound{Device: k.Device, Site: k.Site, Purpose: purpose, Way: Way}
	if d := k.Declared; d != nil {
		b.Place, b.Public, b.Area = d.Place, d.Public, d.Area
	}
	if f := k.Face; f != nil {
		b.Model, b.Level, b.People, b.Tries, b.Years = f.Model, f.Level, f.People, f.Tries, f.Years
		b.Frames, b.Liveness, b.Margin, b.Unjudged = f.Frames, f.Live, f.Margin, f.Unjudged
		b.KeepDays, b.Inactive, b.MaxAge = int(f.Keep/(24*time.Hour)), f.Inactive.String(), f.Age.String()
	}
	return b
}

// Hash names exactly this door.
func (b Bound) Hash() [32]byte {
	raw, err := json.Marshal(b)
	if err != nil {
		panic("assess: internal error: " + err.Error())
	}
	return sha256.Sum256(raw)
}

// Differs names what is not the same, with both values.
func (b Bound) Differs(now Bound) (all []string) {
	then, is := reflect.ValueOf(b), reflect.ValueOf(now)
	for i := range then.NumField() {
		if t, n := then.Field(i).Interface(), is.Field(i).Interface(); t != n {
			name, _, _ := strings.Cut(then.Type().Field(i).Tag.Get("json"), ",")
			all = append(all, fmt.Sprintf("%s was %v and is %v", name, t, n))
		}
	}
	return all
}
