package kiosk_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/edged/internal/wire"
)

var update = flag.Bool("update", false, "write the screenshots of the walk to docs/screens")

// A visitor walks through the real page in a real Chromium; the test plays the keeper and the eye.
type visitor struct {
	*house
	t     *testing.T
	ctx   context.Context
	lang  string
	other bool // not the glass of 800x480: its pictures are not kept
}

// browser starts one Chromium for the whole test.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("this machine has no chromium: apt-get install chromium (make test does)")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.WindowSize(800, 480))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() { chromedp.Cancel(ctx); cancel() })
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func visit(t *testing.T, ctx context.Context, lang string, width, height int64) *visitor {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	v := &visitor{house: open(t), t: t, ctx: ctx, lang: lang, other: width != 800 || height != 480}
	v.do(chromedp.EmulateViewport(width, height), chromedp.Navigate("http://"+v.address+"/"))
	v.say(t, &wire.FrontDoor{Face: wire.FaceOn, Now: v.clock().Unix()})
	v.until(`document.getElementById('camera').textContent !== ''`)
	if lang != "zh" {
		v.do(chromedp.Click(chromedp.CSS(`[data-lang="` + lang + `"]`)))
	}
	v.until(`document.querySelector('[aria-pressed=true]').dataset.lang === '` + lang + `'`)
	return v
}

func (v *visitor) do(steps ...chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, steps...); err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) until(expression string) {
	v.t.Helper()
	if _, err := chromedp.Run(v.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(20*time.Second))); err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
}

func eval[T any](v *visitor, expression string) T {
	v.t.Helper()
	got, err := chromedp.Run(v.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
	return got
}

func (v *visitor) click(css string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible))
}

func (v *visitor) onScreen(name string) {
	v.t.Helper()
	v.until(`document.body.dataset.screen === '` + name + `'`)
}

// typePIN presses the keys on the glass.
func (v *visitor) typePIN(pin string) *wire.PINTyped {
	v.t.Helper()
	for _, d := range pin {
		v.click(fmt.Sprintf(`[data-key="%c"]`, d))
	}
	v.click(`[data-key="Enter"]`)
	typed, ok := v.hears(v.t).(*wire.PINTyped)
	if !ok || string(typed.Digits[:typed.Len]) != pin {
		v.t.Fatalf("the keeper heard %T", typed)
	}
	return typed
}

func (v *visitor) touch(want wire.Touch) {
	v.t.Helper()
	if w, ok := v.hears(v.t).(*wire.Touched); !ok || w.Touch != want {
		v.t.Fatalf("the keeper heard %T %v, not %v", w, w, want)
	}
}

// look holds a drawn picture before the camera: no person is ever in a picture of this project.
func (v *visitor) look() {
	v.t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			c := color.RGBA{uint8(150 + y/4), uint8(170 + y/5), uint8(190 + y/6), 255}
			dx, dy := float64(x-160)/62, float64(y-108)/80
			sx, sy := float64(x-160)/130, float64(y-250)/70
			switch {
			case dx*dx+dy*dy < 1:
				c = color.RGBA{214, 190, 166, 255}
			case sx*sx+sy*sy < 1:
				c = color.RGBA{84, 104, 128, 255}
			}
			ex, ey := math.Abs(float64(x-160))-24, float64(y-94)
			if ex*ex+ey*ey < 36 || math.Abs(float64(x-160)) < 26 && math.Abs(float64(y)-150+math.Pow(float64(x-160)/14, 2)) < 3 {
				c = color.RGBA{60, 50, 46, 255}
			}
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 80}); err != nil {
		v.t.Fatal(err)
	}
	if err := v.eye.Say(&wire.Preview{JPEG: b.Bytes()}); err != nil {
		v.t.Fatal(err)
	}
	v.until(`!document.getElementById('picture').hidden`)
}

// picture checks that nothing sticks out sideways, then saves the screen.
func (v *visitor) picture(name string) {
	v.t.Helper()
	v.fits(name)
	shot, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		v.t.Fatal(err)
	}
	if *update && kept[name] && !v.other {
		v.keep(filepath.Join("..", "..", "docs", "screens", name+"-"+v.lang+".png"), shot)
	}
	if err := os.WriteFile(filepath.Join(v.t.ArtifactDir(), name+"-"+v.lang+".png"), shot, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// kept are the screens that docs/screens shows; go test -artifacts keeps all of them.
var kept = map[string]bool{"home": true, "notice": true, "guide": true, "enrolled": true, "welcome": true, "record": true, "erased": true, "large-home": true}

// keep packs a screenshot as small as it goes.
func (v *visitor) keep(path string, shot []byte) {
	v.t.Helper()
	m, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		v.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// fits: the page is no wider than the glass, and no button's words are cut off.
func (v *visitor) fits(name string) {
	v.t.Helper()
	if wide := eval[string](v, `document.body.scrollWidth <= document.body.clientWidth && document.documentElement.scrollWidth <= document.documentElement.clientWidth ? '' :
		document.body.scrollWidth + ' of ' + document.body.clientWidth`); wide != "" {
		v.t.Errorf("%s (%s): the page is %s wide", name, v.lang, wide)
	}
	cut := eval[[]string](v, `[...document.querySelectorAll('button, h1, h2, p, dd, dt, td')].filter(e => e.offsetParent && !e.closest('#larger') && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 4) &&
		getComputedStyle(e).display !== 'inline').map(e => (e.id || e.textContent) + ' ' + e.scrollWidth + '>' + e.clientWidth + ' ' + e.scrollHeight + '>' + e.clientHeight)`)
	if len(cut) > 0 {
		v.t.Errorf("%s (%s): cut off: %q", name, v.lang, cut)
	}
	small := eval[[]string](v, `[...document.querySelectorAll('button')].filter(e => e.offsetParent && (e.offsetWidth < 64 || e.offsetHeight < 63.5)).map(e => e.id || e.textContent)`)
	if len(small) > 0 {
		v.t.Errorf("%s (%s): too small for a finger: %q", name, v.lang, small)
	}
}
