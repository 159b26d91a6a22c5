package export_test

import (
	"encoding/hex"
	"os"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"example.org/edged/internal/birthday"
	"example.org/edged/internal/consent"
	"example.org/edged/internal/export"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

var (
	anna      = person.ID{0xa}
	pseudonym = wire.Pseudonym{0x77}
	recipient = [32]byte{1, 2, 3}
	noon      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func who(p wire.Pseudonym) (person.ID, bool) { return anna, p == pseudonym }

func now() (time.Time, bool) { return noon, true }

func TestM8b_ConsentToTheDoorIsNoConsentToExport(t *testing.T) {
	b, err := os.ReadFile("../../configs/notice.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := new(notice.Notice)
	if err := yaml.Unmarshal(b, n); err != nil {
		t.Fatal(err)
	}
	register, err := consent.Open(t.TempDir(), consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n)
	if err != nil {
		t.Fatal(err)
	}
	defer register.Close()
	no := export.Answer{Outcome: wire.Rejected, Reason: wire.ReasonNoConsent}
	gate := export.New(register, who, now)
	if got := gate.Ask(export.Request{Who: pseudonym, Recipient: recipient}); got != no {
		t.Errorf("before any consent: %+v", got)
	}
	if _, err := register.Give(anna, n.Hash(), "zh", consent.Basis{Evidence: consent.ByPIN, Age: birthday.Grown()}, noon, true); err != nil {
		t.Fatal(err)
	}
	if got := gate.Ask(export.Request{Who: pseudonym, Recipient: recipient}); got != no {
		t.Errorf("agreed to come in: %+v", got)
	}
	if got := gate.Ask(export.Request{Who: wire.Pseudonym{9}, Recipient: recipient}); got != no {
		t.Errorf("a stranger must look the same: %+v", got)
	}
}

// A notice for export cannot be put in force, which is why no consent to it can be given.
func TestM8b_NoNoticeCanAskForExport(t *testing.T) {
	n := &notice.Notice{Version: 1, Purpose: "export-face", RetentionDays: 1}
	if _, err := consent.Open(t.TempDir(), consent.Device{ID: "door-1", Sign: consent.Signs([32]byte{1})}, n); err == nil {
		t.Error("a register for exports was opened")
	}
}

// agreed answers as a register of the future might.
type agreed struct{ record consent.Record }

func (a agreed) InForce(p person.ID, at time.Time) (consent.Record, bool) { return a.record, p == anna }

func TestM8b_TheGateLooksInTheRegister(t *testing.T) {
	to := func(r [32]byte) []string { return []string{hex.EncodeToString(r[:])} }
	tests := []struct {
		name   string
		record consent.Record
		now    func() (time.Time, bool)
		want   wire.Reason
	}{
		{"to export, to this recipient: found, and still nothing goes out", consent.Record{Purpose: "export-face", Recipients: to(recipient)}, now, wire.ReasonNone},
		{"to export, to another recipient", consent.Record{Purpose: "export-face", Recipients: to([32]byte{4})}, now, wire.ReasonNoConsent},
		{"to export, to nobody named", consent.Record{Purpose: "export-face"}, now, wire.ReasonNoConsent},
		{"to the door, naming the recipient", consent.Record{Purpose: notice.DoorEntry, Recipients: to(recipient)}, now, wire.ReasonNoConsent},
		{"to export, at a time nobody trusts", consent.Record{Purpose: "export-face", Recipients: to(recipient)}, func() (time.Time, bool) { return noon, false }, wire.ReasonNoConsent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := export.New(agreed{tt.record}, who, tt.now).Ask(export.Request{Who: pseudonym, Recipient: recipient})
			if got.Outcome != wire.Rejected || got.Reason != tt.want {
				t.Errorf("%+v", got)
			}
		})
	}
}

// always answers with one consent, as a register of a later release might.
type always struct{ consent.Record }

func (a always) InForce(person.ID, time.Time) (consent.Record, bool) { return a.Record, true }

// M-7b: nothing of a minor leaves, even under a consent to exactly this purpose and recipient.
func TestM7b_NothingOfAMinorIsEverExported(t *testing.T) {
	to := [32]byte{7}
	r := consent.Record{Purpose: "export-face", Recipients: []string{hex.EncodeToString(to[:])}}
	ask := func(r consent.Record) export.Answer {
		g := export.New(always{r}, func(wire.Pseudonym) (person.ID, bool) { return person.ID{1}, true }, func() (time.Time, bool) { return time.Unix(1, 0), true })
		return g.Ask(export.Request{Who: wire.Pseudonym{1}, Recipient: to})
	}
	grown := ask(r)
	r.Guardian = &consent.Guardian{Who: "x", Relation: "parent", Verifier: "porter"}
	if minor := ask(r); minor.Reason != wire.ReasonNoConsent || minor.Outcome != wire.Rejected || grown == minor {
		t.Errorf("a minor: %+v; a grown-up: %+v", minor, grown)
	}
}
