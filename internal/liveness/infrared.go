package liveness

import "example.org/edged/internal/wire"

// Infrared is what a second camera, which sees near infrared alone, says of one sighting. The screens of phones and
// tablets give out next to none of it, so a face that is played on one is not there in infrared. Paper sends it back as
// skin does, so a print may pass: this is no word for alive, and Beside never makes one of it. It has been measured on no
// camera yet.
func Infrared(seen wire.Infrared) Outcome {
	switch seen {
	case wire.InfraredFace:
		return Live
	case wire.InfraredNoFace:
		return Attack
	}
	return Unsure
}

// Beside is what is left of an outcome when another one stands beside it: the worse of the two.
func (o Outcome) Beside(other Outcome) Outcome {
	switch {
	case o == Attack || other == Attack:
		return Attack
	case o == Live && other == Live:
		return Live
	}
	return Unsure
}
