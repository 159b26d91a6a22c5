package notice_test

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"example.org/edged/internal/notice"
)

// example is the notice in configs/, which people start from.
func example(t testing.TB) *notice.Notice {
	t.Helper()
	b, err := os.ReadFile("../../configs/notice.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var n notice.Notice
	if err := yaml.UnmarshalWithOptions(b, &n, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return &n
}

const year = 365 * 24 * time.Hour

func TestTheExampleMayBeShown(t *testing.T) {
	n := example(t)
	if err := n.Validate(year); err != nil {
		t.Error(err)
	}
	if n.Keep() != year {
		t.Errorf("the example keeps faces for %v", n.Keep())
	}
}

// refused expects exactly one defect, which names where it is.
func refused(t *testing.T, n *notice.Notice, keep time.Duration, where string) {
	t.Helper()
	err := n.Validate(keep)
	if err == nil {
		t.Fatal("nothing was found")
	}
	if !strings.Contains(err.Error(), where) {
		t.Errorf("%q is not named in: %v", where, err)
	}
}

func TestM5b_RetentionDiffersFromPolicy(t *testing.T) {
	n := example(t)
	n.RetentionDays = 30
	refused(t, n, year, "says 30 days and the policy keeps a face 365 days")
}

func TestJ11_NoEnd(t *testing.T) {
	for _, days := range []int{0, -1, 1096, math.MaxInt} {
		n := example(t)
		n.RetentionDays = days
		refused(t, n, n.Keep(), "retention_days is")
	}
}

func TestWhatIsNotText(t *testing.T) {
	for where, change := range map[string]func(*notice.Notice){
		"version is 0":              func(n *notice.Notice) { n.Version = 0 },
		`purpose "marketing"`:       func(n *notice.Notice) { n.Purpose = "marketing" },
		`purpose ""`:                func(n *notice.Notice) { n.Purpose = "" },
		"one kind of data":          func(n *notice.Notice) { n.Data = append(n.Data, "picture") },
		"data is []":                func(n *notice.Notice) { n.Data = nil },
		`leaves_device is "events"`: func(n *notice.Notice) { n.Leaves = "events" },
		`text in language "zh"`:     func(n *notice.Notice) { delete(n.Text, "zh") },
		`text in language "en"`:     func(n *notice.Notice) { delete(n.Text, "en") },
		`text in language "fr"`:     func(n *notice.Notice) { n.Text["fr"] = n.Text["en"] },
	} {
		t.Run(where, func(t *testing.T) {
			n := example(t)
			change(n)
			refused(t, n, year, where)
		})
	}
}

// fields of a text, by their names in the file.
var fields = map[string]func(*notice.Text) *string{
	"handler": func(t *notice.Text) *string { return &t.Handler }, "contact": func(t *notice.Text) *string { return &t.Contact },
	"complaint": func(t *notice.Text) *string { return &t.Complaint }, "purpose": func(t *notice.Text) *string { return &t.Purpose },
	"method": func(t *notice.Text) *string { return &t.Method }, "data": func(t *notice.Text) *string { return &t.Data },
	"at_end": func(t *notice.Text) *string { return &t.AtEnd }, "necessity": func(t *notice.Text) *string { return &t.Necessity },
	"effect": func(t *notice.Text) *string { return &t.Effect }, "rights": func(t *notice.Text) *string { return &t.Rights },
	"other_ways": func(t *notice.Text) *string { return &t.OtherWays }, "leaves_device": func(t *notice.Text) *string { return &t.Leaves },
}

func with(t *testing.T, language, field, text string) *notice.Notice {
	t.Helper()
	n := example(t)
	tx := n.Text[language]
	*fields[field](&tx) = text
	n.Text[language] = tx
	return n
}

func TestM5b_EveryGroupMustSaySomething(t *testing.T) {
	empty := []string{"", "  \n", "…", "---", "TBD", "to be filled: XXX", "Lorem ipsum dolor", "N/A", "待定", "???", "<your name>", "{{name}}", "\u200b", "\xff"}
	for field := range fields {
		refused(t, with(t, "zh", field, ""), year, "text.zh."+field)
		refused(t, with(t, "en", field, "TBD"), year, "text.en."+field)
	}
	for _, text := range empty {
		refused(t, with(t, "en", "rights", text), year, "text.en.rights")
	}
	refused(t, with(t, "en", "method", strings.Repeat("long ", 300)), year, "nobody reads that")
}

func TestM5b_SomebodyCanBeReached(t *testing.T) {
	for _, text := range []string{"ask the porter", "too short: 1234", "000-0000-0000", "1234567890", "me@home", "@", "11111111"} {
		refused(t, with(t, "zh", "contact", text), year, "text.zh.contact")
	}
	for _, text := range []string{"电话 １２３４５", "a.b@c.example", "+86 (21) 5550-0142", "写信到 物业@小区.中国", "12377"} {
		if err := with(t, "zh", "contact", text).Validate(year); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestM12_PressingTexts(t *testing.T) {
	for _, text := range []string{
		"A face is required at this door.", "Face required", "Entry only with face.", "Get in faster with your face!",
		"Face  recognition is mandatory for residents", "You must use your face", "Without a face scan you cannot enter.",
		"Facial recognition is the easier way; face is faster.", "We do this for better service.", "Residents have to show their face.",
		"No face, no entry", "FACE RE\u00adQUIRED", "fa\u200bce required", "ｆａｃｅ ｒｅｑｕｉｒｅｄ",
		"必须刷脸进门", "必 须 刷 脸", "不刷脸不能进", "不同意不得入内", "只能刷脸", "仅支持人脸识别", "业主必须先录入人脸", "不录入人脸的住户无法开门",
		"刷脸更快", "更方便的人脸通行", "为了提升服务", "为您办理业务", "强制采集人脸", "未录入人脸者禁止入内", "必\u200b须刷脸",
	} {
		t.Run(text, func(t *testing.T) { refused(t, with(t, "en", "effect", text), year, "text.en.effect says") })
	}
}

func TestJ11_EndlessIrrevocableTransferable(t *testing.T) {
	for _, text := range []string{
		"Kept forever.", "Kept until further notice.", "Stored permanently.", "Your consent is irrevocable.", "It cannot be withdrawn.",
		"A transferable right.", "for an unlimited period", "永久保存", "长期有效", "授权不可撤回", "可自由转让", "直至另行通知为止",
	} {
		refused(t, with(t, "zh", "at_end", text), year, "text.zh.at_end says")
	}
	for _, text := range []string{"kept for 2 years", "保存 400 天", "保存3年", "18 months", "60 weeks", "保存十八个月或 13个月"} {
		refused(t, with(t, "zh", "at_end", text), year, "longer than retention_days")
	}
	for _, text := range []string{"自2026年11月22日起", "within 1 day, at most 365 days", "一年，即365天", "永久删除", "永久删除，不会转让给任何人"} {
		if err := with(t, "zh", "at_end", text).Validate(year); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAllDefectsAreToldAtOnce(t *testing.T) {
	n := example(t)
	n.Version, n.Purpose, n.RetentionDays = 0, "x", 0
	err := n.Validate(year)
	for _, want := range []string{"version", "purpose", "retention_days"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is missing in %v", want, err)
		}
	}
}

func TestPageSaysEverythingInBothLanguages(t *testing.T) {
	n := example(t)
	var names []string
	for _, language := range notice.Languages {
		p, err := n.Page(language)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		var here []string
		for _, s := range p.Sections {
			if s.Title == "" || strings.TrimSpace(s.Text) == "" {
				t.Errorf("%s: section %q is empty", language, s.Name)
			}
			here = append(here, s.Name)
			all.WriteString(s.Text + "\n")
		}
		tx := n.Text[language]
		for name, f := range fields {
			if !strings.Contains(all.String(), *f(&tx)) {
				t.Errorf("%s: %s is not on the page", language, name)
			}
		}
		if !strings.Contains(all.String(), "365") || p.Title == "" {
			t.Errorf("%s: how long is not on the page", language)
		}
		if names == nil {
			names = here
		} else if strings.Join(names, " ") != strings.Join(here, " ") {
			t.Errorf("%s has other sections: %v", language, here)
		}
	}
	if _, err := n.Page("fr"); err == nil {
		t.Error("a page in a language that is not there")
	}
}

func TestParseReadsOnlyNotices(t *testing.T) {
	good := string(example(t).Canonical())
	for name, s := range map[string]string{
		"empty": "", "cut off": good[:100], "two of them": good + good, "a list": "[" + good + "]", "null at the end": good + "null",
		"an unknown field":             `{"also_agrees":["newsletter"],` + good[1:],
		"an unknown field in the text": strings.Replace(good, `"handler":`, `"transferable":"yes","handler":`, 1),
		"a retention of another kind":  strings.Replace(good, `:365`, `:"forever"`, 1),
		"a retention of half a day":    strings.Replace(good, `:365`, `:0.5`, 1),
		"more than anybody reads":      strings.Replace(good, `:365`, `:`+strings.Repeat(" ", 70000)+`365`, 1),
	} {
		if n, err := notice.Parse([]byte(s)); err == nil {
			t.Errorf("%s: read as %+v", name, n)
		}
	}
}

func TestM5c_AnyChangedWordChangesTheHash(t *testing.T) {
	hash := example(t).Hash()
	for _, language := range notice.Languages {
		for field := range fields {
			if with(t, language, field, "changed").Hash() == hash {
				t.Errorf("%s.%s can change unseen", language, field)
			}
		}
	}
	n := example(t)
	n.Purpose = "marketing" // under the same version number
	if n.Hash() == hash {
		t.Error("the purpose can change unseen")
	}
}

func TestAPressingSentenceIsFoundWhereverItStands(t *testing.T) {
	filler := rapid.StringOfN(rapid.RuneFrom([]rune("abc 您好门，。.\n")), 0, 40, -1)
	gap := rapid.StringOfN(rapid.RuneFrom([]rune(" \t\u200b\u00ad")), 0, 2, -1)
	rapid.Check(t, func(rt *rapid.T) {
		text := filler.Draw(rt, "before") + "。"
		for _, r := range "必须刷脸" {
			text += string(r) + gap.Draw(rt, "gap")
		}
		text += filler.Draw(rt, "after")
		n := notice.Notice{Text: map[string]notice.Text{"zh": {Effect: text}}}
		if err := n.Validate(year); err == nil || !strings.Contains(err.Error(), `says "必须刷脸`) {
			rt.Fatalf("%q: %v", text, err)
		}
	})
}

// Whatever Parse takes, Canonical writes in one way, which Parse takes again; Validate and Page do not panic on it.
func FuzzParse(f *testing.F) {
	n := example(f)
	f.Add(n.Canonical())
	f.Add([]byte(`{"version":-1,"text":{"zh":{},"en":{"contact":"12345"}},"data":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := notice.Parse(b)
		if err != nil {
			return
		}
		once := n.Canonical()
		m, err := notice.Parse(once)
		if err != nil || !bytes.Equal(m.Canonical(), once) || m.Hash() != n.Hash() {
			t.Fatalf("%s: %v", once, err)
		}
		if n.Validate(n.Keep()) == nil {
			for _, language := range notice.Languages {
				if _, err := n.Page(language); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
