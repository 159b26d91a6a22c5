package demo

import (
	"context"
	"fmt"
	"time"
)

// The photographs: one man in two pictures, a stranger, and a picture that the liveness model refuses.
const (
	enrolled  = "face-detect.jpg"
	returning = "face.jpg"
	stranger  = "astronaut.png"
	refused   = "distortion.jpg"
)

// story is what the steps hand on to each other.
type story struct {
	ctx    context.Context
	h      *house
	s      *screen
	pin    string
	notice string
	who    string   // the resident's pseudonym, as events have it
	proof  string   // the receipt of the erasure, as the QR code has it
	traces [][]byte // the resident's sealed face and wrapped key as they lay on the disk
}

// tell plays the steps.
func tell(ctx context.Context, t *teller, h *house) {
	st := &story{ctx: ctx, h: h}
	defer func() {
		if st.s != nil {
			st.s.close()
		}
	}()
	for _, step := range []struct {
		title string
		play  func() (string, error)
	}{
		{"The rooms stand, and the kernel says how they are held", st.walls},
		{"The impact assessment of this door was signed before any face was taken", st.assessed},
		{"Staff let a newcomer have a PIN; it is drawn, not chosen, and shown once", st.newcomer},
		{"The PIN opens the door", st.pinOpens},
		{"A stranger's face does not", st.strangerStays},
		{"The resident is told: the notice is on the screen before anything is asked", st.told},
		{"\"No, thank you\" costs nothing: the PIN opens the same door as fast", st.declines},
		{"The resident agrees, with the PIN as second sign, and is enrolled", st.agrees},
		{"The resident comes back, in another picture, and is let in by face", st.faceOpens},
		{"The device is turned to a new secret rotation: every stored face anew, nobody is called back", st.rekeyed},
		{"A stranger is still not", st.strangerStays},
		{"A child's own word does not count; a guardian's does, with the staff looking on, and she takes it back", st.childAsks},
		{"The resident reads their own record by PIN, finds the reading in it, and takes a copy away", st.ownRecord},
		{"A picture that does not look alive is not", st.attackStays},
		{"Where liveness was not measured on the camera, a face alone opens nothing; PIN and face do", st.unmeasured},
		{"A twin is marked by staff: from then on the face alone opens nothing; PIN and face do", st.marked},
		{"A visitor comes for an hour, and goes earlier: PIN and face go with the visit", st.visitor},
		{"The eye is shot down; the PIN opens the door meanwhile, and the eye comes back", st.eyeDies},
		{"Faces are stopped by hand: at once, over a restart; one person cannot lift it, two can", st.stopped},
		{"The broker goes; at the door nothing changes; later everything is delivered", st.brokerDies},
		{"An operator asks for the face; without consent it is refused, answered and recorded", st.exportRefused},
		{"Another site in the same browser asks the screen for the picture and gets nothing", st.otherOrigin},
		{"The resident withdraws: unusable at once, erased within seconds", st.withdraws},
		{"The resident's receipt proves it with nothing but the public key; a changed one does not", st.proved},
		{"The face is dead: it opens nothing, and no byte of it is left on the disk", st.dead},
		{"Every byte that left is searched for the photographs", st.searched},
		{"An inspector checks the log with nothing but the public key; a changed copy is found out", st.audited},
		{"The device says of each article of the law whether it is kept: nothing that a machine can know is broken", st.complies},
		{"The filing for the authority and the evidence for a court are built, and checked elsewhere", st.papers},
		{"Yesterday's copy of the whole state, put back under the same TPM, knows nobody; the PIN opens", st.stolen},
		{"After a restart the PIN opens, and the face stays dead", st.restarted},
		{"The device leaves: nothing of anybody is left, the certificate says so, and it guards no door again", st.leaves},
	} {
		t.step(step.title, step.play)
	}
}

func us(n uint32) time.Duration { return time.Duration(n) * time.Microsecond }

func ms(d time.Duration) string {
	if d < 100*time.Millisecond {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}
