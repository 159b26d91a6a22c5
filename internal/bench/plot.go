package bench

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	_ "gonum.org/v1/plot/vg/vgimg" // PNG
	_ "gonum.org/v1/plot/vg/vgsvg" // SVG
)

// A det is the detection error trade-off: which share of each kind of pair is mistaken, by threshold.
type det struct {
	points             plotter.XYs // false match rate, false non-match rate; none is zero
	genuine, impostors int
}

func newDet(l *list, scores []float64) det {
	var genuine, impostor []float64
	for i, p := range l.pairs {
		if p.same {
			genuine = append(genuine, scores[i])
		} else {
			impostor = append(impostor, scores[i])
		}
	}
	slices.Sort(genuine)
	slices.Sort(impostor)
	d := det{genuine: len(genuine), impostors: len(impostor)}
	if d.genuine == 0 || d.impostors == 0 {
		return d
	}
	// A rate of none of n is drawn at a half of one of n: a logarithm has no zero.
	floor := func(x float64, n int) float64 { return max(x, .5/float64(n)) }
	for t := -0.2; t <= 1; t += .002 {
		p := plotter.XY{X: floor(shareAbove(impostor, t), d.impostors), Y: floor(1-shareAbove(genuine, t), d.genuine)}
		if n := len(d.points); n == 0 || d.points[n-1] != p {
			d.points = append(d.points, p)
		}
	}
	return d
}

// Plot draws the trade-off into a file, SVG or PNG by its name.
func (r *Report) Plot(path string) error {
	kind := filepath.Ext(path)
	if kind != ".svg" && kind != ".png" {
		return fmt.Errorf("--plot %s: name a file that ends in .svg or .png", path)
	}
	if len(r.curve.points) == 0 {
		return fmt.Errorf("--plot %s: a curve needs pairs of one person and pairs of two", path)
	}
	p := plot.New()
	p.Title.Text = fmt.Sprintf("Detection error trade-off: %d genuine, %d impostor pairs", r.Genuine, r.Impostor)
	p.X.Label.Text, p.Y.Label.Text = "false match rate", "false non-match rate"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powers{}, powers{}
	line, err := plotter.NewLine(r.curve.points)
	if err != nil {
		return fmt.Errorf("drawing the curve: %w", err)
	}
	line.Width, line.Color = vg.Points(1.5), color.RGBA{R: 0x1f, G: 0x5f, B: 0xa8, A: 0xff}
	door, err := plotter.NewScatter(plotter.XYs{{X: max(r.FMR.Share, .5/float64(r.Impostor)), Y: max(r.FNMR.Share, .5/float64(r.Genuine))}})
	if err != nil {
		return fmt.Errorf("drawing the threshold: %w", err)
	}
	door.Color, door.Radius = color.RGBA{R: 0xc0, G: 0x39, B: 0x2b, A: 0xff}, vg.Points(3.5)
	p.Add(plotter.NewGrid(), line, door)
	p.Legend.Add("this pack", line)
	p.Legend.Add(fmt.Sprintf("threshold %.2f", r.At), door)
	p.Legend.Top = true
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = .5/float64(r.Impostor), 1, .5/float64(r.Genuine), 1
	w, err := p.WriterTo(16*vg.Centimeter, 12*vg.Centimeter, kind[1:])
	if err != nil {
		return fmt.Errorf("drawing the plot: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("--plot: %w", err)
	}
	if _, err := w.WriteTo(f); err != nil {
		f.Close()
		return fmt.Errorf("writing the plot: %w", err)
	}
	return f.Close()
}

// powers marks the powers of ten, and as many between them as have room.
type powers struct{}

func (powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for p, n := 1.0, 0; p >= low && n < 12; p, n = p/10, n+1 {
		for i := 1.0; i < 10 && p*i <= high; i++ {
			t := plot.Tick{Value: p * i}
			if i == 1 {
				t.Label = fmt.Sprintf("1e-%d", n)
			}
			if n == 0 && i == 1 {
				t.Label = "1"
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
