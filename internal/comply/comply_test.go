package comply_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/comply"
	"example.org/edged/internal/count"
	"example.org/edged/internal/site"
)

var update = flag.Bool("update", false, "write docs/law.md anew")

// whole is a device on which nothing is wrong.
func whole() *comply.Facts {
	probes := map[string]string{}
	for _, name := range []string{"training", "override", "emergency", "allow-delete", "after-face", "purpose", "bundle", "endless", "pressing",
		"notice-hash", "rights", "age", "leap-day", "working-days", "rules"} {
		probes[name] = ""
	}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	return &comply.Facts{Version: "v1", Device: "door-1", Rules: "2025-06-01", At: now, Face: true,
		Declared:  site.Declaration{ID: "home", Place: "office", Necessity: "hands are full", Sign: "left", Confirmed: now.AddDate(0, -1, 0), Area: "in front", By: "Li Na"},
		OtherWays: []string{"pin"}, Zone: true, KeepDays: 365, NoticeDays: 365, MaxAgeDays: 365, IdleDays: 180, NoticeHash: "ab", Handler: "a", Contact: "b", Complaint: "12377",
		Languages: []string{"zh"}, AssessedBy: "Li Na", AtEnd: "erased", Tier: "tpm", Seccomp: true, Landlock: true, Staff: 2, Count: count.State{Now: 1, High: 2},
		Programs: map[string]comply.Program{"keeper": {Modules: []string{"go.etcd.io/bbolt"}}, "courier": {}}, Probes: probes,
		Log: comply.Log{There: true, Size: 9, Kinds: map[string]uint64{"configured": 1, "assessed": 1}, Assessed: true, FirstAssessed: 1, FirstEnrolled: 4, Enrolled: 1, Oldest: now}}
}

func standings(f *comply.Facts) map[string]comply.Standing {
	all := map[string]comply.Standing{}
	for _, found := range comply.Judge(f).Findings {
		all[found.ID] = found.Standing
	}
	return all
}

