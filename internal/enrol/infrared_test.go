package enrol_test

import (
	"errors"
	"testing"
	"time"

	"example.org/edged/internal/enrol"
	"example.org/edged/internal/match"
	"example.org/edged/internal/wire"
)

// A template is made of no face that the infrared camera does not show, where the door has one.
func TestInfraredKeepsScreensOutOfTheList(t *testing.T) {
	for _, c := range []struct {
		infrared bool
		live     float32
		saw      [2]wire.Infrared
		want     error
	}{
		{true, .9, [2]wire.Infrared{wire.InfraredFace, wire.InfraredFace}, nil},
		{true, .9, [2]wire.Infrared{wire.InfraredFace, wire.InfraredNoFace}, enrol.ErrNotLive},
		{true, .9, [2]wire.Infrared{wire.InfraredUnknown, wire.InfraredFace}, enrol.ErrNotJudged},
		{true, 0, [2]wire.Infrared{wire.InfraredFace, wire.InfraredFace}, enrol.ErrNotLive},
		{false, .9, [2]wire.Infrared{}, nil},
	} {
		r, a := rules(), arena(t)
		r.Infrared = c.infrared
		s, err := enrol.Begin(r, a, match.NewGallery(a), resident, given(resident), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for _, seen := range c.saw {
			w := sighting(c.live)
			w.Infrared = seen
			s.Take(w)
		}
		if _, _, err := s.Finish(time.Now()); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		s.Close()
	}
}
