package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/config"
)

// M-10c: the state has provided no exception, so none can be configured: at no place in the file, and whatever it cites.
func TestM10c_NoExceptionCanBeConfigured(t *testing.T) {
	door := "device:\n  id: door-1\ndoor:\n  methods: [pin]\npin:\n  digits: 8\nstaff:\n- name: desk\n  pin_hash: '" + hash + "'\n"
	path := filepath.Join(t.TempDir(), "edged.yaml")
	put := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(door)
	if _, err := config.Read(path); err != nil {
		t.Fatalf("the door without an exception: %v", err)
	}
	cites := []string{"true", "company-policy", "'{law: notice of the property office of 2026-01-02}'", "{law: CN-2025-19, article: 10, signed: [ann, ben], until: 2027-01-01}"}
	for _, key := range []string{"override", "exception", "exempt", "legal_basis", "emergency", "face_only"} {
		for _, value := range cites {
			for place, text := range map[string]string{
				key:           door + key + ": " + value + "\n",
				"door." + key: strings.Replace(door, "  methods: [pin]\n", "  methods: [pin]\n  "+key+": "+value+"\n", 1),
				"pin." + key:  strings.Replace(door, "  digits: 8\n", "  digits: 8\n  "+key+": "+value+"\n", 1),
			} {
				put(text)
				bad := read(t, path)
				if len(bad.Defects) != 1 || !strings.Contains(bad.Error(), place+": there is no such key") {
					t.Errorf("%s: %s was refused with %v", place, value, bad)
				}
			}
		}
	}
}
