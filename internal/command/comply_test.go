package command

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/edged/configs"
	"example.org/edged/internal/assess"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/comply"
	"example.org/edged/internal/config"
	"example.org/edged/internal/wire"
)

// A terminal is a device as its files are: config, notice, assessment, models and a log.
type terminal struct {
	t    *testing.T
	dir  string
	text string
	log  *audit.Log
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	x := &terminal{t: t, dir: t.TempDir(), text: `device: {id: door-1}
site: {id: home, place: office, necessity: Nurses in gloves may not touch a keypad here., sign: left of the door, sign_confirmed: ` + time.Now().Format(time.DateOnly) + `, area: before the door, declared_by: Li Na}
state: state
door: {methods: [pin, face]}
camera: {source: pictures, folder: .}
face: {models: models}
notice: notice.yaml
staff: [{name: desk, pin_hash: '$argon2id$v=19$m=19456,t=2,p=1$1r9aTrJVNY8/vX0pv6FFYg$G8NcfFoFmf9tUT5OKe31IA71uizVYL3OsniqL41qud8'}]
`}
	x.write("door.yaml", x.text)
	x.write("notice.yaml", string(configs.Notice))
	keeper := filepath.Join(x.dir, "state", "keeper")
	for _, dir := range []string{filepath.Join(x.dir, "models"), keeper} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	x.write("state/keeper/tier", "tpm")
	x.assess()
	l, err := audit.Open(filepath.Join(keeper, "audit"), "edged/door-1", [32]byte{1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	x.log = l
	x.line(audit.Entry{Kind: wire.KindConfigured})
	return x
}

func (x *terminal) write(name, text string) {
	x.t.Helper()
	if err := os.WriteFile(filepath.Join(x.dir, name), []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) line(e audit.Entry) {
	x.t.Helper()
	e.At = time.Now().UnixMilli()
	if _, err := x.log.Append(e); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) config() *config.Config {
	x.t.Helper()
	cfg, err := config.Read(filepath.Join(x.dir, "door.yaml"))
	if err != nil {
		x.t.Fatal(err)
	}
	return cfg
}

func (x *terminal) tools() *tools {
	return &tools{Streams: Streams{Out: new(bytes.Buffer), Err: new(bytes.Buffer), Programs: x.dir}, Build: Build{Version: "v1"}, ctx: context.Background(), log: slog.New(slog.DiscardHandler)}
}

func (x *terminal) assess() {
	x.t.Helper()
	form, err := config.ReadForm("../../configs/demo.assessment.yaml")
	if err != nil {
		x.t.Fatal(err)
	}
	cfg := x.config()
	d, err := x.tools().doorOf(cfg)
	if err != nil {
		x.t.Fatal(err)
	}
	a, err := assess.Sign(*form, d.bound, d.facts, "desk", "staff", time.Now())
	if err != nil {
		x.t.Fatal(err)
	}
	x.write("state/assessment.json", string(a.Canonical()))
}

func (x *terminal) red() map[string]bool {
	all := map[string]bool{}
	for _, f := range comply.Judge(x.tools().facts(x.config())).Findings {
		if f.Standing == comply.Fails && !strings.HasPrefix(f.Evidence, "as ") {
			all[f.ID] = true
		}
	}
	return all
}

// What changes on the disk turns its own row red, and no other.
func TestWhatChangesOnTheDiskTurnsItsOwnRowRed(t *testing.T) {
	before := newTerminal(t).red() // no programs lie there, and no face was ever used
	for name, c := range map[string]struct {
		change func(x *terminal)
		red    []string
	}{
		"nothing":                       {func(*terminal) {}, nil},
		"a picture in the state folder": {func(x *terminal) { x.write("state/keeper/x", "\xff\xd8\xff\xe0 a face") }, []string{"M-4c"}},
		"the keeper's folder is open":   {func(x *terminal) { os.Chmod(filepath.Join(x.dir, "state", "keeper"), 0o755) }, []string{"M-14c", "M-8a"}},
		"the log is open":               {func(x *terminal) { os.Chmod(filepath.Join(x.dir, "state", "keeper", "audit"), 0o755) }, []string{"J-1a"}},
		"another network":               {func(x *terminal) { x.write("models/age.onnx", "x") }, []string{"J-2a"}},
		"damaged files":                 {func(x *terminal) { x.write("state/keeper/people.db.damaged-1", "x") }, []string{"J-2e"}},
		"no assessment":                 {func(x *terminal) { os.Remove(filepath.Join(x.dir, "state", "assessment.json")) }, []string{"M-9b", "M-9e"}},
		"a softer threshold": {func(x *terminal) {
			x.write("door.yaml", strings.Replace(x.text, "models: models", "models: models, margin: 0.01", 1))
		}, []string{"M-9e"}},
		"a broker in the clear": {func(x *terminal) { x.write("door.yaml", x.text+"mqtt: {broker: 'tcp://broker.example:1883'}\n") }, []string{"M-9e", "N-9"}},
		"nothing declared": {func(x *terminal) {
			_, rest, _ := strings.Cut(x.text, "state: ")
			x.write("door.yaml", "device: {id: door-1}\nsite: home\nstate: "+rest)
		}, []string{"M-13a", "M-13c", "M-13d", "M-3", "M-4b", "M-9e"}},
		"a face without consent": {func(x *terminal) {
			x.line(audit.Entry{Kind: wire.KindAssessed})
			x.line(audit.Entry{Kind: wire.KindEnrolled, Who: wire.Pseudonym{1}, Consent: audit.Hash{1}, Until: time.Now().Add(time.Hour).Unix()})
		}, []string{"M-6a", "M-9d"}},
		"the people are many, and nobody filed": {func(x *terminal) {
			x.write("state/keeper/count", `{"now":100000,"high":100000,"reached":"2026-01-05T00:00:00Z"}`)
		}, []string{"M-15a"}},
		"they filed": {func(x *terminal) {
			x.write("state/keeper/count", `{"now":100000,"high":100000,"reached":"2026-01-05T00:00:00Z"}`)
			x.write("state/filed.json", `{"number":"7","on":"2026-02-01T00:00:00Z"}`)
		}, nil},
		"an incident":        {func(x *terminal) { x.line(audit.Entry{Kind: wire.KindFaceStopped, Reason: wire.ReasonIncident}) }, []string{"P-57"}},
		"a stop for repairs": {func(x *terminal) { x.line(audit.Entry{Kind: wire.KindFaceStopped, Reason: wire.ReasonMaintenance}) }, nil},
		"the log is gone":    {func(x *terminal) { os.RemoveAll(filepath.Join(x.dir, "state", "keeper", "audit")) }, []string{"M-9c"}},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTerminal(t)
			c.change(x)
			after := x.red()
			for id := range before {
				delete(after, id)
			}
			if got := slices.Sorted(maps.Keys(after)); !slices.Equal(got, slices.Sorted(slices.Values(c.red))) {
				t.Errorf("red: %v, not %v", got, c.red)
			}
		})
	}
}

// P-54, N-27: the audit that the law wants regularly reads the log whole, each time. A line that somebody changed between
// two audits is found by the second, which nobody can sign off.
func TestP54_TheNextAuditFindsAChangedLine(t *testing.T) {
	x := newTerminal(t)
	x.line(audit.Entry{Kind: wire.KindDecision, Outcome: wire.Denied})
	if x.red()["M-14b"] {
		t.Fatal("the first audit finds a log wrong that nobody has touched")
	}
	entries, err := filepath.Glob(filepath.Join(x.dir, "state", "keeper", "audit", "tile", "entries", "*"))
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	changed := 0
	for _, name := range entries {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		changed += bytes.Count(b, []byte("denied"))
		if err := os.WriteFile(name, bytes.ReplaceAll(b, []byte("denied"), []byte("donied")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if changed == 0 || !x.red()["M-14b"] {
		t.Errorf("%d lines were changed, and the next audit finds %v", changed, x.red())
	}
	tools := x.tools()
	c := complyCmd{Config: filepath.Join(x.dir, "door.yaml"), SignOff: "manager"}
	if err := c.Run(tools); err == nil || !strings.Contains(tools.Out.(*bytes.Buffer).String(), "does not hold  M-14b") {
		t.Errorf("it was signed off: %v", err)
	}
}

func TestRedItemsStopTheSignOff(t *testing.T) {
	x := newTerminal(t)
	tools := x.tools()
	c := complyCmd{Config: filepath.Join(x.dir, "door.yaml"), SignOff: "manager"}
	if err := c.Run(tools); err == nil || !strings.Contains(tools.Err.(*bytes.Buffer).String(), "nothing was signed off") {
		t.Errorf("it was signed off: %v", err)
	}
	if _, err := os.Stat(filepath.Join(x.dir, "state", signOffName)); err == nil {
		t.Error("a sign-off was written")
	}
}
