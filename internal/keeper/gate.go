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
	prompt := wire.PromptOtherWay
	if g.decide(f, since, s) == wire.Granted {
		prompt = wire.PromptWelcome
	}
	g.lobby.say(&wire.Screen{Prompt: prompt})
}

// Guide tells whoever stands there how to be seen better.
func (g gate) Guide(p wire.Prompt) { g.lobby.guide(p) }

// decide is every decision at the door: the relay first, because a person waits; then the record.
func (k *keeper) decide(f access.Facts, since time.Duration, s wire.Stages) wire.Outcome {
	f.Door = theDoor
	if f.Method == wire.MethodFace {
		f.Rests = k.mode.get().Reason()
	}
	d := access.Decide(f)
	if d.Outcome == wire.Granted {
		if err := k.door.Open(); err != nil {
			k.log.Error("the relay does not obey", slog.String("why", err.Error()))
			k.room.Fault(wire.FaultDoor)
			d.Outcome = wire.NoAnswer
		}
	}
	took := uptime() - since
	k.scribe.Write(audit.Entry{Kind: wire.KindDecision, Door: theDoor, Method: f.Method, Outcome: d.Outcome,
		Reason: d.Reason, Who: k.scribe.Pseudonym(f.Who)})
	k.room.Tell(&wire.Timed{Method: f.Method, Outcome: d.Outcome, TookUS: uint32(took.Microseconds()), StageUS: s})
	return d.Outcome
}

// heardEye takes what the eye says.
func (k *keeper) heardEye(w wire.EyeSays) {
	switch w := w.(type) {
	case *wire.EyeState:
		k.mode.saw(w.Camera, uptime())
	case *wire.Sighting:
		defer clear(w.Feature[:])
		if k.faces == nil {
			return
		}
		if k.faces.See(w, passage.Advice(w.Verdict)) {
			return
		}
		if k.mode.usable() {
			k.passage.See(w)
		}
	}
}

// screen says one prompt to one turn at the screen.
func (k *keeper) screen(turn wire.Session, p wire.Prompt, until int64, n, of int) {
	k.lobby.say(&wire.Screen{Session: turn, Prompt: p, Until: until, Count: uint16(n), Of: uint16(of)})
}