// breaks is one thing that goes wrong for each check that looks at something.
var breaks = map[string]func(f *comply.Facts){
	"M-1, M-2": func(f *comply.Facts) { f.Probes["training"] = "it is taken" },
	"M-3":      func(f *comply.Facts) { f.Declared.By = "" },
	"M-4a":     func(f *comply.Facts) { f.Probes["purpose"] = "it is taken" },
	"M-4b":     func(f *comply.Facts) { f.Declared.Necessity = "" },
	"M-4c":     func(f *comply.Facts) { f.Pictures = 1 },
	"M-4d":     func(f *comply.Facts) { f.Dumpable = true },
	"M-5a":     func(f *comply.Facts) { f.Log.WithoutNotice = 1 },
	"M-5b":     func(f *comply.Facts) { f.NoticeDays = 30 },
	"M-5c":     func(f *comply.Facts) { delete(f.Probes, "notice-hash") },
	"M-5d":     func(f *comply.Facts) { f.Languages = nil },
	"M-6a":     func(f *comply.Facts) { f.Log.WithoutConsent = 1 },
	"M-6b":     func(f *comply.Facts) { f.Log.NotErased = 1 },
	"M-7a":     func(f *comply.Facts) { f.Probes["age"] = "one day early" },
	"M-8a":     func(f *comply.Facts) { f.Medium = "the state folder lies on NFS" },
	"M-8b": func(f *comply.Facts) {
		f.Programs["keeper"] = comply.Program{Modules: []string{"github.com/eclipse/paho.mqtt.golang"}}
	},
	"M-8c":         func(f *comply.Facts) { f.Log.Overdue = 1 },
	"M-9a":         func(f *comply.Facts) { f.Log.FirstEnrolled = 0 },
	"M-9b":         func(f *comply.Facts) { f.AssessedBy = "" },
	"M-9c":         func(f *comply.Facts) { f.Log.There = false },
	"M-9d":         func(f *comply.Facts) { f.CopiesMissing = 1 },
	"M-9e":         func(f *comply.Facts) { f.Unassessed = "another model" },
	"M-10a":        func(f *comply.Facts) { f.OtherWays = nil },
	"M-10b":        func(f *comply.Facts) { f.Probes["rights"] = "consent is an input" },
	"M-10c":        func(f *comply.Facts) { f.Probes["override"] = "it is taken" },
	"M-12":         func(f *comply.Facts) { f.NoticeWrong = "it presses people" },
	"M-13a":        func(f *comply.Facts) { f.Declared.Public = true },
	"M-13b":        func(f *comply.Facts) { f.Zone = false },
	"M-13c":        func(f *comply.Facts) { f.Declared.Confirmed = f.At.AddDate(-1, 0, -3) },
	"M-13d":        func(f *comply.Facts) { f.Unplaced = "the place is a toilet" },
	"M-14a":        func(f *comply.Facts) { f.Tier = "" },
	"M-14b":        func(f *comply.Facts) { f.Log.Wrong = "it does not fit its head" },
	"M-14c":        func(f *comply.Facts) { f.Open = "it is open to others" },
	"M-14d":        func(f *comply.Facts) { f.Staff = 0 },
	"M-14e":        func(f *comply.Facts) { f.Models = "a model was swapped" },
	"M-14f":        func(f *comply.Facts) { f.Landlock = false },
	"M-15a":        func(f *comply.Facts) { f.Overdue = true },
	"M-15b":        func(f *comply.Facts) { f.NoticeHash = "" },
	"M-15c":        func(f *comply.Facts) { delete(f.Log.Kinds, "configured") },
	"M-17":         func(f *comply.Facts) { f.Complaint = "" },
	"M-19":         func(f *comply.Facts) { f.Programs["courier"] = comply.Program{CGO: true} },
	"M-20":         func(f *comply.Facts) { f.Log.OtherRules = 1 },
	"J-1a":         func(f *comply.Facts) { f.Traces = "the log is open to others" },
	"J-2a":         func(f *comply.Facts) { f.StrayModels = 1 },
	"J-2e":         func(f *comply.Facts) { f.SetAside = 1 },
	"J-4a":         func(f *comply.Facts) { f.Probes["after-face"] = "it is taken" },
	"J-4b":         func(f *comply.Facts) { f.Probes["bundle"] = "it is taken" },
	"J-5":          func(f *comply.Facts) { f.Probes["emergency"] = "it is taken" },
	"J-6":          func(f *comply.Facts) { f.Log.WithoutTier = 1 },
	"J-9":          func(f *comply.Facts) { f.Log.FaceWhileResting = 1 },
	"J-11":         func(f *comply.Facts) { f.Log.WithoutEnd = 1 },
	"J-12":         func(f *comply.Facts) { f.Probes["allow-delete"] = "it is taken" },
	"J-16":         func(f *comply.Facts) { f.Probes["rules"] = "a day too late" },
	"P-19, P-47":   func(f *comply.Facts) { f.Log.Owed = 1 },
	"P-21 to 23":   func(f *comply.Facts) { f.Log.Exported = 1 },
	"P-57":         func(f *comply.Facts) { f.Log.Incidents = 1 },
	"N-9":          func(f *comply.Facts) { f.Clear = true },
	"N-21":         func(f *comply.Facts) { f.AtEnd = "" },
	"C-201, C-203": func(f *comply.Facts) { f.Probes["working-days"] = "weekdays were counted" },
	"C-202":        func(f *comply.Facts) { f.Probes["leap-day"] = "one day early" },
}

