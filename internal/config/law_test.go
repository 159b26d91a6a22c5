package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// forbids: a file of a door at work is taken, and with one of these lines more it is refused, by the name of the key that
// must not be there. The lines are YAML at the end of the file, each with the key that is to be named.
func forbids(t *testing.T, lines map[string]string) {
	t.Helper()
	const door = "door: {methods: [pin]}\n"
	written(t, door)
	for line, key := range lines {
		t.Run(key, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "door.yaml")
			text := "device: {id: door-1}\nstaff: [{name: desk, pin_hash: '" + hash + "'}]\n" + line + "\n"
			if !strings.HasPrefix(line, "door:") {
				text += door
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, d := range read(t, path).Defects {
				if d.Key == key && strings.Contains(d.What, "no such key") && d.Line > 0 {
					return
				}
			}
			t.Errorf("%q is refused for another reason: %v", line, read(t, path))
		})
	}
}

// J-4a: a consent that somebody gives because nothing works without it is void. Nothing can be made to wait for a face.
func TestJ4a_NoOtherWayCanBeMadeToWaitForAFace(t *testing.T) {
	forbids(t, map[string]string{
		"card_needs_face: true":                         "card_needs_face",
		"pin: {after_face: true}":                       "pin.after_face",
		"pin: {needs_consent: true}":                    "pin.needs_consent",
		"door: {methods: [pin], require_face: true}":    "door.require_face",
		"door: {methods: [pin], consent: required}":     "door.consent",
		"consent: {needed_for: [card]}":                 "consent.needed_for",
		"face: {mandatory: true}":                       "face.mandatory",
		"override: {article: 10, law: of our own}":      "override",
		"services: {lift: {activate_after: enrolment}}": "services",
	})
}

// J-5: who says that there was an emergency, or that public safety asked for it, has to prove it. There is no such word
// here, so there is nothing that could stay switched on.
func TestJ5_NoBasisButConsentCanBeSet(t *testing.T) {
	forbids(t, map[string]string{
		"emergency: true": "emergency",
		"emergency: {until: 2026-11-23, by: Li Na}":                                        "emergency",
		"legal_basis: public-safety":                                                       "legal_basis",
		"face: {legal_basis: emergency}":                                                   "face.legal_basis",
		"face: {without_consent: true}":                                                    "face.without_consent",
		"site: {place: office, basis: {law: news supervision, signer: Li Na, until: 24h}}": "site.basis",
	})
}

// J-12: somebody may demand deletion whatever a contract says. No setting puts it off, hides it or asks anybody's leave.
func TestJ12_NoSettingForbidsDeleting(t *testing.T) {
	forbids(t, map[string]string{
		"allow_delete: false":            "allow_delete",
		"allow_withdraw: false":          "allow_withdraw",
		"face: {withdraw_after: 30d}":    "face.withdraw_after",
		"face: {delete_needs: staff}":    "face.delete_needs",
		"contract: {minimum_term: 365d}": "contract",
		"rights: {delete: false}":        "rights",
	})
}

// P-38 to 41: nobody, near or abroad, can be named as one to whom a face is sent.
func TestP38_NoOneCanBeNamedToWhomAFaceIsSent(t *testing.T) {
	forbids(t, map[string]string{
		"export: {recipient: lab, country: CN}":       "export",
		"export: {recipient: lab, country: SG}":       "export",
		"recipients: [somebody]":                      "recipients",
		"cloud: 'https://faces.example'":              "cloud",
		"backup: {to: 'sftp://elsewhere.example'}":    "backup",
		"face: {sync: 'https://faces.example'}":       "face.sync",
		"face: {models: m, share_with: headquarters}": "face.share_with",
	})
}
