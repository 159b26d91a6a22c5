package hall

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
)

// assessment reads the signed impact assessment anew for every life of the keeper, so that one that was signed since
// counts. Without it faces rest; the door does not wait for it.
func (h *Hall) assessment() []byte {
	if h.house.Assess == "" || h.house.Keeper.Face == nil {
		return nil
	}
	f, err := os.Open(h.house.Assess)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			h.log.Error("the impact assessment cannot be read, so faces rest", slog.String("why", err.Error()))
		}
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1<<17))
	if err != nil {
		h.log.Error("the impact assessment cannot be read, so faces rest", slog.String("why", err.Error()))
		return nil
	}
	return b
}
