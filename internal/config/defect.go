package config

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A Defect is one thing that is wrong, where, and what to write instead.
type Defect struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`   // from 1; 0 where the whole file is meant
	Column int    `json:"column,omitempty"` // from 1, in characters
	Key    string `json:"key,omitempty"`    // such as door.pulse
	What   string `json:"what"`
	Fix    string `json:"fix"`
}

// String is the form that editors and people jump to: file:line:column: key: what; fix.
func (d Defect) String() string {
	var b strings.Builder
	b.WriteString(d.File)
	if d.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", d.Line, d.Column)
	}
	b.WriteString(": ")
	if d.Key != "" {
		b.WriteString(d.Key + ": ")
	}
	b.WriteString(d.What)
	if d.Fix != "" {
		b.WriteString("; " + d.Fix)
	}
	return b.String()
}

// Error is everything that is wrong, so that an installer mends the file once, not once for each line.
type Error struct{ Defects []Defect }

// Error is one line for each defect.
func (e *Error) Error() string {
	lines := make([]string, len(e.Defects))
	for i, d := range e.Defects {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// MarshalJSON is {"defects": […]}.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Defects []Defect `json:"defects"`
	}{e.Defects})
}

// maxDefects is how many are told: a file of garbage has one cause, not ten thousand.
const maxDefects = 50

// shown quotes what the installer wrote, or hides it where it looks like a secret in the wrong place: a PIN hash, or
// name and password in an address.
func shown(text string) string {
	if strings.Contains(text, "$argon2") || strings.Contains(text, "@") {
		return "the value (hidden)"
	}
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "…"
	}
	return strconv.Quote(text)
}

// nearest is the word that was probably meant, or "" if none is near: at most one slip in three letters, or the same
// beginning, as in password for password_file.
func nearest(word string, among []string) string {
	best, at := "", len([]rune(word))/3+1
	for _, w := range among {
		if d := slips(strings.ToLower(word), w); d < at || d == at && best == "" {
			best, at = w, d
		}
	}
	for _, w := range among {
		if best == "" && len(word) >= 5 && strings.HasPrefix(w, strings.ToLower(word[:5])) {
			best = w
		}
	}
	return best
}

// slips is the edit distance in which neighbours swapped count once (optimal string alignment).
func slips(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 64
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}

// list is a choice in words: a, b or c.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
