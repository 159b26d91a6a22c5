// Package assesstest writes impact assessments for doors that stand in a test. It never belongs into a program.
package assesstest

import (
	"time"

	"example.org/edged/internal/assess"
	"example.org/edged/internal/room"
)

// Form is one that can be signed.
func Form(keepDays int) assess.Form {
	return assess.Form{
		Purpose:    assess.Purpose{Lawful: "Everybody in this test has agreed separately.", Proper: "Nobody but the test passes this door.", Necessary: "Without a face this test would test nothing of faces."},
		Effect:     assess.Effect{OnRights: "Nobody who exists is recognised here.", Reduced: "The numbers come from a random generator, as can be read."},
		Risk:       assess.Risk{Leak: "The numbers are made up and stay in a folder.", Tampering: "The test itself changes records and looks.", Loss: "The folder is removed when the test ends.", Misuse: "Random numbers are worth nothing to anybody.", Harm: "Nobody can be harmed by random numbers."},
		Protection: assess.Protection{Lawful: "The same parts guard a real door.", Effective: "Whether they work is what is being tested.", Proportionate: "More than random numbers need, by far."},
		Claims:     assess.Claims{RetentionDays: keepDays, Encrypted: true, OtherWay: true, RoomsApart: true, Keys: "key-file", TellsABroker: true},
	}
}

// For is an assessment that holds for a keeper's door from now on.
func For(k room.Keeper, now time.Time) []byte {
	a, err := assess.Sign(Form(int(k.Face.Keep/(24*time.Hour))), assess.Of(k, "door-entry"), assess.Facts{}, "desk", "the test's staff", now)
	if err != nil {
		panic("assesstest: " + err.Error())
	}
	return a.Canonical()
}
