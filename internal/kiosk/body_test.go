package kiosk

import (
	"encoding/json"
	"testing"
)

// What is taken must be what any other JSON reader would take it for, with no field named twice or otherwise.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{}`, `{"act":"open","pin":"123456"}`, `{"act":"open","act":"mine"}`, `{"act":1}`, `{"act":"open"} x`, `{"act"`, "{\"\\u0061ct\":\"\xff\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := parseBody(b, "act", "pin", "notice")
		if err != nil {
			return
		}
		var want map[string]string
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatalf("taken, but %v", err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d fields, not %d", len(got), len(want))
		}
		for name, v := range got {
			if want[name] != v || name != "act" && name != "pin" && name != "notice" {
				t.Fatalf("field %q", name)
			}
		}
	})
}
