package eye_test

import (
	"os"
	"testing"
	"time"

	"example.org/edged/internal/models/modelstest"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// What an eye did stands in its counters: each line of the table is a promise that one of them proves.
func TestTheCountersTellWhatWasDone(t *testing.T) {
	left := room.Zone{Right: 0.1, Bottom: 0.1}
	for _, c := range []struct {
		name, picture string
		zone          room.Zone
		until         func(wire.EyeState) bool // then no more is waited for
		wrong         func(wire.EyeState) bool
	}{
		{"while nobody comes the detector hardly runs", "space_shuttle.jpg", room.Zone{},
			func(s wire.EyeState) bool { return s.Frames-s.Stale >= 60 },
			func(s wire.EyeState) bool {
				return s.Moved != 1 || s.Detected*5 > s.Frames || s.Tracked+s.Features+s.Passers != 0
			}},
		{"a face outside the zone is counted, and nothing is computed of it", "face.jpg", left,
			func(s wire.EyeState) bool { return s.Passers >= 3 },
			func(s wire.EyeState) bool { return s.Features+s.Tracked != 0 || s.Detected < s.Passers }},
		{"of somebody who is there for a moment nothing is computed", "face.jpg", room.Zone{Dwell: time.Hour},
			func(s wire.EyeState) bool { return s.Detected >= 5 },
			func(s wire.EyeState) bool { return s.Features+s.Tracked+s.Passers != 0 }},
		{"of somebody who stays a feature is computed in every good frame", "face.jpg", room.Zone{Dwell: 50 * time.Millisecond},
			func(s wire.EyeState) bool { return s.Features >= 5 },
			func(s wire.EyeState) bool { return s.Features >= s.Detected+s.Tracked || s.Moved == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			copyTo(t, folder, c.picture)
			ours, theirs := pair(t)
			begin(t, room.Eye{Models: modelstest.Pack(t), Zone: c.zone, Camera: room.Camera{Kind: "pictures", Folder: folder, Every: 20 * time.Millisecond}},
				map[string]*os.File{"keeper": theirs})
			keeper, err := wire.Open[wire.EyeSays, wire.EyeHears](ours, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := keeper.Say(&wire.Look{Gaze: wire.Watch}); err != nil {
				t.Fatal(err)
			}
			told := 0
			hear(t, keeper, func(w wire.EyeSays) bool {
				if _, ok := w.(*wire.Sighting); ok {
					told++
					return false
				}
				s := *w.(*wire.EyeState)
				if !c.until(s) {
					return false
				}
				t.Logf("%+v, %d sightings", s, told)
				if c.wrong(s) || (told > 0) != (s.Features > 0) {
					t.Errorf("%+v after %d sightings", s, told)
				}
				return true
			})
		})
	}
}
