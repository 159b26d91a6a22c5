package courier_test

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/courier"
)

// Events come and go and the outbox is never empty: a bbolt file only grows, so freed pages must be used again. What
// is compared with is a file that was written anew with the same events. EDGED_LONG=1 sends a million.
func TestChurnDoesNotGrowTheOutbox(t *testing.T) {
	total, waiting := 60_000, 4_000
	if os.Getenv("EDGED_LONG") != "" {
		total = 1_000_000
	}
	folder := t.TempDir()
	o := openBox(t, folder, 50_000)
	size := func() int64 {
		st, err := os.Stat(filepath.Join(folder, "outbox.db"))
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
	largest := int64(0)
	for from := 0; from < total; from += 1000 {
		fill(t, o, from, from+1000)
		largest = max(largest, size())
		if n, _ := o.Counts(); n > waiting {
			keys, _, err := o.Next(n - waiting)
			if err != nil {
				t.Fatal(err)
			}
			if err := o.Done(keys[len(keys)-1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	n, dropped := o.Counts()
	o.Close()
	o = openBox(t, folder, 50_000) // writes what is alive into a new file
	defer o.Close()
	live := size()
	t.Logf("%d events through an outbox of %d: at most %d KiB for %d KiB that are alive", total, n, largest>>10, live>>10)
	if n != waiting || dropped != 0 || largest > 2*live*(int64(waiting)+1000)/int64(waiting) {
		t.Errorf("%d wait, %d were dropped; the file had %d bytes for %d that are alive", n, dropped, largest, live)
	}
}

// A broker that is away for months costs no event until fifty thousand wait, and all of them are there after a restart.
func TestFiftyThousandEventsWaitOffline(t *testing.T) {
	folder := t.TempDir()
	o := openBox(t, folder, courier.OutboxMost)
	const most = 50_000
	for from := 0; from < most; from += 1000 {
		fill(t, o, from, from+1000)
	}
	o.Close()
	o = openBox(t, folder, courier.OutboxMost)
	if n, dropped := o.Counts(); n != most || dropped != 0 {
		t.Errorf("%d events wait, %d were dropped", n, dropped)
	}
}
