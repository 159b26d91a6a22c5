package kiosk_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

func TestEveryWordHasATextInEveryLanguage(t *testing.T) {
	var keys []string
	for prefix, words := range map[string][]string{"prompt.": every[wire.Prompt](), "consent.": every[wire.ConsentState](),
		"method.": every[wire.Method](), "outcome.": every[wire.Outcome](), "face.": every[wire.FaceMode]()} {
		if len(words) < 3 {
			t.Fatalf("%s has %d words", prefix, len(words))
		}
		for _, w := range words {
			keys = append(keys, prefix+w)
		}
	}
	// What the page itself names, in the markup and in the script.
	named := regexp.MustCompile(`data-(?:t|label)="([^"]+)"|'((?:home|pad|page|notice|guide|record|issued|receipt|ask|face|language|way)\.[a-z.-]+)'`)
	for _, f := range []string{"page/index.html", "page/kiosk.js"} {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			keys = append(keys, m[1]+m[2])
		}
	}
	for file, texts := range texts(t) {
		for _, key := range keys {
			if texts[key] == "" && !slices.Contains([]string{"face.", "ask."}, key) {
				t.Errorf("%s lacks %q", file, key)
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
