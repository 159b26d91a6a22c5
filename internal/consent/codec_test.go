package consent_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/edged/internal/consent"
	"example.org/edged/internal/notice"
)

// The form that is written by hand is encoding/json's, whatever is in the record, and is read back as it was.
func TestARecordIsWrittenAsJSONWritesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := func(name string) string {
			return rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z/.-]{0,20}`), rapid.SampledFrom([]string{`"`, `\`, "<&>", "\u2028", "\xff", "\x00", "\x7f"})).Draw(t, name)
		}
		at := func(name string) time.Time {
			return time.UnixMilli(rapid.Int64Range(-62135596800000+1, 253402300799999).Draw(t, name)).UTC()
		}
		r := consent.Record{Schema: s("schema"), Sequence: rapid.Uint64().Draw(t, "sequence"), Who: s("who"), Device: s("device"),
			NoticeVersion: rapid.Int().Draw(t, "version"), Language: s("language"), Purpose: notice.Purpose(s("purpose")), Data: notice.DataKind(s("data")),
			Recipients: rapid.SampledFrom([][]string{nil, {}, {"x"}, {"<", "y"}}).Draw(t, "recipients"),
			Storage:    s("storage"), Jurisdiction: s("jurisdiction"), LegalBasis: s("basis"), Withdrawal: s("withdrawal"),
			Separate: rapid.Bool().Draw(t, "separate"), RefusalOffered: rapid.Bool().Draw(t, "offered"), State: consent.State(s("state")),
			At: at("at"), Trusted: rapid.Bool().Draw(t, "trusted"), Evidence: consent.Evidence(s("evidence"))}
		if rapid.Bool().Draw(t, "ends") {
			r.Until = at("until")
		}
		copy(r.ID[:], s("id"))
		copy(r.Prev[:], s("prev"))
		want, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := consent.Encode(r); !bytes.Equal(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// What the register itself writes is read the fast way, or a start with many people takes seconds.
func TestWhatTheRegisterWritesIsReadTheFastWay(t *testing.T) {
	n := example(t)
	r := open(t, t.TempDir(), n)
	given := give(t, r, anna, n, noon)
	withdrawn, err := r.Withdraw(anna, consent.ByPIN, noon.Add(day), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range []consent.Record{given, withdrawn} {
		back, ok := consent.Scan(consent.Encode(rec))
		back.Person = rec.Person
		if !ok || back.Hash() != rec.Hash() || !back.At.Equal(rec.At) || back.Until != rec.Until {
			t.Errorf("%v: %+v", ok, back)
		}
	}
}
