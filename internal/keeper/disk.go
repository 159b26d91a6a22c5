package keeper

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/wire"
)

// leastFree is for the log and for PINs. On top comes what an erasure needs: it writes the vault's files anew before
// the old ones go, so a disk that is too full to enrol must never be too full to erase.
const leastFree = 16 << 20

// watchDisk tells when the disk is nearly full, and when it no longer is.
func (k *keeper) watchDisk(ctx context.Context) error {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	for {
		free, need, err := diskLeft(k.brief.Folder)
		switch low := err == nil && free < need; {
		case err != nil:
			k.log.Error("the free space cannot be told", slog.String("why", err.Error()))
		case low && !k.full.Swap(true):
			k.log.Error("the disk is nearly full: nobody is enrolled any more, PINs and erasing go on; free some space",
				slog.Uint64("free_mib", free>>20), slog.Uint64("needed_mib", need>>20))
			k.room.Fault(wire.FaultDisk)
		case !low && k.full.Swap(false):
			k.log.Info("the disk has room again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func diskLeft(dir string) (free, need uint64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
	}
	need = leastFree
	for _, name := range []string{"people.db", "keys.db"} {
		if st, err := os.Stat(filepath.Join(dir, name)); err == nil {
			need += uint64(st.Size())
		}
	}
	return fs.Bavail * uint64(fs.Bsize), need, nil
}
