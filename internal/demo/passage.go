package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"example.org/edged/internal/wire"
)

type passageCmd struct {
	Models   string `help:"Folder of the model pack." default:"build/models" type:"path"`
	Pictures string `help:"Folder with the photographs; beside bin/ when not given." type:"path"`
	Passages int    `help:"How many of each kind." default:"40"`
	People   int    `help:"How many people who do not exist are enrolled beside the one who passes." default:"10000"`
	JSON     bool   `name:"json" help:"Answer in JSON."`
}

// Spread is a median and a 99th percentile, in milliseconds.
type Spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Passages is the answer of `edged bench passage --json`. The names are stable.
type Passages struct {
	FrameToDecision Spread             `json:"frame_to_decision_ms"` // from the complete frame to the relay
	Stages          map[string]float64 `json:"stages_ms"`            // medians of the eye's stages, where they ran
	Networks        map[string]float64 `json:"networks_ms"`          // medians of the bare forward passes in the same frames
	DetectedShare   float64            `json:"detected_share"`       // of the frames; in the others the face was tracked
	Overhead        float64            `json:"overhead_ratio"`       // median of frame to decision over the networks of that frame
	OverheadP90     float64            `json:"overhead_ratio_p90"`
	PINToRelay      Spread             `json:"pin_to_relay_ms"`  // from the last digit reaching the keeper to the relay
	IdleCPU         float64            `json:"idle_cpu_percent"` // of one core, all rooms, nobody in front of the camera
	RSS             map[string]float64 `json:"rss_mib"`
	Start           map[string]float64 `json:"start_ms"` // from the start of edged: pin, face
	Passages        int                `json:"passages"`
	People          int                `json:"people"` // enrolled
}

func (c *passageCmd) Run(ctx context.Context, s *streams) error {
	dir, err := programs()
	if err != nil {
		return err
	}
	h, err := newHouse(ctx, dir, c.Models, photographs(dir, c.Pictures))
	if err != nil {
		return err
	}
	defer h.close(false, s.err)
	if err := h.fill(ctx, c.People); err != nil {
		return err
	}
	if err := h.start(ctx); err != nil {
		return err
	}
	st := &story{ctx: ctx, h: h}
	defer func() {
		if st.s != nil {
			st.s.close()
		}
	}()
	for _, prepare := range []func() (string, error){func() (string, error) { return "", st.reload() }, st.newcomer, st.told, st.agrees} {
		if _, err := prepare(); err != nil {
			return fmt.Errorf("preparing: %w", err)
		}
	}
	r, err := c.measure(st, progress(s, c.Passages))
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	r.print(s)
	return nil
}

// fill enrols people who do not exist. Among so many a face alone opens only where strangers hardly ever try, so this door
// says so; and no user but root may lock the memory for them everywhere, so its rooms have no users of their own.
func (h *house) fill(ctx context.Context, people int) error {
	if people == 0 {
		return nil
	}
	b, err := os.ReadFile(h.configFile())
	if err != nil {
		return err
	}
	text := strings.Replace(string(b), "alone: unmeasured}", "alone: unmeasured, people: mixed, tries_per_day: 0.01, years_per_error: 0.1}\nrooms: {users: none}", 1)
	if err := os.WriteFile(h.configFile(), []byte(text), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(h.programs, "edged"), "bench", "vault", "--into", h.configFile(), "--people", strconv.Itoa(people))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("enrolling people who do not exist: %w: %s", err, out)
	}
	return h.assess(ctx, form) // this is another door than the one that was assessed
}

func (c *passageCmd) measure(st *story, tick func()) (*Passages, error) {
	r := &Passages{Stages: map[string]float64{}, Networks: map[string]float64{}, Start: st.h.startTimes(), Passages: c.Passages, People: c.People + 1}
	var face, pin []float64
	var stages []wire.Stages
	if err := st.h.show(returning); err != nil {
		return nil, err
	}
	// Whoever stays in front of the camera is decided on again and again: that is the passage, without the walking.
	for mark := st.h.mark(); len(face) < c.Passages; {
		e, err := st.h.waitFrom(st.ctx, mark, 10*time.Second, func(e event) bool { return e.Event == "answered" && e.Method == "face" })
		if err != nil {
			return nil, fmt.Errorf("passage %d by face: %w", len(face)+1, err)
		}
		mark = st.h.mark()
		if e.Outcome != "granted" || e.Stages == nil {
			return nil, fmt.Errorf("passage %d by face was %s", len(face)+1, e.Outcome)
		}
		face, stages = append(face, float64(e.TookUS)/1000), append(stages, *e.Stages)
		tick()
	}
	if err := st.h.show(""); err != nil {
		return nil, err
	}
	for len(pin) < c.Passages {
		took, err := st.open()
		if err != nil {
			return nil, fmt.Errorf("passage %d by PIN: %w", len(pin)+1, err)
		}
		pin = append(pin, float64(took.Microseconds())/1000)
		tick()
	}
	r.FrameToDecision, r.PINToRelay = spread(face), spread(pin)
	r.fill(stages, face)
	var err error
	r.IdleCPU, r.RSS, err = cost(st)
	return r, err
}

