package courier_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/courier"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func openBox(t testing.TB, folder string, most int) *courier.Outbox {
	t.Helper()
	o, err := courier.OpenOutbox(folder, most, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func fill(t testing.TB, o *courier.Outbox, from, to int) {
	t.Helper()
	var all [][]byte
	for i := from; i < to; i++ {
		all = append(all, fmt.Appendf(nil, `{"index":%d}`, i))
	}
	if err := o.Add(all...); err != nil {
		t.Fatal(err)
	}
}

func contents(t testing.TB, o *courier.Outbox) []string {
	t.Helper()
	_, events, err := o.Next(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func TestEventsOutliveTheCourierAndComeOutInOrder(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 1000)
	fill(t, o, 0, 10)
	keys, _, err := o.Next(4)
	if err != nil || len(keys) != 4 {
		t.Fatal(keys, err)
	}
	if err := o.Done(keys[3]); err != nil {
		t.Fatal(err)
	}
	o.Close()
	o = openBox(t, folder, 1000)
	defer o.Close()
	fill(t, o, 10, 12)
	var want []string
	for i := 4; i < 12; i++ {
		want = append(want, fmt.Sprintf(`{"index":%d}`, i))
	}
	if got := contents(t, o); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if n, dropped := o.Counts(); n != 8 || dropped != 0 {
		t.Errorf("%d waiting, %d dropped", n, dropped)
	}
	if info, err := os.Stat(filepath.Join(folder, "outbox.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAFullOutboxDropsTheOldestAndCountsThemForGood(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 5)
	fill(t, o, 0, 4)
	fill(t, o, 4, 12)
	if got := contents(t, o); len(got) != 5 || got[0] != `{"index":7}` || got[4] != `{"index":11}` {
		t.Errorf("holds %v", got)
	}
	o.Close()
	o = openBox(t, folder, 5)
	defer o.Close()
	if n, dropped := o.Counts(); n != 5 || dropped != 7 {
		t.Errorf("%d waiting, %d dropped, want 5 and 7", n, dropped)
	}
}

func TestAnEmptiedOutboxThatHadGrownGetsANewFile(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 100_000)
	defer o.Close()
	marked := bytes.Repeat([]byte("pseudonym of somebody "), 50)
	for range 2 * courier.RoomyFile / (len(marked) * 512) {
		var batch [][]byte
		for range 512 {
			batch = append(batch, marked)
		}
		if err := o.Add(batch...); err != nil {
			t.Fatal(err)
		}
	}
	keys, _, err := o.Next(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Done(keys[len(keys)-1]); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(folder, "outbox.db"))
	if err != nil || len(b) > courier.RoomyFile || bytes.Contains(b, marked) {
		t.Errorf("%d bytes are left, delivered events among them: %v, %v", len(b), bytes.Contains(b, marked), err)
	}
	fill(t, o, 0, 3)
	if got := contents(t, o); len(got) != 3 {
		t.Errorf("holds %v", got)
	}
}

func TestAFileThatOthersCanReadIsClosedToThem(t *testing.T) {
	folder := t.TempDir()
	openBox(t, folder, 5).Close()
	path := filepath.Join(folder, "outbox.db")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	defer openBox(t, folder, 5).Close()
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode is still %v", info.Mode())
	}
}

func TestASecondCourierIsRefusedAndTheFileIsLeftAlone(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, 5)
	defer o.Close()
	_, err := courier.OpenOutbox(folder, 5, quiet())
	if err == nil || !strings.Contains(err.Error(), "another courier") {
		t.Errorf("got %v", err)
	}
	if aside, _ := filepath.Glob(filepath.Join(folder, "*damaged*")); len(aside) > 0 {
		t.Errorf("set aside: %v", aside)
	}
}

func TestAFolderThatIsNotThereIsNamedInTheError(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "none")
	_, err := courier.OpenOutbox(folder, 5, quiet())
	if err == nil || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), "mode 0700") {
		t.Errorf("got %v", err)
	}
}