func TestForEveryCheckAChangeTurnsExactlyItRed(t *testing.T) {
	good := standings(whole())
	follows := map[string]string{}
	for _, c := range comply.Checks() {
		if follows[c.ID] = c.Follows; good[c.ID] == comply.Fails {
			t.Errorf("%s is red on a device on which nothing is wrong", c.ID)
		}
		if c.Follows == "" && c.Looks() != (breaks[c.ID] != nil) {
			t.Errorf("%s looks at something: %v, and a change that breaks it: %v", c.ID, c.Looks(), breaks[c.ID] != nil)
		}
		if c.Follows == "" && !c.Looks() && good[c.ID] != comply.Confirm {
			t.Errorf("%s looks at nothing, and is not for people to confirm", c.ID)
		}
	}
	for id, change := range breaks {
		f := whole()
		change(f)
		now := standings(f)
		if now[id] != comply.Fails {
			t.Errorf("%s: it is broken, and %s", id, now[id])
		}
		for other, s := range now {
			if other != id && follows[other] != id && s != good[other] {
				t.Errorf("%s is broken, and %s turns from %q to %q", id, other, good[other], s)
			}
			if follows[other] == id && s != comply.Fails {
				t.Errorf("%s is broken, and %s, which follows it, %s", id, other, s)
			}
		}
		if _, known := follows[id]; !known {
			t.Errorf("%s is no row", id)
		}
	}
}

func TestWhatWasNotTriedIsNotGreen(t *testing.T) {
	f := whole()
	f.Probes = nil
	red := 0
	for _, s := range standings(f) {
		if s == comply.Fails {
			red++
		}
	}
	if red < 14 {
		t.Errorf("only %d rows are red where nothing was tried", red)
	}
	if s := standings(&comply.Facts{})["M-9c"]; s != comply.Fails {
		t.Errorf("a device without a log: %s", s)
	}
}

func TestEveryRowSaysWhatItIs(t *testing.T) {
	seen, first := map[string]bool{}, map[string]bool{}
	for _, c := range comply.Checks() {
		if seen[c.ID] || c.EN == "" || c.ZH == "" || c.Control == "" || !strings.Contains("EPR", c.Class) || c.Class == "" {
			t.Errorf("%+v", c)
		}
		seen[c.ID], first[c.ID] = true, c.Follows == ""
	}
	for _, c := range comply.Checks() {
		if c.Follows != "" && !first[c.Follows] {
			t.Errorf("%s follows %s, which is no check of its own", c.ID, c.Follows)
		}
	}
	if len(seen) < 100 {
		t.Errorf("%d rows", len(seen))
	}
}

// docs/law.md is what the checks say, and every test that a row names is there.
func TestTheTableIsTheChecks(t *testing.T) {
	const path = "../../docs/law.md"
	if *update {
		if err := os.WriteFile(path, comply.Table(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(b, comply.Table()) {
		t.Errorf("docs/law.md is not what the checks say (%v): go test ./internal/comply -update", err)
	}
	there := map[string]bool{}
	name := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range name.FindAllStringSubmatch(string(text), -1) {
			there[m[1]] = true
		}
		return err
	})
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(b), -1) {
		if !there[m[1]] {
			t.Errorf("docs/law.md names %s, and there is no such test", m[1])
		}
	}
}

func TestThePageForAnInspectorLoadsNothing(t *testing.T) {
	f := whole()
	f.Declared.By = `<script src="https://elsewhere.example/x.js"></script>`
	f.Log.Owed = 1
	r := comply.Judge(f)
	b, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "http:", "src=", "<link", "@import", "url("} {
		if strings.Contains(strings.ReplaceAll(string(b), "&lt;script src=&#34;https://elsewhere.example/x.js&#34;", ""), bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, must := range []string{"default-src 'none'", "不符合", "does not hold", "须人工确认", "M-13d", "更衣室", "door-1"} {
		if !strings.Contains(string(b), must) {
			t.Errorf("the page lacks %q", must)
		}
	}
	if r.Failed != 1 || r.Held+r.Failed+r.Asked != len(r.Findings) {
		t.Errorf("%d %d %d of %d", r.Held, r.Failed, r.Asked, len(r.Findings))
	}
}

func TestTheReportReadsBack(t *testing.T) {
	r := comply.Judge(whole())
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back comply.Report
	if err := json.Unmarshal(b, &back); err != nil || len(back.Findings) != len(r.Findings) || back.Findings[3].Evidence != r.Findings[3].Evidence {
		t.Errorf("%v", err)
	}
	for _, field := range []string{`"hold"`, `"do_not_hold"`, `"people_confirm"`, `"duty_zh"`, `"standing"`, `"evidence"`} {
		if !strings.Contains(string(b), field) {
			t.Errorf("no %s", field)
		}
	}
}
