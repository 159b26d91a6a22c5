package notice

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// mostDays is the longest retention that can be stated. A door has no use for more, and "endless" has no number.
const mostDays = 3 * 365

// Validate returns every reason why people must not be shown this notice, joined; keep is the retention policy in
// force, which the notice must state.
func (n *Notice) Validate(keep time.Duration) error {
	var wrong defects
	if n.Version < 1 {
		wrong.add("version is %d; count versions from 1", n.Version)
	}
	if n.Purpose != DoorEntry {
		wrong.add("purpose %q is not known; the only purpose there is: %s", n.Purpose, DoorEntry)
	}
	if !slices.Equal(n.Data, []DataKind{FaceTemplate}) {
		wrong.add("data is %q; one notice is about one kind of data: [%s]", n.Data, FaceTemplate)
	}
	if n.Leaves != LeavesNothing {
		wrong.add("leaves_device is %q; no face leaves this device, so it must be %q", n.Leaves, LeavesNothing)
	}
	switch {
	case n.RetentionDays < 1:
		wrong.add("retention_days is %d; say for how many days a face is kept, endless is not allowed", n.RetentionDays)
	case n.RetentionDays > mostDays:
		wrong.add("retention_days is %d, more than %d; a door needs no face that long", n.RetentionDays, mostDays)
	case n.Keep() != keep:
		wrong.add("retention_days says %d days and the policy keeps a face %s; make them the same", n.RetentionDays, inDays(keep))
	}
	for _, language := range Languages {
		if _, ok := n.Text[language]; !ok {
			wrong.add("text in language %q is missing", language)
		}
	}
	titles, err := readTitles()
	if err != nil {
		return err
	}
	for _, language := range slices.Sorted(maps.Keys(n.Text)) {
		if _, known := titles[language]; !known {
			wrong.add("text in language %q: there are headings in %s only", language, strings.Join(slices.Sorted(maps.Keys(titles)), ", "))
			continue
		}
		n.judge(&wrong, language, n.Text[language])
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("notice: %w", errors.Join(wrong...))
}

// judge checks the texts of one language.
func (n *Notice) judge(wrong *defects, language string, t Text) {
	for _, f := range t.fields() {
		at := "text." + language + "." + f.name
		plain := fold(f.text)
		switch {
		case !utf8.ValidString(f.text):
			wrong.add("%s is not UTF-8", at)
			continue
		case plain == "":
			wrong.add("%s is missing", at)
			continue
		case utf8.RuneCountInString(f.text) > maxText:
			wrong.add("%s has more than %d characters; nobody reads that at a door", at, maxText)
		}
		if m := placeholder.FindString(plain); m != "" || unfinished.MatchString(f.text) {
			wrong.add("%s is a placeholder: %q", at, f.text)
		}
		if f.reach && !reachable(f.text) {
			wrong.add("%s is %q: give a phone number or a mail address that people can use", at, f.text)
		}
		for _, p := range phrases {
			if m := p.pattern.FindString(plain); m != "" {
				wrong.add("%s says %q: %s", at, m, p.why)
			}
		}
		for _, m := range spans.FindAllStringSubmatch(plain, -1) {
			if daysOf(m) > n.RetentionDays {
				wrong.add("%s speaks of %q, longer than retention_days (%d)", at, m[0], n.RetentionDays)
			}
		}
	}
}

// maxText is in characters; a screen shows some 300 at a readable size.
const maxText = 1200

type field struct {
	name, text string
	reach      bool // must say how somebody is reached
}

func (t Text) fields() []field {
	return []field{
		{"handler", t.Handler, false}, {"contact", t.Contact, true}, {"complaint", t.Complaint, true},
		{"purpose", t.Purpose, false}, {"method", t.Method, false}, {"data", t.Data, false},
		{"at_end", t.AtEnd, false}, {"necessity", t.Necessity, false}, {"effect", t.Effect, false},
		{"rights", t.Rights, false}, {"other_ways", t.OtherWays, false}, {"leaves_device", t.Leaves, false},
	}
}

var (
	mail = regexp.MustCompile(`[^\s@<>]+@[^\s@<>]+\.[\p{L}\d]{2,}`)
	// A phone number has at least five digits (12377 is one), perhaps with marks between them.
	phone = regexp.MustCompile(`\d(?:[ \-/().]{0,2}\d){4,}`)
)

// reachable tells whether a text holds a mail address or a phone number that somebody might answer.
func reachable(s string) bool {
	s = strings.Map(narrow, s)
	if mail.MatchString(s) {
		return true
	}
	for _, m := range phone.FindAllString(s, -1) {
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, m)
		counted := len(digits) > 5 && strings.Contains("01234567890", digits) // 12345 is a real one
		if !counted && strings.Trim(digits, digits[:1]) != "" {
			return true
		}
	}
	return false
}

// spans finds lengths of time in digits; words ("ten years") are left to the reader.
var spans = regexp.MustCompile(`(月?)(\d{1,6}) ?(?:(days?|weeks?|months?|years?)\b|(天|日|周|星期|个月|年))`)

// daysOf counts a year as 365 days, as the policy does. Dates (2026年, 11月22日) are no lengths of time.
func daysOf(m []string) int {
	n, err := strconv.Atoi(m[2])
	unit := strings.TrimSuffix(m[3], "s") + m[4]
	switch {
	case err != nil, unit == "年" && n >= 1900, m[1] != "" && unit == "日":
		return 0
	case unit == "week", unit == "周", unit == "星期":
		return 7 * n
	case unit == "month", unit == "个月":
		return 30 * n
	case unit == "year", unit == "年":
		return 365 * n
	}
	return n
}

func inDays(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return d.String()
}

type defects []error

func (d *defects) add(format string, args ...any) { *d = append(*d, fmt.Errorf(format, args...)) }
