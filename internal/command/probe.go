package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"example.org/edged/configs"
	"example.org/edged/internal/access"
	"example.org/edged/internal/birthday"
	"example.org/edged/internal/calendar"
	"example.org/edged/internal/config"
	"example.org/edged/internal/notice"
	"example.org/edged/internal/person"
	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

// probes try this very program against the rules that it is said to keep: what must be refused is handed to it. Each
// answer is empty where the rule was kept.
func probes() map[string]string {
	all := map[string]string{}
	for name, line := range map[string]string{
		"training": "mode: training\n", "override": "override: {law: none}\n", "emergency": "emergency: true\n",
		"allow-delete": "allow_delete: false\n", "after-face": "pin: {after_face: true}\n",
	} {
		all[name] = configRefuses(line)
	}
	for name, edit := range map[string]func(*notice.Notice){
		"purpose": func(n *notice.Notice) { n.Purpose = "attendance" },
		"bundle":  func(n *notice.Notice) { n.Data = append(n.Data, "fingerprint") },
		"endless": func(n *notice.Notice) { n.RetentionDays = 9999 },
		"pressing": func(n *notice.Notice) {
			text := n.Text["en"]
			text.Method = "Face is required at this door."
			n.Text["en"] = text
		},
	} {
		all[name] = noticeRefuses(edit)
	}
	all["notice-hash"] = oneWord()
	all["rights"] = noConsentInput()
	all["age"] = ages(20110601, 14, 20250601, 20250602)
	all["leap-day"] = ages(20120229, 14, 20260228, 20260301)
	reached := time.Date(2025, 5, 31, 12, 0, 0, 0, time.FixedZone("", 8*60*60))
	all["working-days"] = wrongUnless(calendar.Known().After(reached, 30).String() == "2025-07-14", "the authority's own day is missed")
	all["rules"] = wrongUnless(ruleset.At(time.Date(2021, 7, 1, 0, 0, 0, 0, time.UTC)).ID == wire.RulesNone &&
		ruleset.At(time.Date(2021, 9, 1, 0, 0, 0, 0, time.UTC)).ID == wire.Rules20210801 &&
		ruleset.At(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).ID == wire.Rules20250601, "a day has other rules than were in force")
	return all
}

func wrongUnless(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}

// configRefuses hands a config file with one line too many to whoever reads config files.
func configRefuses(line string) string {
	dir, err := os.MkdirTemp("", "edged-comply-")
	if err != nil {
		return "it could not be tried: " + err.Error()
	}
	defer os.RemoveAll(dir)
	const door = "device: {id: probe}\ndoor: {methods: [pin]}\nstaff: [{name: desk, pin_hash: '$argon2id$v=19$m=19456,t=2,p=1$1r9aTrJVNY8/vX0pv6FFYg$G8NcfFoFmf9tUT5OKe31IA71uizVYL3OsniqL41qud8'}]\n"
	path := filepath.Join(dir, "probe.yaml")
	for text, good := range map[string]bool{door: true, door + line: false} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "it could not be tried: " + err.Error()
		}
		_, err := config.Read(path)
		var refused *config.Error
		switch {
		case good && err != nil:
			return "it could not be tried: " + err.Error()
		case !good && !errors.As(err, &refused):
			return fmt.Sprintf("a config file with %q is taken", strings.TrimSpace(line))
		}
	}
	return ""
}

// example is the notice that comes with this release.
func example() (*notice.Notice, error) {
	n := new(notice.Notice)
	if err := yaml.NewDecoder(bytes.NewReader(configs.Notice)).Decode(n); err != nil {
		return nil, err
	}
	return n, n.Validate(n.Keep())
}

func noticeRefuses(edit func(*notice.Notice)) string {
	n, err := example()
	if err != nil {
		return "it could not be tried: " + err.Error()
	}
	edit(n)
	return wrongUnless(n.Validate(n.Keep()) != nil, "it is taken")
}

func oneWord() string {
	n, err := example()
	if err != nil {
		return "it could not be tried: " + err.Error()
	}
	before := n.Hash()
	text := n.Text["zh"]
	text.Contact += "0"
	n.Text["zh"] = text
	return wrongUnless(n.Hash() != before, "a changed notice has the same hash")
}

// noConsentInput looks at what a decision at the door rests on, field by field.
func noConsentInput() string {
	for f := range reflect.TypeFor[access.Facts]().Fields() {
		if strings.Contains(strings.ToLower(f.Name+f.Type.String()), "consent") {
			return "the decision at the door knows " + f.Name
		}
	}
	pin := access.Decide(access.Facts{Method: wire.MethodPIN, Found: access.Somebody, Who: person.ID{1}, MayIn: true, Rests: wire.ReasonNoConsent})
	return wrongUnless(pin.Outcome == wire.Granted, "a PIN is refused where faces rest")
}

// ages says whether somebody born on a day is still spoken for on one day, and not on the next.
func ages(born uint32, years int, last, first uint32) string {
	day := func(n uint32) time.Time {
		return time.Date(int(n/10000), time.Month(n/100%100), int(n%100), 4, 0, 0, 0, time.UTC) // noon in China
	}
	d, err := birthday.Parse(born, birthday.On(day(first), 8*time.Hour))
	if err != nil {
		return "it could not be tried: " + err.Error()
	}
	if d.Stands(day(last), 8*time.Hour, years).Alone {
		return fmt.Sprintf("born on %d, they agree alone on %d", born, last)
	}
	return wrongUnless(d.Stands(day(first), 8*time.Hour, years).Alone, fmt.Sprintf("born on %d, they do not agree alone on %d", born, first))
}
