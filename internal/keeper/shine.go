package keeper

import (
	"crypto/rand"
	"log/slog"

	"example.org/edged/internal/lights"
	"example.org/edged/internal/wire"
)

// challenge shows a sequence of colours on the screen, where the config file asks for it and there is a screen; nil where it
// does not ask.
func (k *keeper) challenge() func() (lights.Sequence, bool) {
	if !k.brief.Face.Challenge {
		return nil
	}
	return func() (lights.Sequence, bool) {
		s, err := lights.Draw(rand.Reader)
		if err != nil {
			k.log.Error("no challenge could be drawn, so the face does not open", slog.String("why", err.Error()))
			return s, false
		}
		k.lobby.say(&wire.Shine{Lights: s, StepMS: uint16(lights.Step.Milliseconds())})
		return s, k.kiosk != nil
	}
}
