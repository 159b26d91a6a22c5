package assess

import (
	"fmt"
	"strings"
)

// Draft is the form as people get it: each question above the line for its answer, and what the device measures of
// itself as comments, so that nobody assesses a door that they do not know.
func (f Form) Draft(b Bound, facts Facts) []byte {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("# Impact assessment of this door before any face is taken (Measures for the security management of face recognition")
	line("# technology, article 9; PIPL, articles 55 and 56). Answer every question in sentences of your own, in any language, then:")
	line("# edged assess sign --config FILE --post 'YOUR POST' THIS-FILE")
	line("#")
	line("# What it is bound to. When one of these changes, faces rest until it is renewed.")
	line("#   door        %s at %s, declared as %s; %s", b.Device, b.Site, or(b.Place, "nothing yet (section site of the config file)"), or(b.Area, "no area declared"))
	line("#   purpose     %s", b.Purpose)
	line("#   way         %s", b.Way)
	line("#   model       SHA-256 %s", b.Model)
	line("#   threshold   level %s, people %s, %g tries a day, one false opening in %g years, %d sightings, liveness %g, margin %g",
		b.Level, or(b.People, "cohort"), b.Tries, b.Years, b.Frames, b.Liveness, b.Margin)
	line("#   kept        %d days, %s unused, %s old", b.KeepDays, b.Inactive, b.MaxAge)
	line("#")
	line("# What this device measures of itself now.")
	line("#   threshold   %.3f, where at most %.2g of the pairs of different people were mistaken for each other", facts.Threshold, facts.FalseMatch)
	line("#   people      %d faces stored, %d at most so far", facts.Enrolled, facts.HighMark)
	line("#   keys        tier %s", facts.Keys)
	line("#   rooms       held apart by the kernel: %v", facts.RoomsApart)
	line("#   network     a broker hears of events, without faces: %v; faces handed to anybody: %d", facts.TellsABroker, facts.ExportsDone)
	block := ""
	for _, t := range f.texts() {
		section, key, _ := strings.Cut(t.key, ".")
		if section != block {
			line("\n%s:", section)
			block = section
		}
		line("  # %s", t.asks)
		line("  %s: %q", key, t.text)
	}
	c := f.Claims
	line("\n# What you say of the device. It looks into itself, and where it finds less, faces rest.")
	line("claims:")
	line("  retention_days: %d\n  encrypted: %v\n  pictures_kept: %v\n  leaves_device: %v\n  other_way: %v\n  rooms_apart: %v\n  keys: %s\n  tells_a_broker: %v",
		c.RetentionDays, c.Encrypted, c.PicturesKept, c.LeavesDevice, c.OtherWay, c.RoomsApart, c.Keys, c.TellsABroker)
	return []byte(out.String())
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
