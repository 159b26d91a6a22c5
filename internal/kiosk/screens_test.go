package kiosk_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A section of docs/screens/README.md is one journey: "## Name", "Taps: N", and pictures as ![…](file.png).
type section struct {
	taps     map[string]int // by language: a notice is longer in one than in another
	pictures []string
}

var (
	tapsIn     = regexp.MustCompile(`(?m)^Taps: (\d+)(?: in Chinese, (\d+) in English)?`)
	picturesIn = regexp.MustCompile(`\]\(([a-z0-9-]+\.png)\)`)
)

func book(t *testing.T) map[string]section {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(screens, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]section)
	for _, part := range strings.Split("\n"+string(b), "\n## ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		s := section{taps: make(map[string]int)}
		if m := tapsIn.FindStringSubmatch(text); m != nil {
			s.taps["zh"], _ = strconv.Atoi(m[1])
			s.taps["en"] = s.taps["zh"]
			if m[2] != "" {
				s.taps["en"], _ = strconv.Atoi(m[2])
			}
		}
		for _, m := range picturesIn.FindAllStringSubmatch(text, -1) {
			s.pictures = append(s.pictures, m[1])
		}
		all[name] = s
	}
	return all
}

// isInTheBook: every picture that this walk took is shown in its section, every picture there was taken, and the taps
// are as many as it says.
func (v *visitor) isInTheBook(name string) {
	v.t.Helper()
	s, ok := book(v.t)[name]
	if !ok {
		v.t.Fatalf("docs/screens/README.md has no section %q", name)
	}
	if v.taps != s.taps[v.lang] {
		v.t.Errorf("it took %d taps; docs/screens/README.md says %d", v.taps, s.taps[v.lang])
	}
	var shown []string
	for _, p := range s.pictures {
		if strings.HasSuffix(p, "-"+v.lang+".png") {
			shown = append(shown, p)
		}
	}
	slices.Sort(v.made)
	slices.Sort(shown)
	if !slices.Equal(v.made, shown) {
		v.t.Errorf("the walk took %q; docs/screens/README.md shows %q", v.made, shown)
	}
}

const sizesSection = "Other sizes"

func TestEveryJourneyIsShown(t *testing.T) {
	all := book(t)
	var shown []string
	for _, j := range journeys {
		if s := all[j.name]; len(s.pictures) == 0 || len(s.taps) == 0 {
			t.Errorf("docs/screens/README.md shows nothing of %q, or not how many taps it takes", j.name)
		}
	}
	for name, s := range all {
		if name != sizesSection && !slices.ContainsFunc(journeys, func(j struct {
			name string
			walk func(*visitor)
		}) bool {
			return j.name == name
		}) {
			t.Errorf("docs/screens/README.md has a section %q, and nobody walks it", name)
		}
		for _, p := range s.pictures {
			b, err := os.ReadFile(filepath.Join(screens, p))
			if err != nil {
				t.Errorf("%v: make screens draws it", err)
				continue
			}
			if _, err := png.Decode(bytes.NewReader(b)); err != nil {
				t.Errorf("%s: %v", p, err)
			}
			shown = append(shown, p)
		}
	}
	files, err := filepath.Glob(filepath.Join(screens, "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(shown, filepath.Base(f)) {
			t.Errorf("%s is shown nowhere in docs/screens/README.md", f)
		}
	}
}

// Withdrawing is no more work than agreeing was (PIPL, article 15), and saying no is less.
func TestWithdrawingIsAsEasyAsAgreeing(t *testing.T) {
	all := book(t) // the walks hold these figures to the page
	for _, lang := range []string{"zh", "en"} {
		agree, withdraw, no := all["Agreeing to the use of one's face"].taps[lang], all["Withdrawing"].taps[lang], all["Saying no"].taps[lang]
		if withdraw > agree || no > agree || withdraw < 1 || no < 1 {
			t.Errorf("in %s agreeing takes %d taps, withdrawing %d, saying no %d", lang, agree, withdraw, no)
		}
	}
}
