package courier_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/courier"
	"example.org/edged/internal/wire"
)

var noon = time.Unix(1_767_225_600, 0)

const someID = "00112233445566778899aabbccddeeff"

// request is a good one, with some fields replaced; a replacement of "" leaves the field out.
func request(replace map[string]string) string {
	fields := []string{"v", "id", "act", "who", "recipient", "client", "iat", "exp"}
	values := map[string]string{
		"v": "1", "id": `"` + someID + `"`, "act": `"status"`, "client": `"fleet-1"`,
		"iat": fmt.Sprint(noon.Unix()), "exp": fmt.Sprint(noon.Unix() + 60),
	}
	for name, value := range replace {
		values[name] = value
		if !strings.Contains(strings.Join(fields, " "), name) {
			fields = append(fields, name)
		}
	}
	var out []string
	for _, name := range fields {
		if values[name] != "" {
			out = append(out, fmt.Sprintf("%q:%s", name, values[name]))
		}
	}
	return "{" + strings.Join(out, ",") + "}"
}

func export(replace map[string]string) string {
	all := map[string]string{"act": `"export"`, "who": `"` + someID + `"`, "recipient": `"police of Xuhui"`}
	for k, v := range replace {
		all[k] = v
	}
	return request(all)
}

func TestRequestsAreReadStrictly(t *testing.T) {
	in := func(s int) string { return fmt.Sprint(noon.Unix() + int64(s)) }
	type m = map[string]string
	tests := []struct {
		name, text, refused string
	}{
		{"a status request is taken", request(nil), ""},
		{"an export request is taken", export(nil), ""},
		{"a door request of thirty seconds is taken", request(m{"act": `"open"`, "exp": in(30)}), ""},
		{"spaces between fields do not matter", strings.ReplaceAll(request(nil), ",", " ,\n "), ""},

		{"nothing at all", "", "unreadable"},
		{"random bytes", "\x00\xff\x13\x37", "unreadable"},
		{"a list", "[" + request(nil) + "]", "unreadable"},
		{"a number alone", "1", "unreadable"},
		{"cut short", strings.TrimSuffix(request(nil), "}"), "unreadable"},
		{"something after the end", request(nil) + "{}", "unreadable"},
		{"an object inside a field", request(m{"act": `{"act":"open"}`}), "unreadable"},
		{"a field twice", strings.TrimSuffix(request(nil), "}") + `,"act":"open"}`, "unreadable"},
		{"a number with a fraction", request(m{"iat": in(0) + ".0"}), "unreadable"},
		{"a number with an exponent", request(m{"exp": "2e9"}), "unreadable"},
		{"null for a field", request(m{"client": "null"}), "unreadable"},
		{"bytes that are no text", export(m{"recipient": "\"a\xffb\""}), "unreadable"},
		{"a text of more than 4 KiB", export(m{"recipient": `"` + strings.Repeat("a", 5000) + `"`}), "too-large"},
		{"4 KiB of spaces behind a good request", request(nil) + strings.Repeat(" ", 4096), "too-large"},

		{"a field nobody knows", request(m{"score": "1"}), "unknown-field"},
		{"a field in capitals", request(m{"act": "", "ACT": `"status"`}), "unknown-field"},
		{"a status request with a person", request(m{"who": `"` + someID + `"`}), "unknown-field"},
		{"a door request with a recipient", request(m{"act": `"open"`, "exp": in(9), "recipient": `"x"`}), "unknown-field"},
		{"no act", request(m{"act": ""}), "missing-field"},
		{"no end of life", request(m{"exp": ""}), "missing-field"},
		{"an export without a recipient", export(m{"recipient": ""}), "missing-field"},
		{"an export of nobody", export(m{"who": ""}), "missing-field"},

		{"another version", request(m{"v": "2"}), "bad-version"},
		{"a version in quotes", request(m{"v": `"1"`}), "bad-version"},
		{"an id that is too short", request(m{"id": `"00"`}), "bad-id"},
		{"an id in capitals", request(m{"id": `"00112233445566778899AABBCCDDEEFF"`}), "bad-id"},
		{"an id that is not hex", request(m{"id": `"zz112233445566778899aabbccddeeff"`}), "bad-id"},
		{"a client with a slash, to answer elsewhere", request(m{"client": `"../state"`}), "bad-client"},
		{"a client with a wildcard", request(m{"client": `"+"`}), "bad-client"},
		{"a client of no letters", request(m{"client": `""`}), "bad-client"},
		{"a client of 33 letters", request(m{"client": `"` + strings.Repeat("a", 33) + `"`}), "bad-client"},
		{"an act nobody knows", request(m{"act": `"wipe"`}), "unknown-act"},
		{"an act that is a number", request(m{"act": "1"}), "unknown-act"},
		{"a person of zeros", export(m{"who": `"` + strings.Repeat("0", 32) + `"`}), "bad-who"},
		{"a person by name", export(m{"who": `"Li Lei"`}), "bad-who"},
		{"a recipient without a name", export(m{"recipient": `""`}), "bad-recipient"},
		{"a recipient with a line break", export(m{"recipient": `"a\nb"`}), "bad-recipient"},
		{"a recipient of 257 bytes", export(m{"recipient": `"` + strings.Repeat("a", 257) + `"`}), "bad-recipient"},

		{"an end before the beginning", request(m{"exp": in(-1)}), "bad-time"},
		{"a life of more than five minutes", request(m{"exp": in(301)}), "bad-time"},
		{"a door request of more than thirty seconds", request(m{"act": `"open"`, "exp": in(31)}), "bad-time"},
		{"from the future", request(m{"iat": in(31), "exp": in(60)}), "bad-time"},
		{"a time beyond all clocks", request(m{"iat": "9223372036854775806", "exp": "9223372036854775807"}), "bad-time"},
		{"a time in quotes", request(m{"iat": `"1"`}), "bad-time"},
		{"too late by nothing", request(m{"iat": in(-60), "exp": in(0)}), "too-late"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, _, refused := courier.ReadCommand([]byte(tt.text), noon); refused != tt.refused {
				t.Errorf("refused as %q, want %q: %s", refused, tt.refused, tt.text)
			}
		})
	}
}

