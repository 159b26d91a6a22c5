package config

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	spanForm   = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)$`)
	looseSpan  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([\p{L}]*)$`)
	offsetForm = regexp.MustCompile(`^([+-])([0-9]{2}):([0-9]{2})$`)
	sizeForm   = regexp.MustCompile(`^([0-9]{1,5})x([0-9]{1,5})$`)
)

var units = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

// unitWords are what people write for a unit.
var unitWords = map[string]string{"sec": "s", "secs": "s", "second": "s", "seconds": "s", "秒": "s", "min": "m", "mins": "m",
	"minute": "m", "minutes": "m", "分": "m", "分钟": "m", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "小时": "h", "day": "d", "days": "d",
	"天": "d", "日": "d", "msec": "ms", "millisecond": "ms", "milliseconds": "ms", "毫秒": "ms"}

// parseSpan reads one number with one unit. Days are 24 hours: due dates are counted in hours, not in calendars.
func parseSpan(text string) (time.Duration, bool) {
	m := spanForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	x, err := strconv.ParseFloat(m[1], 64)
	if span := x * float64(units[m[2]]); err == nil && span < math.MaxInt64/2 {
		return time.Duration(math.Round(span)), true
	}
	return 0, false
}

// suggestSpan guesses what "3 sec" or a bare 3 was meant to be.
func suggestSpan(text string, tag reflect.StructTag) string {
	m := looseSpan.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return "write a number and its unit (ms, s, m, h, d)" + exampleOf(tag)
	}
	unit, word := strings.ToLower(m[2]), ""
	if _, ok := units[unit]; ok {
		word = unit
	} else if w, ok := unitWords[unit]; ok {
		word = w
	} else if bound, _, _ := strings.Cut(tag.Get("default"), ".."); unit == "" && bound != "" {
		word = strings.TrimLeft(bound, "0123456789.")
	}
	if guess := m[1] + word; word != "" {
		if _, ok := parseSpan(guess); ok {
			return "write " + guess
		}
	}
	return "write a number and its unit (ms, s, m, h, d)" + exampleOf(tag)
}

func parseOffset(text string) (Offset, bool) {
	m := offsetForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	h, _ := strconv.Atoi(m[2])
	min, _ := strconv.Atoi(m[3])
	if min > 59 {
		return 0, false
	}
	o := Offset(time.Duration(h)*time.Hour + time.Duration(min)*time.Minute)
	if m[1] == "-" {
		o = -o
	}
	return o, true
}

func parseSize(text string) (Size, bool) {
	m := sizeForm.FindStringSubmatch(text)
	if m == nil {
		return Size{}, false
	}
	var s Size
	_, err := fmt.Sscanf(text, "%dx%d", &s.Width, &s.Height)
	return s, err == nil
}
