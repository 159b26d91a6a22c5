package notice_test

import (
	"strings"
	"testing"

	"example.org/edged/internal/notice"
)

// N-21: the rules say what happens when the time is over. A notice that leaves it open, in either language, is refused; one
// that says it shows it to everybody, next to how long.
func TestN21_WhatHappensAtTheEndMustBeSaid(t *testing.T) {
	for _, language := range notice.Languages {
		for _, text := range []string{"", " \n", "…", "TBD", "待定", "see contract {{clause}}", "\u200b", "Kept until further notice.", "直至另行通知为止"} {
			refused(t, with(t, language, "at_end", text), year, "text."+language+".at_end")
		}
		n := example(t)
		p, err := n.Page(language)
		if err != nil {
			t.Fatal(err)
		}
		shown := false
		for _, s := range p.Sections {
			shown = shown || strings.Contains(s.Text, n.Text[language].AtEnd) && strings.Contains(s.Text, "365")
		}
		if !shown {
			t.Errorf("%s: what happens at the end does not stand next to how long", language)
		}
	}
}
