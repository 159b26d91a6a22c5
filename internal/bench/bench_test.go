package bench_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/bench"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// drawn is an eye that knows each picture by its name: the first letter is the person. It stands for the real one
// here, where only the counting is tried; internal/eye tries both together on real pictures.
func drawn(t *testing.T, seen map[string]int) bench.Start {
	t.Helper()
	return func(ctx context.Context, e room.Eye) (*wire.Conn[wire.MeasureSays, wire.RoomHears], func() error, error) {
		fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return nil, nil, err
		}
		ours, err := wire.Open[wire.MeasureSays, wire.RoomHears](os.NewFile(uintptr(fd[0]), "ours"), nil)
		if err != nil {
			return nil, nil, err
		}
		ended := make(chan error, 1)
		go func() { ended <- speak(os.NewFile(uintptr(fd[1]), "theirs"), e.Measure.Pictures, seen) }()
		return ours, func() error { return <-ended }, nil
	}
}

func speak(f *os.File, pictures []string, seen map[string]int) error {
	c, err := wire.Open[wire.RoomHears, wire.MeasureSays](f, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	for i, p := range pictures {
		if seen != nil {
			seen[p]++
		}
		m := wire.Measured{Index: uint32(i), Finding: wire.FaceFound, Verdict: wire.Good}
		if strings.Contains(p, "good-") {
			m.Enrol = wire.Good
		}
		switch name := filepath.Base(p); {
		case strings.Contains(name, "crash"):
			return errors.New("signal: segmentation fault")
		case strings.Contains(name, "nobody"):
			m.Finding = wire.FaceNotFound
		case strings.Contains(name, "broken"):
			m.Finding = wire.PictureUnreadable
		case strings.Contains(name, "doubt"):
			m.Live = .02
		case strings.Contains(name, "far-away"):
			m.Live, m.Verdict, m.Enrol = 0, wire.TooFar, wire.TooFar
		case strings.Contains(name, "lives"):
			m.Live = 1
		default:
			m.Feature[name[0]] = 1
		}
		if err := c.Say(&m); err != nil {
			return err
		}
	}
	return nil
}

func job(t *testing.T, csv string, pictures ...string) bench.Job {
	t.Helper()
	dir := t.TempDir()
	for _, p := range append(pictures, "pairs.csv") {
		b := []byte("x")
		if p == "pairs.csv" {
			b = []byte(csv)
		}
		if err := os.WriteFile(filepath.Join(dir, p), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return bench.Job{Images: dir, Pairs: filepath.Join(dir, "pairs.csv"), Eyes: 1}
}

func TestPairsAreCountedAndPicturesReadOnce(t *testing.T) {
	seen := map[string]int{}
	j := job(t, "\xef\xbb\xbfa,b,same\na1,a2,1\na1,./b1,0\na2,b1,0\na1,nobody,1\n", "a1", "a2", "b1", "nobody")
	r, err := bench.Accuracy(t.Context(), j, drawn(t, seen), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Genuine != 2 || r.Impostor != 2 || r.NotFound != 1 || r.Pictures != 4 {
		t.Errorf("%+v", r)
	}
	if r.TAR["1e-3"] != 0.5 || r.EER != 0.25 { // a pair without a face counts as refused
		t.Errorf("TAR %v, EER %v, want 0.5 and 0.25", r.TAR, r.EER)
	}
	for p, n := range seen {
		if n != 1 {
			t.Errorf("%s was read %d times", p, n)
		}
	}
}

func TestPicturesThatEndAnEyeArePassedBy(t *testing.T) {
	for _, eyes := range []int{1, 2, 9} {
		j := job(t, "a,b,same\na1,a2,1\nb1,crash1,0\nbroken,a3,1\n", "a1", "a2", "b1", "crash1", "broken", "a3")
		j.Eyes = eyes
		r, err := bench.Accuracy(t.Context(), j, drawn(t, nil), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if r.NotFound != 2 || len(r.Troubles) != 2 ||
			!strings.Contains(r.Troubles[0], "pairs.csv, line 3: crash1 ended the eye") || !strings.Contains(r.Troubles[1], "pairs.csv, line 4: broken is not a readable") {
			t.Errorf("%d eyes: %+v", eyes, r)
		}
	}
}

func TestAnEyeThatNeverSpeaksIsAnError(t *testing.T) {
	j := job(t, "a,b,same\ncrash1,crash2,1\n", "crash1", "crash2")
	_, err := bench.Accuracy(t.Context(), j, drawn(t, nil), time.Now)
	if err == nil || !strings.Contains(err.Error(), "segmentation fault") {
		t.Errorf("error %v", err)
	}
}

func TestStopping(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := bench.Accuracy(ctx, job(t, "a,b,same\na1,a2,1\n", "a1", "a2"), drawn(t, nil), time.Now)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestListsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ name, csv, want string }{
		{"an empty file", "", "pairs.csv is empty"},
		{"only a head", "a,b,same\n", "holds no pair"},
		{"no head", "a1,a2,1\n", "line 1: the first line must be a,b,same"},
		{"too few columns", "a,b,same\na1,a2\n", "pairs.csv, line 2: wrong number of fields"},
		{"a word instead of a number", "a,b,same\na1,a2,1\na1,a2,yes\n", `line 3: same is "yes"`},
		{"a path that leads out", "a,b,same\na1,../a2,1\n", `line 2: "../a2" does not lie below`},
		{"an absolute path", "a,b,same\n/etc/passwd,a2,1\n", `line 2: "/etc/passwd" does not lie below`},
		{"a missing picture", "a,b,same\na1,a2,1\na1,a3,1\n", "line 3: there is no a3 in"},
		{"a folder as picture", "a,b,same\na1,.,1\n", "line 2: . is not a file"},
		{"a link that leads out", "a,b,same\na1,link,1\n", "line 2:"},
		{"an open quote", "a,b,same\n\"a1,a2,1\n", "line 2:"},
		{"an empty path", "a,b,same\n,a2,1\n", `line 2: "" does not lie`},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := job(t, c.csv, "a1", "a2")
			if err := os.Symlink("/etc/hostname", filepath.Join(j.Images, "link")); err != nil {
				t.Fatal(err)
			}
			_, err := bench.Accuracy(t.Context(), j, drawn(t, nil), time.Now)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