func TestAnExportNamesThePersonAndTheHashOfTheRecipient(t *testing.T) {
	asked, id, client, refused := courier.ReadCommand([]byte(export(nil)), noon)
	if refused != "" || id != someID || client != "fleet-1" {
		t.Fatalf("refused %q, id %q, client %q", refused, id, client)
	}
	want := wire.Asked{Ask: wire.AskExport, Recipient: sha256.Sum256([]byte("police of Xuhui"))}
	fmt.Sscanf(someID, "%x", &want.ID)
	copy(want.ID[:], "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff")
	want.Who = want.ID
	if asked != want {
		t.Errorf("got %+v, want %+v", asked, want)
	}
}

func TestABadRequestStillTellsWhomToAnswer(t *testing.T) {
	for name, text := range map[string]string{
		"too large":         export(map[string]string{"recipient": "", "client": `"fleet-1"`}) + strings.Repeat(" ", 9000),
		"unknown field":     strings.TrimSuffix(request(nil), "}") + `,"x":1}`,
		"cut in the middle": strings.TrimSuffix(request(nil), "}"),
	} {
		_, id, client, refused := courier.ReadCommand([]byte(text), noon)
		if refused == "" || id != someID || client != "fleet-1" {
			t.Errorf("%s: refused %q, id %q, client %q", name, refused, id, client)
		}
	}
}

func FuzzReadCommand(f *testing.F) {
	f.Add([]byte(request(nil)))
	f.Add([]byte(export(nil)))
	f.Add([]byte(`{"v":1,"v":1}`))
	f.Add([]byte("{\"client\":\"a\",\"id\":\"" + someID + "\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		asked, id, client, refused := courier.ReadCommand(b, noon)
		if strings.Trim(client, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(client) > 32 {
			t.Fatalf("client %q could leave its topic", client)
		}
		if refused != "" {
			return
		}
		if id == "" || client == "" || asked.Ask == wire.AskUnknown || len(b) > 4096 {
			t.Fatalf("taken: %q", b)
		}
		export := asked.Ask == wire.AskExport
		if export != (asked.Who != wire.Pseudonym{}) || export != (asked.Recipient != [32]byte{}) {
			t.Fatalf("taken with the fields of another act: %q", b)
		}
		if _, _, _, later := courier.ReadCommand(b, noon.Add(301*time.Second+30*time.Second)); later == "" {
			t.Fatalf("lives longer than five minutes: %q", b)
		}
	})
}
