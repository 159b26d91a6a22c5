package kiosk_test

import (
	"encoding/binary"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"example.org/edged/internal/room"
	"example.org/edged/internal/voice"
	"example.org/edged/internal/wire"
)

// silence is a recording of a tenth of a second of nothing.
func silence() []byte {
	const rate, n = 8000, 800
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+n)...)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = append(b, "\x01\x00\x08\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, n)
	return append(b, []byte(strings.Repeat("\x80", n))...)
}

// recordings are all that edged asks for, in two languages, as the hall hands them over.
func recordings(t testing.TB, but ...string) (*os.File, []room.Recording) {
	t.Helper()
	folder := t.TempDir()
	keys, err := voice.Keys(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"zh", "en"} {
		if err := os.Mkdir(filepath.Join(folder, lang), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if err := os.WriteFile(filepath.Join(folder, lang, key+".wav"), silence(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range but {
			if err := os.Remove(filepath.Join(folder, lang, key+".wav")); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, list, err := voice.Pack(folder, []string{"zh", "en"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	return f, list
}

// watchVoice notes what the page plays, and what it has heard to its end.
const watchVoice = `(() => { window.said = []; const play = HTMLMediaElement.prototype.play;
	HTMLMediaElement.prototype.play = function () { said.push(this.src.replace(location.origin + '/voice/', '')); return play.call(this); }; })()`

func TestWhoeverAsksForItHearsTheScreen(t *testing.T) {
	v := visitWith(t, browser(t), "en", 800, 480, func(t testing.TB) *house { return openWith(t, "prompt.closer") })
	v.do(chromedp.Evaluate[chromedp.Void](watchVoice))
	v.click("#mine") // nobody has asked for a voice yet
	v.click("#back")
	v.onScreen("home")
	v.fits("with a voice")
	if said := eval[[]string](v, `said`); len(said) > 0 {
		t.Errorf("it said %q to somebody who had not asked", said)
	}
	v.do(chromedp.KeyEvent("*"))
	v.until(`said.at(-1) === 'en/home.title' && document.getElementById('aloud').getAttribute('aria-pressed') === 'true'`)
	v.say(t, &wire.Screen{Prompt: wire.PromptStill})
	v.until(`said.at(-1) === 'en/prompt.still'`)
	v.say(t, &wire.Screen{Prompt: wire.PromptCloser}) // has no recording: it is shown and not asked for
	v.sees("closer", "#guidance")
	v.click("#use")
	v.touch(wire.TouchNotice)
	v.onScreen("notice")
	v.until(`said.at(-1) === 'en/notice.1.who'`)
	// The second part is longer than the glass. Heard to its end, it counts as read.
	v.click("#part-what")
	v.until(`said.at(-1) === 'en/notice.1.what'`)
	v.until(`document.getElementById('part-what').classList.contains('seen')`)
	v.click("#later")
	v.touch(wire.TouchHome)
	v.click("#mine")
	v.until(`said.at(-1) === 'en/ask.mine.text'`)
	v.say(t, record(v.typePIN("12345678").Session))
	v.until(`said.at(-1) === 'en/record.title'`)
	if said := eval[[]string](v, `said.filter((s) => s.includes('closer') || /\d{4}/.test(s))`); len(said) > 0 {
		t.Errorf("it asked for %q", said)
	}
	v.click("#done")
	v.touch(wire.TouchHome)
	v.click("#staff")
	v.until(`said.at(-1) === 'en/choose.staff.text'`)
	v.choose("age")
	v.until(`said.at(-1) === 'en/step.person.text'`)
	v.do(chromedp.KeyEvent("*"))
	v.until(`document.getElementById('aloud').getAttribute('aria-pressed') === 'false'`)
}

func TestThePolicyLetsSoundInOnlyWhereItIsConfigured(t *testing.T) {
	for _, c := range []struct {
		name   string
		house  *house
		sound  bool
		status int
	}{
		{"without a voice", open(t), false, 404},
		{"with one", openWith(t), true, 200},
	} {
		answer, err := http.Get("http://" + c.house.address + "/voice/zh/prompt.welcome")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s a recording gave %d", c.name, answer.StatusCode)
		}
		if got := strings.Contains(answer.Header.Get("Content-Security-Policy"), "media-src 'self'"); got != c.sound {
			t.Errorf("%s the policy lets sound in: %v", c.name, got)
		}
		if c.sound && answer.Header.Get("Content-Type") != "audio/wav" {
			t.Errorf("it came as %q", answer.Header.Get("Content-Type"))
		}
		for _, path := range []string{"/voice/zh/home", "/voice/fr/prompt.welcome", "/voice/zh/..%2f..%2fprompt.welcome", "/voice/zh/"} {
			answer, err := http.Get("http://" + c.house.address + path)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != 404 {
				t.Errorf("%s %s gave %d", c.name, path, answer.StatusCode)
			}
		}
	}
	v := visit(t, browser(t), "zh", 800, 480)
	if eval[bool](v, `!document.getElementById('aloud').hidden`) {
		t.Error("a door without recordings offers to speak")
	}
}
