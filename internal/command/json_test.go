package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/command"
	"example.org/edged/internal/wire"
)

// names lists all field names of a JSON document, by their path.
func names(v any, at string, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			into[at+k] = true
			names(inner, at+k+".", into)
		}
	case []any:
		for _, inner := range v {
			names(inner, at, into)
		}
	}
}

// The names of --json answers are what other programs are written against: they are never changed.
func TestTheNamesOfJSONAnswersAreStable(t *testing.T) {
	dir := t.TempDir()
	log, err := audit.Open(filepath.Join(dir, "log"), "edged/door-1", [32]byte{1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(audit.Entry{Kind: wire.KindDecision, Outcome: wire.Granted}); err != nil {
		t.Fatal(err)
	}
	key := log.PublicKey()
	log.Close()
	renewed := filepath.Join(dir, "renewed")
	if err := errors.Join(os.CopyFS(renewed, os.DirFS(filepath.Join(dir, "log"))), os.WriteFile(filepath.Join(renewed, "tile", "entries", "000"), []byte("changed"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.Renew(renewed, "edged/door-1", [32]byte{1}, audit.Entry{Reason: wire.ReasonIncident}, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "door.yaml")
	text := "device: {id: door-1}\nstate: state\ndoor: {methods: [pin]}\nstaff: [{name: desk, pin_hash: '$argon2id$v=19$m=19456,t=2,p=1$1r9aTrJVNY8/vX0pv6FFYg$G8NcfFoFmf9tUT5OKe31IA71uizVYL3OsniqL41qud8'}]\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil { // readable by others, so that there is something to say
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"version", "--json"}, 0, "built version"},
		{[]string{"audit", "verify", "--json", "--key", key, filepath.Join(dir, "log")}, 0, "ok report report.first report.kinds report.kinds.decision report.last report.ok report.origin report.root report.says report.size"},
		{[]string{"audit", "verify", "--json", "--key", strings.Replace(key, "door-1", "door-2", 1), filepath.Join(dir, "log")}, 1, "ok report report.ok report.origin report.root report.says report.size why"},
		{[]string{"audit", "verify", "--json", "--key", key, renewed}, 0, "before before.dir before.entries before.problem before.problem.how before.problem.index before.reason before.why ok report report.first report.kinds report.kinds.log-renewed report.last report.ok report.origin report.root report.says report.size"},
		{[]string{"check", "--json", "--config", config}, 0, "findings findings.do findings.level findings.part findings.what ok"},
	} {
		var out, stderr bytes.Buffer
		code := command.Main(context.Background(), c.args, command.Streams{Out: &out, Err: &stderr}, command.Build{})
		var v any
		if err := json.Unmarshal(out.Bytes(), &v); err != nil || code != c.code {
			t.Errorf("%v: exit code %d, %v, %s", c.args, code, err, stderr.String())
		}
		got := map[string]bool{}
		names(v, "", got)
		if all := strings.Join(slices.Sorted(maps.Keys(got)), " "); all != c.want {
			t.Errorf("%v has the names\n%s, not\n%s", c.args, all, c.want)
		}
	}
}

// An inspector with a copy of the folder reads of both logs: that the new one is in order, and the first bad entry of the
// one that was set aside. Once that was changed, the answer is no.
func TestBothLogsAreVerified(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "audit")
	log, err := audit.Open(dir, "edged/door-1", [32]byte{1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for range 9 {
		if _, err := log.Append(audit.Entry{Kind: wire.KindDecision, Outcome: wire.Granted}); err != nil {
			t.Fatal(err)
		}
	}
	key := log.PublicKey()
	entries := filepath.Join(dir, "tile", "entries", "000")
	b, err := os.ReadFile(entries)
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1 // in the fifth of nine
	if err := os.WriteFile(entries, b, 0o600); err != nil {
		t.Fatal(err)
	}
	aside, err := audit.Renew(dir, "edged/door-1", [32]byte{1}, audit.Entry{Reason: wire.ReasonIncident}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	verify := func() (int, string) {
		var out, stderr bytes.Buffer
		code := command.Main(context.Background(), []string{"audit", "verify", "--key", key, dir}, command.Streams{Out: &out, Err: &stderr}, command.Build{})
		return code, out.String() + stderr.String()
	}
	if code, said := verify(); code != 0 || !strings.Contains(said, "1 entries, none changed") || !strings.Contains(said, "9 entries") || !strings.Contains(said, "entry 4 was rewritten") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if err := os.WriteFile(filepath.Join(aside, "tile", "entries", "000"), b[:1], 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := verify(); code != 1 || !strings.Contains(said, "was changed since") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
