package courier_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"example.org/edged/internal/courier"
	"example.org/edged/internal/wire"
)

// A bench is a desk with a clock to turn and what it said to either side.
type bench struct {
	*courier.Desk
	now     time.Time
	asked   []wire.Asked
	answers []string // client, id, status, reason
}

func newBench() *bench {
	b := &bench{now: noon}
	b.Desk = courier.NewDesk(func() time.Time { return b.now },
		func(w *wire.Asked) error { b.asked = append(b.asked, *w); return nil },
		func(client string, a courier.Answer) {
			b.answers = append(b.answers, fmt.Sprintf("%s %s %s %s", client, a.ID, a.Status, a.Reason))
		})
	return b
}

func (b *bench) last() string {
	if len(b.answers) == 0 {
		return ""
	}
	return b.answers[len(b.answers)-1]
}

// numbered is a status request with an id and a client of its own, made now.
func (b *bench) numbered(i int, client string) []byte {
	return []byte(request(map[string]string{
		"id": fmt.Sprintf(`"%032x"`, i+1), "client": fmt.Sprintf("%q", client),
		"iat": fmt.Sprint(b.now.Unix()), "exp": fmt.Sprint(b.now.Unix() + 300),
	}))
}

func TestARequestIsHandedOnOnceAndItsAnswerGoesToWhoeverAsked(t *testing.T) {
	b := newBench()
	if err := b.Take([]byte(request(nil)), false); err != nil {
		t.Fatal(err)
	}
	if want := "fleet-1 " + someID + " accepted none"; b.last() != want {
		t.Errorf("said %q, want %q", b.last(), want)
	}
	if len(b.asked) != 1 || b.asked[0].Ask != wire.AskStatus {
		t.Fatalf("the keeper was asked %v", b.asked)
	}
	// Somebody else uses the same id: the first one's answer does not go astray.
	b.Take([]byte(request(map[string]string{"client": `"thief"`})), false)
	if want := "thief " + someID + " rejected duplicate"; b.last() != want {
		t.Errorf("said %q, want %q", b.last(), want)
	}
	b.Answered(&wire.Answered{ID: b.asked[0].ID, Outcome: wire.Done})
	if want := "fleet-1 " + someID + " done none"; b.last() != want {
		t.Errorf("said %q, want %q", b.last(), want)
	}
	n := len(b.answers)
	b.Answered(&wire.Answered{ID: b.asked[0].ID, Outcome: wire.Done})
	b.Answered(&wire.Answered{ID: [16]byte{9}, Outcome: wire.Done})
	if len(b.answers) != n {
		t.Errorf("answers that nobody waits for went out: %q", b.answers[n:])
	}
	if len(b.asked) != 1 {
		t.Errorf("the keeper was asked %d times", len(b.asked))
	}
}

func TestTheKeepersWordDecidesBetweenDoneAndRejected(t *testing.T) {
	for outcome, want := range map[wire.Outcome]string{
		wire.Done: "done", wire.Granted: "done", wire.Denied: "rejected", wire.Rejected: "rejected", wire.NoAnswer: "rejected",
		wire.Limited: "rejected", wire.Suspended: "rejected",
	} {
		b := newBench()
		b.Take([]byte(request(nil)), false)
		b.Answered(&wire.Answered{ID: b.asked[0].ID, Outcome: outcome, Reason: wire.ReasonNotSigned})
		if want = "fleet-1 " + someID + " " + want + " not-signed"; b.last() != want {
			t.Errorf("%v: said %q, want %q", outcome, b.last(), want)
		}
	}
}

func TestARetainedRequestIsNeverHandedOn(t *testing.T) {
	b := newBench()
	for _, text := range []string{request(nil), export(nil), "rubbish"} {
		b.Take([]byte(text), true)
	}
	if len(b.asked) != 0 || b.Refused() != 3 || b.last() != "fleet-1 "+someID+" rejected retained" {
		t.Errorf("asked %v, refused %d, said %q", b.asked, b.Refused(), b.answers)
	}
}

func TestWhoeverWaitsInVainIsTold(t *testing.T) {
	b := newBench()
	b.Take([]byte(request(nil)), false)
	b.now = b.now.Add(courier.Patience - time.Nanosecond)
	b.Tick()
	if len(b.answers) != 1 {
		t.Fatalf("told too early: %q", b.answers)
	}
	b.now = b.now.Add(time.Nanosecond)
	b.Tick()
	if want := "fleet-1 " + someID + " expired no-answer"; b.last() != want {
		t.Errorf("said %q, want %q", b.last(), want)
	}
	b.Tick()
	if len(b.answers) != 2 {
		t.Errorf("told again: %q", b.answers)
	}
}

func TestAFloodIsRefusedAndNothingComesInTwiceForIt(t *testing.T) {
	b := newBench()
	for i := range 3 * courier.PendingMost {
		b.Take(b.numbered(i, "flood"), false)
	}
	if len(b.asked) != courier.PendingMost {
		t.Fatalf("%d requests are pending, want %d", len(b.asked), courier.PendingMost)
	}
	for _, a := range b.asked {
		b.Answered(&wire.Answered{ID: a.ID})
	}
	for i := range 2 * courier.SeenMost {
		b.Take(b.numbered(i, "flood"), false)
		if n := len(b.asked); n > 0 {
			b.Answered(&wire.Answered{ID: b.asked[n-1].ID})
		}
	}
	if len(b.asked) != courier.SeenMost {
		t.Fatalf("%d requests were handed on within one life, want %d", len(b.asked), courier.SeenMost)
	}
	seen := map[[16]byte]bool{}
	for _, a := range b.asked {
		if seen[a.ID] {
			t.Fatalf("%x was handed on twice", a.ID)
		}
		seen[a.ID] = true
	}
	b.now = b.now.Add(301 * time.Second)
	b.Tick()
	b.Take(b.numbered(1<<20, "later"), false)
	if b.asked[len(b.asked)-1].ID != [16]byte{13: 0x10, 15: 1} {
		t.Error("after the flood nothing is taken any more")
	}
}

func TestAKeeperThatIsGoneEndsTheRoom(t *testing.T) {
	gone := errors.New("gone")
	d := courier.NewDesk(func() time.Time { return noon }, func(*wire.Asked) error { return gone }, func(string, courier.Answer) {})
	if err := d.Take([]byte(request(nil)), false); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}
