package config

import (
	"fmt"

	"example.org/edged/internal/voice"
)

// checkVoice says what the screen cannot say aloud. Without a voice everything stands on the screen as before, so
// nothing here keeps the door from opening.
func (c *Config) checkVoice() []Finding {
	if c.Screen.Voice == "" {
		return nil
	}
	missing, all, err := voice.Missing(c.Screen.Voice, c.Screen.Languages, c.NoticeVersion())
	switch {
	case err != nil:
		return []Finding{{Fail, "kiosk.voice", err.Error() + ": the screen says nothing aloud", "name the folder with the recordings, or take the line out"}}
	case len(missing) > 0:
		return []Finding{{Warn, "kiosk.voice", fmt.Sprintf("%d of %d recordings are missing in %s: %s", len(missing), all, c.Screen.Voice, some(missing)),
			"record them as ogg, mp3 or wav; until then these words are shown and not said"}}
	}
	return []Finding{{OK, "kiosk.voice", fmt.Sprintf("all %d recordings are there", all), ""}}
}

// NoticeVersion is the notice's; 0 without one.
func (c *Config) NoticeVersion() int {
	if c.Text == nil {
		return 0
	}
	return c.Text.Version
}

// some names the first few.
func some(names []string) string {
	const few = 8
	text := ""
	for i, n := range names {
		if i == few {
			return text + " …"
		}
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text
}
