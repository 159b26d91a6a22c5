package dossier

import (
	"errors"
	"fmt"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/calendar"
	"example.org/edged/internal/count"
	"example.org/edged/internal/wire"
)

// term is how many working days a handler has, for a filing, its change and its cancellation alike (Measures 2025,
// article 15).
const term = 30

// A Filing is what is handed in at the cyberspace office: the five parts of article 15, from live facts.
type Filing struct {
	Common
	Handler    Handler  `json:"handler"`
	Purpose    string   `json:"purpose"`
	Way        string   `json:"way"`
	Now        int      `json:"now"`       // people whose face is stored
	HighMark   int      `json:"high_mark"` // the most there ever were
	Reached    string   `json:"reached,omitempty"`
	Due        string   `json:"due,omitempty"`
	Protection []string `json:"protection"`
	Changes    []Change `json:"changes"`               // of what was filed, since it was
	Receipt    string   `json:"receipt,omitempty"`     // of the last filing
	Certified  string   `json:"certificate,omitempty"` // of decommissioning, in a cancellation
}

// Handler is who answers for it, as the notice tells people.
type Handler struct {
	Name    string `json:"name"`
	Contact string `json:"contact"`
}

// A Change is one of what faces are used for, or how.
type Change struct {
	At  string `json:"at"`
	Due string `json:"due"`
}

// Filed is what the handler noted about the last filing.
type Filed struct {
	Number string    `json:"number"`
	On     time.Time `json:"on"`
}

// Complete fills in what follows from the log and the calendar, and refuses a filing with a part missing.
func (f *Filing) Complete(dir string, c calendar.Calendar, last Filed) error {
	x, err := audit.Take(dir, func(_ uint64, e audit.Entry) bool {
		switch e.Kind {
		case wire.KindCounted, wire.KindAssessed, wire.KindConfigured, wire.KindLeft:
			return true
		}
		return false
	})
	if err != nil {
		return err
	}
	f.Schema, f.Log, f.Changes = schema, x, []Change{}
	for _, l := range x.Lines {
		e, err := audit.ParseLine(l.Entry)
		if err != nil {
			return err
		}
		switch at := time.UnixMilli(e.At); e.Kind {
		case wire.KindCounted:
			f.Now, f.HighMark = int(e.Head), int(e.Count)
			if e.Reason == wire.ReasonReached && f.Reached == "" {
				f.Reached, f.Due = date(at), c.After(at, term).String()
			}
		case wire.KindConfigured:
			if !last.On.IsZero() && at.After(last.On) {
				f.Changes = append(f.Changes, Change{date(at), c.After(at, term).String()})
			}
		case wire.KindLeft:
			f.Kind, f.Due = "cancellation", c.After(at, term).String()
		}
	}
	f.Receipt = last.Number
	return f.missing()
}

// missing names the part of article 15 that is not there.
func (f *Filing) missing() error {
	if f.Kind == "cancellation" {
		if f.Certified == "" {
			return errors.New("a cancellation needs the certificate of decommissioning: edged decommission")
		}
		return nil
	}
	for _, part := range []struct {
		there bool
		what  string
	}{
		{f.Handler.Name != "" && f.Handler.Contact != "", "the handler's name and contact, which stand in the notice"},
		{f.Purpose != "" && f.Way != "", "purpose and way"},
		{len(f.Protection) > 0 && len(f.Log.Lines) > 0, "the number of people and the protections: start edged once"},
		{there(f.Notice), "the handling rules, which are the notice"},
		{there(f.Assessment), "the impact assessment: edged assess sign"},
	} {
		if !part.there {
			return fmt.Errorf("the filing lacks %s (Measures, article 15); nothing was built", part.what)
		}
	}
	return nil
}

func date(at time.Time) string {
	return at.In(time.FixedZone("", 8*60*60)).Format(time.DateOnly)
}

// CheckFiling checks a filing offline: that its numbers are the signed ones, that the assessment is the one that the log
// names, and that the days are counted as they should be.
func CheckFiling(b []byte, publicKey string, c calendar.Calendar) ([]Answer, error) {
	var f Filing
	if err := decode(b, &f); err != nil {
		return nil, err
	}
	o, err := f.open(publicKey)
	if err != nil {
		return nil, err
	}
	if err := f.missing(); err != nil {
		return nil, err
	}
	counted := o.kind(wire.KindCounted)
	if len(counted) == 0 {
		return nil, errors.New("no signed line says how many people there are")
	}
	last := o.lines[counted[len(counted)-1]]
	if int(last.Count) != f.HighMark || int(last.Head) != f.Now {
		return nil, fmt.Errorf("the filing says %d people now and %d at most, the signed line %d and %d", f.Now, f.HighMark, last.Head, last.Count)
	}
	answers := []Answer{{"how many people's face is stored", true, fmt.Sprintf("%d now, %d at most so far (line %d, %s); the law names %d",
		f.Now, f.HighMark, counted[len(counted)-1], day(last), count.Limit)}}
	reached := o.find(func(e audit.Entry) bool { return e.Kind == wire.KindCounted && e.Reason == wire.ReasonReached })
	switch {
	case f.Kind == "cancellation":
		left := o.kind(wire.KindLeft)
		if len(left) == 0 {
			return nil, errors.New("no signed line says that this device has left")
		}
		if _, err := audit.OpenCertificate([]byte(f.Certified), publicKey); err != nil {
			return nil, err
		}
		due := c.After(time.UnixMilli(o.lines[left[0]].At), term).String()
		answers = append(answers, Answer{"when to cancel", f.Due == due, "by " + due}, Answer{"whether the faces are gone", true, "the certificate of decommissioning verifies"})
	case len(reached) > 0:
		at := time.UnixMilli(o.lines[reached[0]].At)
		due := c.After(at, term).String()
		answers = append(answers, Answer{"when to file", f.Due == due && f.Reached == date(at), fmt.Sprintf("%d reached on %s, file by %s", count.Limit, date(at), due)})
	case f.Due != "" || f.Reached != "":
		return nil, errors.New("the filing names a day, and no signed line bears it")
	}
	at, ok := o.assessedAt()
	says := "the log does not name the assessment that is enclosed"
	if ok {
		says = fmt.Sprintf("line %d names it (%s)", at, day(o.lines[at]))
	}
	return append(answers, Answer{"whether the assessment enclosed is the one in force", ok || f.Kind == "cancellation", says}), nil
}
