package keeper

import (
	"log/slog"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/passage"
	"example.org/edged/internal/person"
	"example.org/edged/internal/wire"
)

// theDoor is the number of the only door this device has.
const theDoor = 1

// gate is the keeper as the passage sees it.
type gate struct{ *keeper }

// MayIn tells whether somebody has a right at this door. It is the same question for every method.
func (g gate) MayIn(p person.ID) bool { return g.book.Exists(p) }

// Decided acts on what a face led to.
func (g gate) Decided(f access.Facts, since time.Duration, s wire.Stages) {
	if g.mode.get() == wire.FaceVerify {
		defer g.gazeChanged() // the eye rests again
	}
	w := wire.Screen{Prompt: wire.PromptOtherWay}
	if f.Signed { // somebody in a turn of their own, not whoever stands there
		w.Session, w.Prompt = wire.Session(g.asked.Load()), wire.PromptBoth
	}
	if f.Method == wire.MethodFace && f.Found == access.Somebody {
		f.Second = g.book.Marked(f.Who)
	}
	outcome := g.decide(f, since, s)
	if outcome == wire.Denied && g.refusals.enough(f, uptime()) {
		outcome = g.decide(access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: f.Who, MayIn: g.MayIn(f.Who)}, since, wire.Stages{})
	}
	if outcome == wire.Granted {
		w.Prompt = wire.PromptWelcome
	}
	g.lobby.say(&w)
}

// Guide tells whoever stands there how to be seen better.
func (g gate) Guide(p wire.Prompt) { g.lobby.guide(p) }

// decide is every decision at the door: the relay first, because a person waits; then the record.
func (k *keeper) decide(f access.Facts, since time.Duration, s wire.Stages) wire.Outcome {
	f.Door = theDoor
	if f.Method == wire.MethodFace {
		f.Rests = k.rests()
	}
	d := access.Decide(f)
	if d.Outcome == wire.Granted {
		d = k.open(f, d)
	}
	took := uptime() - since
	k.scribe.Write(audit.Entry{Kind: wire.KindDecision, Door: theDoor, Method: f.Method, Outcome: d.Outcome,
		Reason: d.Reason, Who: k.scribe.Pseudonym(f.Who)})
	k.room.Tell(&wire.Timed{Method: f.Method, Outcome: d.Outcome, TookUS: uint32(took.Microseconds()), StageUS: s})
	return d.Outcome
}

// open drives the relay. A face may have been withdrawn between the search that found it and this moment; then it is
// nobody's.
func (k *keeper) open(f access.Facts, d access.Decision) access.Decision {
	var err error
	do, a := func() { err = k.door.Open() }, k.album()
	if f.Method != wire.MethodFace {
		do()
	} else if a == nil || !a.gallery.While(f.Who, k.now(), do) {
		return access.Decision{Outcome: wire.Denied, Reason: wire.ReasonUnknown}
	}
	if err != nil {
		k.log.Error("the relay does not obey", slog.String("why", err.Error()))
		k.room.Fault(wire.FaultDoor)
		d.Outcome = wire.NoAnswer
		return d
	}
	if a != nil {
		a.faces.Used(f.Who)
	}
	return d
}

// heardEye takes what the eye says.
func (k *keeper) heardEye(w wire.EyeSays) {
	switch w := w.(type) {
	case *wire.EyeState:
		k.mode.saw(w.Camera, uptime())
	case *wire.Sighting:
		defer clear(w.Feature[:])
		a := k.album()
		if a == nil {
			return
		}
		if a.faces.See(w, passage.Advice(w.Enrol)) {
			return
		}
		if k.mode.usable() {
			a.passage.See(w)
		}
	}
}

// tier is where the keys of faces live, for the line of an erasure.
func (k *keeper) tier() wire.Tier {
	if smith := k.smith.Load(); smith != nil {
		return smith.Tier()
	}
	return wire.TierUnknown
}

// receipt shows the proof of an erasure to the turn in which it was asked for.
func (k *keeper) receipt(turn wire.Session, packed []byte) {
	w := wire.Receipt{Session: turn, Len: uint16(len(packed))}
	copy(w.Data[:], packed)
	k.lobby.say(&w)
}

// screen says one prompt to one turn at the screen.
func (k *keeper) screen(turn wire.Session, p wire.Prompt, until int64, n, of int) {
	k.lobby.say(&wire.Screen{Session: turn, Prompt: p, Until: until, Count: uint16(n), Of: uint16(of)})
}
