// Package liveness says what the mean of several judgements of one face means: it lives, it is a picture of a face, or
// nobody can say; and it reads the table of what was measured. It never opens a door: its best word only keeps one from
// staying shut for this reason.
package liveness

// Outcome is one of three words. Two of them send somebody to their PIN or card, and neither locks anybody out.
type Outcome uint8

const (
	Unsure Outcome = iota // the zero value: what was never judged is not alive
	Live
	Attack
)

// attackShare is what part of the least liveness is left below which a face is called a picture. Between the two lie
// living people in bad light and on unknown cameras as well as pictures: there nothing is said but "use another way".
// Measured, docs/measurements.md.
const attackShare = 0.2

// AttackBelow is the mean below which a face is called a picture, where live is the least of a living one.
func AttackBelow(live float32) float32 { return live * attackShare }

// Judge weighs the mean over the frames of one presentation, 0 to 1. What is not a number is not judged.
func Judge(mean, live float32) Outcome {
	switch {
	case mean >= live:
		return Live
	case mean < AttackBelow(live):
		return Attack
	}
	return Unsure
}
