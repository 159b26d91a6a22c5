package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/configs"
	"example.org/edged/internal/bench"
	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

type benchVaultCmd struct {
	People int    `help:"How many people who do not exist to enrol." default:"10000"`
	Churn  int    `help:"Instead: let so many people come and go, while --people stay, and measure the files." placeholder:"N"`
	Events int    `help:"With --churn: write so many lines into the audit log as well." placeholder:"N"`
	Dir    string `help:"A folder on the disk to measure; a new folder is made in it and removed. Default: the system's temporary folder." type:"existingdir"`
	Into   string `help:"Fill the empty state folder that this config file names, and stop: for measuring a whole door. Its people do not exist." type:"existingfile"`
	JSON   bool   `help:"Answer in JSON." name:"json"`
}

// Run lets a real keeper, behind its walls, measure itself in a folder of its own: this program must not be able to
// touch a vault.
func (c *benchVaultCmd) Run(t *tools) error {
	if c.People < 5 || c.People > 1_000_000 {
		return coded{exitUsage, fmt.Errorf("--people %d: from 5 to 1000000", c.People)}
	}
	if c.Churn < 0 || c.Churn > 10_000_000 || c.Events < 0 || c.Events > 100_000_000 || c.Events > 0 && c.Churn == 0 {
		return coded{exitUsage, fmt.Errorf("--churn %d --events %d: from 1 to 10000000 people, and with them up to 100000000 events", c.Churn, c.Events)}
	}
	if c.Churn > 0 && c.Into != "" {
		return coded{exitUsage, errors.New("--churn and --into: one of the two")}
	}
	dir, err := os.MkdirTemp(c.Dir, "edged-bench-")
	if err != nil {
		return fmt.Errorf("making a folder to measure in: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil { // the keeper's user walks through it
		return fmt.Errorf("opening the way into the folder: %w", err)
	}
	var house hall.House
	if c.Into != "" {
		house, err = t.emptyHouse(c.Into, c.People)
	} else {
		house, err = t.measuredHouse(dir, c.People)
	}
	if err != nil {
		return err
	}
	var keep bench.Keep = func(ctx context.Context, heard func(time.Duration, wire.RoomSays)) error {
		h, err := hall.New(house, t.log, func(e hall.Event) { heard(e.After, e.Word) })
		if err != nil {
			return coded{exitWalls, err}
		}
		return h.Run(ctx)
	}
	if c.Into != "" {
		return bench.Fill(t.ctx, c.People, os.Stderr, keep)
	}
	if c.Churn > 0 {
		house.Keeper.Churn = &room.Churn{Come: c.Churn, Events: c.Events}
		return c.churn(t, keep)
	}
	r, err := bench.Vault(t.ctx, c.People, os.Stderr, keep, time.Now)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d people\nPIN       %8.1f ms until PINs open the door\nboot      %8.1f ms until everybody is in the gallery\nwithdraw  %8.1f ms until nobody is found\nerase     %8.1f ms until nothing is left, proved and recorded\nsize      %8d bytes a person\nmemory    %8.1f MiB at most\nCPU       %8d ms to boot, %d ms to erase, of all cores\nfilled in %8.1f s\n",
		r.People, r.PINMS, r.BootMS, r.WithdrawMS, r.EraseMS, r.BytesPerPerson, r.PeakMiB, r.BootCPUMS, r.EraseCPUMS, r.FillSeconds)
	return nil
}

func (c *benchVaultCmd) churn(t *tools, keep bench.Keep) error {
	r, err := bench.Churn(t.ctx, c.People, c.Churn, c.Events, os.Stderr, keep, time.Now)
	if err != nil {
		return err
	}
	if c.JSON {
		return t.answer(r)
	}
	fmt.Fprintf(t.Out, "%d people came and went while %d stayed, %d events, %.0f s\n", r.Churn, r.People, r.Events, r.Seconds)
	for _, f := range r.Files {
		fmt.Fprintf(t.Out, "%-10s %12d bytes for %12d that are alive: %.2f, at worst %.2f\n", f.File, f.Bytes, f.Live, f.Ratio, f.Worst)
	}
	return nil
}

// measuredHouse is a house of the keeper and what it cannot do without.
func (t *tools) measuredHouse(dir string, people int) (hall.House, error) {
	text := fmt.Sprintf("device: {id: bench}\nstate: %q\nnotice: notice.yaml\ndoor: {methods: [pin, face], driver: virtual, path: %q}\ncamera: {source: v4l2}\nface: {models: m, keep: 365d}\n"+
		// This PIN is nobody's: there is no screen to type one at.
		"staff: [{name: bench, pin_hash: '$argon2id$v=19$m=19456,t=2,p=1$1r9aTrJVNY8/vX0pv6FFYg$G8NcfFoFmf9tUT5OKe31IA71uizVYL3OsniqL41qud8'}]\n",
		filepath.Join(dir, "state"), filepath.Join(dir, "relay"))
	for name, b := range map[string][]byte{"edged.yaml": []byte(text), "notice.yaml": configs.Notice} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return hall.House{}, err
		}
	}
	cfg, err := config.Read(filepath.Join(dir, "edged.yaml"))
	if err != nil {
		return hall.House{}, err
	}
	return t.keeperOf(cfg, people)
}

// emptyHouse is the one that a config file describes, if nobody lives there: real people are never mixed with others.
func (t *tools) emptyHouse(file string, people int) (hall.House, error) {
	cfg, err := config.Read(file)
	if err != nil {
		return hall.House{}, err
	}
	// Keys, a log and a signed assessment may be there: a door has them before its first person.
	for _, used := range []string{"access.db", "consent.db", "people.db", "keys.db"} {
		if _, err := os.Lstat(filepath.Join(cfg.State, "keeper", used)); !errors.Is(err, fs.ErrNotExist) {
			return hall.House{}, coded{exitUsage, fmt.Errorf("%s is not empty: only a door that nobody uses yet is filled with people who do not exist", cfg.State)}
		}
	}
	if !cfg.HasFace() {
		return hall.House{}, coded{exitUsage, fmt.Errorf("%s: no face opens this door, so there is nobody to fill it with", file)}
	}
	return t.keeperOf(cfg, people)
}

func (t *tools) keeperOf(cfg *config.Config, people int) (hall.House, error) {
	pack, err := findPack(cfg.Face.Models, cfg.Face.Pack) // its hash alone is needed: no eye looks at anybody here
	if err != nil {
		return hall.House{}, err
	}
	programs, err := t.programs()
	if err != nil {
		return hall.House{}, err
	}
	h := hall.House{Programs: programs, Keeper: cfg.Keeper(pack, t.Time()), Relay: cfg.Relay(), OwnUsers: cfg.Rooms.Users == "auto", LogLevel: slog.LevelWarn}
	h.Keeper.MadeUp = people
	// At the start every template lies there in full, 2 KiB, and beside it what is searched, 644 bytes and its block.
	if need := uint64(people)*2752 + 16<<20; !lockable(need) {
		t.log.Warn("this machine lets no user but root lock so much memory, so the measured keeper runs as root", slog.Uint64("mib", need>>20))
		h.OwnUsers = false
	}
	h.Keys, err = t.keys(cfg)
	return h, err
}

// lockable tells whether the rooms may be allowed to lock so much memory: a container's root often may not raise this.
func lockable(bytes uint64) bool {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &l); err != nil {
		return false
	}
	return l.Max >= bytes || unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: bytes, Max: bytes}) == nil
}