// fill adds the medians of the stages. Each frame is compared with its own networks: the detector runs in one of three.
func (r *Passages) fill(all []wire.Stages, took []float64) {
	median := func(f func(wire.Stages) uint32) float64 {
		var v []float64
		for _, s := range all {
			if us := f(s); us > 0 {
				v = append(v, float64(us)/1000)
			}
		}
		return spread(v).P50
	}
	var ratios []float64
	detected := 0
	for i, s := range all {
		if s.DetectNet > 0 {
			detected++
		}
		if sum := s.DetectNet + s.LandmarkNet + s.LivenessNet + s.FeatureNet; sum > 0 {
			ratios = append(ratios, took[i]*1000/float64(sum))
		}
	}
	r.DetectedShare = float64(detected) / float64(max(len(all), 1))
	slices.Sort(ratios)
	if n := len(ratios); n > 0 {
		r.Overhead, r.OverheadP90 = ratios[n/2], ratios[n*9/10]
	}
	r.Stages["detect"] = median(func(s wire.Stages) uint32 { return s.Detect })
	r.Stages["landmarks"] = median(func(s wire.Stages) uint32 { return s.Landmark })
	r.Stages["liveness"] = median(func(s wire.Stages) uint32 { return s.Liveness })
	r.Stages["feature"] = median(func(s wire.Stages) uint32 { return s.Feature })
	r.Networks["detect"] = median(func(s wire.Stages) uint32 { return s.DetectNet })
	r.Networks["landmarks"] = median(func(s wire.Stages) uint32 { return s.LandmarkNet })
	r.Networks["liveness"] = median(func(s wire.Stages) uint32 { return s.LivenessNet })
	r.Networks["feature"] = median(func(s wire.Stages) uint32 { return s.FeatureNet })
}

// cost reads what the rooms use while nobody stands there: ten seconds of processor time, and resident memory.
func cost(st *story) (cpu float64, rss map[string]float64, err error) {
	rooms := []string{"keeper", "eye", "kiosk", "courier"}
	rss = map[string]float64{}
	used := func() (ticks float64, err error) {
		for _, room := range rooms {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", st.h.pid(room)))
			if err != nil {
				return 0, err
			}
			f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
			for _, i := range []int{11, 12} { // utime and stime, in hundredths of a second (proc(5))
				n, err := strconv.ParseFloat(f[i], 64)
				if err != nil {
					return 0, err
				}
				ticks += n
			}
		}
		return ticks, nil
	}
	before, err := used()
	if err != nil {
		return 0, nil, err
	}
	const span = 10 * time.Second
	time.Sleep(span)
	after, err := used()
	if err != nil {
		return 0, nil, err
	}
	for _, room := range rooms {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", st.h.pid(room)))
		if err != nil {
			return 0, nil, err
		}
		for line := range strings.Lines(string(b)) {
			if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				n, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 64)
				rss[room] = n / 1024
			}
		}
	}
	return (after - before) / span.Seconds(), rss, nil
}

func spread(v []float64) Spread {
	if len(v) == 0 {
		return Spread{}
	}
	v = slices.Clone(v)
	slices.Sort(v)
	return Spread{P50: v[len(v)/2], P99: v[min(len(v)-1, len(v)*99/100)]}
}

// progress is a bar on a terminal, and nothing elsewhere.
func progress(s *streams, n int) func() {
	f, ok := s.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func() {}
	}
	bar := mpb.New(mpb.WithOutput(f), mpb.WithWidth(60)).AddBar(int64(2*n), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name("passages "), decor.CountersNoUnit("%d / %d")))
	return bar.Increment
}

func (r *Passages) print(s *streams) {
	fmt.Fprintf(s.out, "frame to relay      %6.1f ms median, %6.1f ms p99 (%d passages, %d people enrolled)\n", r.FrameToDecision.P50, r.FrameToDecision.P99, r.Passages, r.People)
	for _, k := range []string{"detect", "landmarks", "liveness", "feature"} {
		fmt.Fprintf(s.out, "  %-16s  %6.1f ms, of it the bare network %6.1f ms\n", k, r.Stages[k], r.Networks[k])
	}
	fmt.Fprintf(s.out, "  ratio             %6.2f of frame to relay over the bare networks of that frame, %.2f in nine of ten; the detector ran in %.0f %%\n",
		r.Overhead, r.OverheadP90, 100*r.DetectedShare)
	fmt.Fprintf(s.out, "PIN to relay        %6.1f ms median, %6.1f ms p99\n", r.PINToRelay.P50, r.PINToRelay.P99)
	fmt.Fprintf(s.out, "idle                %6.1f %% of one core\n", r.IdleCPU)
	for _, room := range []string{"keeper", "eye", "kiosk", "courier"} {
		fmt.Fprintf(s.out, "memory of %-9s %6.1f MiB\n", room, r.RSS[room])
	}
	fmt.Fprintf(s.out, "start               %6.0f ms to PIN ready, %.0f ms to face ready\n", r.Start["pin"], r.Start["face"])
}
