package reception_test

import (
	"errors"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/person"
	"example.org/edged/internal/reception"
	"example.org/edged/internal/rights"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

var (
	resident = person.ID{1}
	morning  = time.Date(2026, 3, 1, 8, 0, 0, 5e8, time.UTC)
)

// desk is everything around a reception, and writes down what was done.
type desk struct {
	*reception.Reception
	res     access.Result
	broken  bool // no PIN can be issued, no door opens
	resting bool
	changed bool
	up      time.Duration
	agreed  person.ID
	basis   consent.Basis
	births  *birthday.Book
	did     []string
	decided []access.Facts
	said    []wire.KioskHears
	log     []wire.Kind
	noClock bool
	visit   time.Time
}

func (d *desk) Try(digits []byte) (person.ID, access.Result) {
	d.did = append(d.did, "try")
	if string(digits) == "12345678" && d.res.Outcome == wire.Granted {
		return resident, d.res
	}
	if string(digits) == "22222228" && d.res.Outcome == wire.Granted {
		return person.ID{2}, d.res
	}
	if d.res.Outcome == wire.Granted {
		return person.ID{}, access.Result{Outcome: wire.Denied, Reason: wire.ReasonWrongPIN, TriesLeft: 4}
	}
	return person.ID{}, d.res
}

func (d *desk) TryStaff(_ []room.Staff, digits []byte) (string, access.Result) {
	p, r := d.Try(digits)
	if p == (person.ID{2}) {
		return "porter", r
	}
	return "desk", r
}

func (d *desk) Issue() (person.ID, access.PIN, error) {
	d.did = append(d.did, "issue")
	if d.broken {
		return person.ID{}, access.PIN{}, errors.New("no space left on device")
	}
	return person.ID{2}, access.PIN{}, nil
}

func (d *desk) IssueVisit(end time.Time) (person.ID, access.PIN, error) {
	d.visit = end
	return d.Issue()
}

func (d *desk) Agree(_ wire.Session, p person.ID, _ [32]byte, _ string, on consent.Basis) wire.Prompt {
	d.did, d.agreed, d.basis = append(d.did, "agree"), p, on
	return wire.PromptLook
}
func (d *desk) Withdraw(_ wire.Session, p person.ID) wire.Prompt {
	d.did = append(d.did, "withdraw")
	if p != resident {
		panic("a withdrawal of somebody else")
	}
	return wire.PromptWithdrawn
}
func (d *desk) GiveReceipt(wire.Session, person.ID) {}
func (d *desk) Changed(person.ID) bool              { return d.changed }
func (d *desk) Rest(_ person.ID, by consent.Evidence, staff string) wire.Prompt {
	d.did = append(d.did, "rest by "+string(by)+staff)
	return wire.PromptRests
}
func (d *desk) Resume(_ person.ID, by consent.Evidence, _ string) wire.Prompt {
	d.did = append(d.did, "resume by "+string(by))
	return wire.PromptResumed
}
func (d *desk) Inform(person.ID, [32]byte, string) wire.Prompt {
	d.did = append(d.did, "inform")
	return wire.PromptInformed
}
func (d *desk) Enrol(wire.Session, person.ID) wire.Prompt {
	d.did = append(d.did, "enrol")
	return wire.PromptLook
}
func (d *desk) WithdrawBy(_ wire.Session, p person.ID, by consent.Evidence) wire.Prompt {
	d.did = append(d.did, "withdraw by "+string(by))
	return wire.PromptWithdrawn
}
func (d *desk) Document(person.ID) (*consent.Document, error) { return &consent.Document{}, nil }
func (d *desk) Wards(person.ID) []person.ID                   { return []person.ID{{3}} }
func (d *desk) Died(person.ID)                                { d.did = append(d.did, "end") }
func (d *desk) Recent(wire.Pseudonym, int) []audit.Entry      { return nil }
func (d *desk) Refuse([32]byte)                               { d.did = append(d.did, "refuse") }
func (d *desk) Cancel(wire.Session)                           { d.did = append(d.did, "cancel") }
func (d *desk) Describe(_ person.ID, r *wire.Record)          { r.Consent = wire.ConsentGiven }

func newDesk(faces bool) *desk {
	d := &desk{res: access.Result{Outcome: wire.Granted}}
	p := reception.Parts{Book: d, Visit: 24 * time.Hour, Now: func() (time.Time, bool) { return morning, !d.noClock }, FaceOn: func() bool { return !d.resting },
		Decide: func(f access.Facts, _ time.Duration, _ wire.Stages) wire.Outcome {
			d.decided = append(d.decided, f)
			if d.broken {
				return wire.NoAnswer
			}
			return access.Decide(f).Outcome
		},
		Write:   func(e audit.Entry) (uint64, error) { d.log = append(d.log, e.Kind); return 0, nil },
		Name:    func(p person.ID) wire.Pseudonym { return wire.Pseudonym(p) },
		Say:     func(w wire.KioskHears) { d.said = append(d.said, w) },
		Reading: time.Minute,
		Uptime:  func() time.Duration { return d.up }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	d.up = time.Hour
	parts := rights.Parts{Births: d.births, Log: d, Name: p.Name, Write: p.Write, Say: p.Say, Now: p.Now, Slog: p.Log,
		Recent: func(person.ID) [5]wire.Passage { return [5]wire.Passage{{At: 5}} },
		People: func() []person.ID { return []person.ID{resident, {2}, {3}} }, Revoke: func(person.ID) error { return nil }, Alarm: func() {}}
	if faces {
		p.Faces, parts.Faces = d, d
	}
	p.Rights = rights.New(parts)
	d.Reception = reception.New(p)
	return d
}

// reads puts a notice before whoever has turn 9, and has it read to its end.
func (d *desk) reads(notice [32]byte) {
	d.Hear(&wire.Touched{Session: 9, Touch: wire.TouchNotice, Notice: notice})
	d.up += time.Minute
	d.Hear(&wire.Touched{Session: 9, Touch: wire.TouchRead, Notice: notice})
	d.log = nil
}

func typed(act wire.Act, pin string) *wire.PINTyped {
	w := &wire.PINTyped{Session: 9, Act: act, Len: uint8(len(pin))}
	copy(w.Digits[:], pin)
	return w
}

func TestWhatAPINDoes(t *testing.T) {
	limited := access.Result{Outcome: wire.Limited, Reason: wire.ReasonTooManyTries, Until: time.Unix(77, 0)}
	damaged := access.Result{Outcome: wire.NoAnswer, Reason: wire.ReasonDamaged}
	for _, c := range []struct {
		name  string
		act   wire.Act
		pin   string
		set   func(*desk)
		did   []string
		says  wire.Prompt
		log   []wire.Kind
		found []access.Found
	}{
		{"opens", wire.ActOpen, "12345678", nil, []string{"try"}, wire.PromptWelcome, nil, []access.Found{access.Somebody}},
		{"opens while faces rest", wire.ActOpen, "12345678", func(d *desk) { d.resting = true }, []string{"try"}, wire.PromptWelcome, nil, []access.Found{access.Somebody}},
		{"does not open when the relay does not obey", wire.ActOpen, "12345678", func(d *desk) { d.broken = true }, []string{"try"}, wire.PromptFaultAsk, nil, []access.Found{access.Somebody}},
		{"is wrong", wire.ActOpen, "87654321", nil, []string{"try"}, wire.PromptWrongPIN, nil, []access.Found{access.WrongPIN}},
		{"is typed once too often", wire.ActOpen, "12345678", func(d *desk) { d.res = limited }, []string{"try"}, wire.PromptWait, nil, []access.Found{access.TooManyTries}},
		{"cannot be looked up", wire.ActOpen, "12345678", func(d *desk) { d.res = damaged }, []string{"try"}, wire.PromptFaultAsk, nil, []access.Found{access.Damaged}},
		{"agrees", wire.ActAgree, "12345678", nil, []string{"try", "agree"}, wire.PromptLook, nil, nil},
		{"agrees to nothing while faces rest", wire.ActAgree, "12345678", func(d *desk) { d.resting = true }, []string{"try"}, wire.PromptFaceRests, nil, nil},
		{"a wrong one agrees to nothing", wire.ActAgree, "87654321", nil, []string{"try"}, wire.PromptWrongPIN, nil, nil},
		{"withdraws", wire.ActWithdraw, "12345678", nil, []string{"try", "withdraw"}, wire.PromptWithdrawn, nil, nil},
		{"withdraws while faces rest", wire.ActWithdraw, "12345678", func(d *desk) { d.resting = true }, []string{"try", "withdraw"}, wire.PromptWithdrawn, nil, nil},
		{"a wrong one withdraws nothing", wire.ActWithdraw, "87654321", nil, []string{"try"}, wire.PromptWrongPIN, nil, nil},
		{"a wrong one of staff gives no PIN", wire.ActNewcomer, "87654321", nil, []string{"try"}, wire.PromptNoNewcomer, nil, nil},
		{"of staff, and the disk is full", wire.ActNewcomer, "12345678", func(d *desk) { d.broken = true }, []string{"try", "issue"}, wire.PromptFaultAsk, nil, nil},
		{"a wrong one shows no record", wire.ActMine, "87654321", nil, []string{"try"}, wire.PromptWrongPIN, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(true)
			if c.set != nil {
				c.set(d)
			}
			w := typed(c.act, c.pin)
			if c.act == wire.ActAgree || c.act == wire.ActInformed {
				d.reads(w.Notice)
			}
			d.Hear(w)
			if w.Digits != [wire.PINMax]byte{} {
				t.Error("the PIN is still in the word")
			}
			if !slices.Equal(d.did, c.did) || !slices.Equal(d.log, c.log) {
				t.Errorf("did %v, wrote %v", d.did, d.log)
			}
			var found []access.Found
			for _, f := range d.decided {
				found = append(found, f.Found)
			}
			if !slices.Equal(found, c.found) {
				t.Errorf("decided on %v", d.decided)
			}
			if len(d.said) != 1 {
				t.Fatalf("said %v", d.said)
			}
			if s, ok := d.said[0].(*wire.Screen); !ok || s.Prompt != c.says || s.Session != 9 || c.says == wire.PromptWait && s.Until != 77 {
				t.Errorf("said %+v", d.said[0])
			}
		})
	}
}

func TestAnswersThatArePersonal(t *testing.T) {
	d := newDesk(true)
	d.Hear(typed(wire.ActMine, "12345678"))
	want := &wire.Record{Session: 9, Who: wire.Pseudonym(resident), Number: wire.Pseudonym(resident).Number(), Consent: wire.ConsentGiven, Passages: [5]wire.Passage{{At: 5}}}
	if !reflect.DeepEqual(d.said, []wire.KioskHears{want}) || !slices.Equal(d.log, []wire.Kind{wire.KindRecordRead}) {
		t.Errorf("said %+v, wrote %v", d.said[0], d.log)
	}
	d = newDesk(true)
	d.Hear(typed(wire.ActNewcomer, "12345678"))
	if i, ok := d.said[0].(*wire.Issued); !ok || i.Session != 9 || !slices.Equal(d.log, []wire.Kind{wire.KindNewcomer}) {
		t.Errorf("said %+v, wrote %v", d.said, d.log)
	}
}

// A touch is a claim: it opens nothing, agrees to nothing, withdraws nothing.
func TestATouchAloneDoesNothing(t *testing.T) {
	for touch, did := range map[wire.Touch][]string{wire.TouchHome: {"cancel"}, wire.TouchDecline: {"refuse"}, wire.TouchNotice: nil} {
		d := newDesk(true)
		d.Hear(&wire.Touched{Session: 9, Touch: touch})
		if !slices.Equal(d.did, did) || len(d.decided) > 0 {
			t.Errorf("%s: did %v, decided %v", touch, d.did, d.decided)
		}
	}
}

func TestADoorWithoutFaces(t *testing.T) {
	for act, says := range map[wire.Act]wire.Prompt{wire.ActOpen: wire.PromptWelcome, wire.ActAgree: wire.PromptFaceRests, wire.ActWithdraw: wire.PromptNothing} {
		d := newDesk(false)
		if act == wire.ActAgree {
			d.reads([32]byte{})
		}
		d.Hear(typed(act, "12345678"))
		if s, ok := d.said[0].(*wire.Screen); !ok || s.Prompt != says {
			t.Errorf("%s: %+v", act, d.said[0])
		}
	}
	d := newDesk(false)
	d.Hear(typed(wire.ActMine, "12345678"))
	for _, touch := range []wire.Touch{wire.TouchHome, wire.TouchDecline, wire.TouchNotice} {
		d.Hear(&wire.Touched{Touch: touch})
	}
	if r, ok := d.said[0].(*wire.Record); !ok || r.Consent != wire.ConsentNone {
		t.Errorf("%+v", d.said[0])
	}
}

// Staff give a visitor a PIN for some hours, and for no more than the house allows.
func TestAVisitByTheHour(t *testing.T) {
	for _, c := range []struct {
		name    string
		hours   uint16
		noClock bool
		until   time.Time
		says    wire.Prompt
	}{
		{"of eight hours", 8, false, morning.Truncate(time.Second).Add(8 * time.Hour), 0},
		{"of the longest", 24, false, morning.Truncate(time.Second).Add(24 * time.Hour), 0},
		{"longer than the house allows", 25, false, time.Time{}, wire.PromptFaultAsk},
		{"of the longest number", 65535, false, time.Time{}, wire.PromptFaultAsk},
		{"while the time is not trusted", 8, true, time.Time{}, wire.PromptNoClock},
		{"of no hours is a stay, and needs no clock", 0, true, time.Time{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(true)
			d.noClock = c.noClock
			w := typed(wire.ActNewcomer, "12345678")
			w.Hours = c.hours
			d.Hear(w)
			if !d.visit.Equal(c.until) {
				t.Errorf("a visit until %v", d.visit)
			}
			if s, ok := d.said[0].(*wire.Screen); ok != (c.says != 0) || ok && s.Prompt != c.says {
				t.Fatalf("said %+v", d.said[0])
			}
			if i, ok := d.said[0].(*wire.Issued); ok {
				if i.Number != (wire.Pseudonym{2}).Number() || (i.Until != 0) != (c.hours != 0) || i.Until != 0 && i.Until != c.until.Unix() {
					t.Errorf("said %+v", i)
				}
				if want := []wire.Kind{wire.KindNewcomer, wire.KindStay}[:1+min(1, int(c.hours))]; !slices.Equal(d.log, want) {
					t.Errorf("wrote %v", d.log)
				}
			} else if len(d.log) != 0 {
				t.Errorf("wrote %v", d.log)
			}
		})
	}
}
