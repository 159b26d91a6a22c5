package kiosk_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/edged/internal/wire"
)

// every lists the words of a closed set: String panics behind the last one.
func every[E interface {
	~uint8
	fmt.Stringer
}]() (words []string) {
	defer func() { recover() }()
	for e := E(0); ; e++ {
		words = append(words, e.String())
	}
}

func texts(t *testing.T) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob("lang/*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("languages: %q, %v", files, err)
	}
	all := make(map[string]map[string]string)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]string
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all[f] = m
	}
	return all
}

// wanted are the texts that the page can ask for: the words of the closed sets, what the markup and the scripts name,
// and what they put together from an act, a screen or a group of the notice.
func wanted(t *testing.T) []string {
	t.Helper()
	var keys []string
	for prefix, words := range map[string][]string{"prompt.": every[wire.Prompt](), "consent.": every[wire.ConsentState](),
		"method.": every[wire.Method](), "outcome.": every[wire.Outcome](), "face.": every[wire.FaceMode](), "age.": every[wire.AgeBand]()} {
		if len(words) < 3 {
			t.Fatalf("%s has %d words", prefix, len(words))
		}
		for _, w := range words {
			keys = append(keys, prefix+w)
		}
	}
	files, err := filepath.Glob("page/*")
	if err != nil || len(files) < 5 {
		t.Fatalf("the page's files: %q, %v", files, err)
	}
	whole := regexp.MustCompile(`(?:data-(?:t|label)="|['\x60])([a-z]+\.[a-z.-]*[a-z])['"\x60]`)
	acts := regexp.MustCompile(`act: '([a-z]+)'`)
	screens := regexp.MustCompile(`go\('([a-z]+)'`)
	groups := regexp.MustCompile(`\['([a-z]+)', \[`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range whole.FindAllSubmatch(b, -1) {
			keys = append(keys, string(m[1]))
		}
		for _, m := range acts.FindAllSubmatch(b, -1) {
			if act := string(m[1]); act != "open" { // the home screen is its own
				keys = append(keys, "ask."+act+".title", "ask."+act+".text")
			}
		}
		for _, m := range screens.FindAllSubmatch(b, -1) {
			if screen := string(m[1]); !slices.Contains([]string{"home", "ask", "notice", "result", "choose"}, screen) { // those have other titles
				keys = append(keys, screen+".title")
			}
		}
		for _, m := range groups.FindAllSubmatch(b, -1) {
			keys = append(keys, "notice."+string(m[1]))
		}
	}
	return append(keys, flows(t)...)
}

// flows are the texts of what is asked step by step: its steps, its choices, and what staff read of requests.
func flows(t *testing.T) (keys []string) {
	t.Helper()
	b, err := os.ReadFile("page/flows.js")
	if err != nil {
		t.Fatal(err)
	}
	words := func(list string) (all []string) {
		for _, m := range regexp.MustCompile(`'([a-z]+)'`).FindAllStringSubmatch(list, -1) {
			all = append(all, m[1])
		}
		return all
	}
	steps := []string{"born"}
	for _, m := range regexp.MustCompile(`steps: \[([^\]]*)\]`).FindAllStringSubmatch(string(b), -1) {
		steps = append(steps, words(m[1])...)
	}
	for _, step := range steps {
		if step == "age" || step == "relation" {
			keys = append(keys, "choose."+step+".title", "choose."+step+".text")
			continue
		}
		keys = append(keys, "step."+step+".title", "step."+step+".text")
		if step == "born" || step == "number" {
			keys = append(keys, "step."+step+".ready", "step."+step+".short")
		}
	}
	for _, m := range regexp.MustCompile(`case '([a-z]+)': return \[(.*)`).FindAllStringSubmatch(string(b), -1) {
		for _, choice := range words(strings.NewReplacer("=== 'given'", "", "=== 'adult'", "").Replace(m[2])) {
			keys = append(keys, "choice."+choice)
			if m[1] == "rights" {
				keys = append(keys, "ask."+choice+".title", "ask."+choice+".text")
			}
		}
	}
	for _, mode := range []string{"agree", "informed", "guardian"} {
		keys = append(keys, "notice."+mode)
	}
	for _, what := range []wire.Reason{wire.ReasonCorrection, wire.ReasonExplanation, wire.ReasonRelative} {
		keys = append(keys, "reason."+what.String())
	}
	return append(keys, "choose.staff.title", "choose.staff.text", "choose.rights.title", "ask.agree.title", "ask.agree.text",
		"request.look", "request.approve", "request.refuse")
}

func TestEveryWordHasATextInEveryLanguageAndNoTextIsLeftOver(t *testing.T) {
	keys := wanted(t)
	if len(keys) < 100 || !slices.Contains(keys, "notice.rights") || !slices.Contains(keys, "record.title") || !slices.Contains(keys, "ask.mine.text") {
		t.Fatalf("the page names %d texts; some are overlooked", len(keys))
	}
	for file, texts := range texts(t) {
		for _, key := range keys {
			if texts[key] == "" {
				t.Errorf("%s lacks %q", file, key)
			}
		}
		for key := range texts {
			if !slices.Contains(keys, key) {
				t.Errorf("%s has %q, which nothing on the page says", file, key)
			}
		}
	}
}

func TestLanguagesSayTheSame(t *testing.T) {
	all := texts(t)
	en := all["lang/en.json"]
	place := regexp.MustCompile(`\{\w+\}`)
	for file, texts := range all {
		for key, text := range en {
			want, got := place.FindAllString(text, -1), place.FindAllString(texts[key], -1)
			slices.Sort(want)
			slices.Sort(got)
			if texts[key] == "" || !slices.Equal(want, got) {
				t.Errorf("%s: %q names %q, lang/en.json names %q", file, key, got, want)
			}
		}
		for key := range texts {
			if en[key] == "" {
				t.Errorf("%s has %q, lang/en.json does not", file, key)
			}
		}
	}
}
