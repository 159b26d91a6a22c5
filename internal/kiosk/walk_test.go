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
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"example.org/edged/internal/wire"
)

var update = flag.Bool("update", false, "write the screenshots of the journeys to docs/screens")

const screens = "../../docs/screens"

// A visitor walks through the real page in a real Chromium; the test plays the keeper and the eye.
type visitor struct {
	*house
	t    *testing.T
	ctx  context.Context
	lang string
	keep string // what the names of its pictures begin with in docs/screens; "-": they are not kept
	keys bool   // PINs are typed on a keyboard, which is quicker where nobody looks at the pad
	taps int    // fingers on the glass so far
	made []string
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

// visit opens the page of a door that uses faces, in a language.
func visit(t *testing.T, ctx context.Context, lang string, width, height int64) *visitor {
	t.Helper()
	return visitWith(t, ctx, lang, width, height, func(t testing.TB) *house { return open(t) })
}

func visitWith(t *testing.T, ctx context.Context, lang string, width, height int64, door func(testing.TB) *house) *visitor {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(cancel)
	v := &visitor{house: door(t), t: t, ctx: ctx, lang: lang, keep: "-"}
	v.do(chromedp.EmulateViewport(width, height), chromedp.Navigate("http://"+v.address+"/"))
	// The page's clock can be put on: nobody waits for a time-out in a test.
	v.do(chromedp.Evaluate[chromedp.Void](`(() => { const real = Date.now.bind(Date); let skew = 0; window.later = (ms) => { skew += ms; }; Date.now = () => real() + skew; })()`))
	v.say(t, &wire.FrontDoor{Face: wire.FaceOn, Now: v.clock().Unix()})
	v.until(`document.getElementById('camera').textContent !== ''`)
	if lang != "zh" {
		v.do(chromedp.Click(chromedp.CSS(`[data-lang="` + lang + `"]`)))
	}
	v.until(`document.querySelector('[data-lang][aria-pressed=true]').dataset.lang === '` + lang + `'`)
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
	if _, err := chromedp.Run(v.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(time.Minute))); err != nil {
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

// later lets the page's own clock run on.
func (v *visitor) later(d time.Duration) {
	v.t.Helper()
	v.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("later(%d)", d.Milliseconds())))
}

func (v *visitor) click(css string) {
	v.t.Helper()
	v.taps++
	// A finger waits until what it wants to touch lies still under it.
	v.until(`((e) => { if (!e || !e.checkVisibility()) return false; e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect();
		const top = document.elementFromPoint((r.left + r.right) / 2, (r.top + r.bottom) / 2), where = r.left + ' ' + r.top, still = window.lastWhere === where;
		window.lastWhere = where; return still && !!top && e.contains(top); })(document.querySelector(` + strconv.Quote(css) + `))`)
	v.do(chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible))
}

func (v *visitor) onScreen(name string) {
	v.t.Helper()
	v.until(`document.body.dataset.screen === '` + name + `'`)
}

// typePIN presses the keys on the glass.
func (v *visitor) typePIN(pin string) *wire.PINTyped {
	v.t.Helper()
	if v.keys {
		v.do(chromedp.KeyEvent(pin + "\r"))
	} else {
		v.digits(pin)
	}
	typed, ok := v.hears(v.t).(*wire.PINTyped)
	if !ok || string(typed.Digits[:typed.Len]) != pin {
		v.t.Fatalf("the keeper heard %T", typed)
	}
	return typed
}

// digits are pressed on the glass.
func (v *visitor) digits(text string) {
	v.t.Helper()
	for _, d := range text {
		v.click(fmt.Sprintf(`[data-key="%c"]`, d))
	}
	v.click(`[data-key="Enter"]`)
}

func (v *visitor) touch(want wire.Touch) {
	v.t.Helper()
	if w, ok := v.hears(v.t).(*wire.Touched); !ok || w.Touch != want {
		v.t.Fatalf("the keeper heard %T %v, not %v", w, w, want)
	}
}

// look holds a drawing before the camera: no person is ever in a picture of this project. Few colours, small files.
func (v *visitor) look() {
	v.t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 320, 240))
	for y := range 240 {
		for x := range 320 {
			c := color.RGBA{176, 196, 214, 255}
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
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		v.t.Fatal(err)
	}
	if err := v.eye.Say(&wire.Preview{JPEG: b.Bytes()}); err != nil {
		v.t.Fatal(err)
	}
	v.until(`!document.getElementById('picture').hidden`)
}

// picture looks at the screen as somebody does who sees little, or has big fingers, and then saves it.
func (v *visitor) picture(name string) {
	v.t.Helper()
	v.fits(name)
	shot, err := chromedp.Run(v.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		v.t.Fatal(err)
	}
	if v.keep != "-" {
		file := v.keep + name + "-" + v.lang + ".png"
		v.made = append(v.made, file)
		if *update {
			v.store(filepath.Join(screens, file), shot)
		}
	}
	if err := os.WriteFile(filepath.Join(v.t.ArtifactDir(), name+"-"+v.lang+".png"), shot, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// store packs a screenshot small: the 256 colours that it has most of.
func (v *visitor) store(path string, shot []byte) {
	v.t.Helper()
	m, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		v.t.Fatal(err)
	}
	often := make(map[color.Color]int)
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			often[color.RGBAModel.Convert(m.At(x, y))]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int {
		if n := often[b] - often[a]; n != 0 {
			return n
		}
		x, y := a.(color.RGBA), b.(color.RGBA)
		return bytes.Compare([]byte{x.R, x.G, x.B}, []byte{y.R, y.G, y.B})
	})
	few := image.NewPaletted(m.Bounds(), palette[:min(256, len(palette))])
	near := make(map[color.Color]uint8)
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			c := m.At(x, y)
			i, ok := near[c]
			if !ok {
				i = uint8(few.Palette.Index(c))
				near[c] = i
			}
			few.SetColorIndex(x, y, i)
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, few); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		v.t.Fatal(err)
	}
}
