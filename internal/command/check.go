package command

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/config"
	"example.org/edged/internal/confine"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/models"
)

type checkCmd struct {
	Config string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	JSON   bool   `help:"Answer in JSON." name:"json"`
}

func (c *checkCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	found := t.look(cfg)
	red := 0
	for _, f := range found {
		if f.Level == config.Fail {
			red++
		}
	}
	if c.JSON {
		if err := t.answer(map[string]any{"ok": red == 0, "findings": found}); err != nil {
			return err
		}
	} else {
		t.list(found, red)
	}
	if red > 0 {
		return errNo
	}
	return nil
}

// placed is a finding with the place in the file that it is about.
type placed struct {
	config.Finding
	At string `json:"at,omitempty"` // file:line:column
}

// look asks the machine about everything that the file names.
func (t *tools) look(cfg *config.Config) (out []placed) {
	around := config.Around{Keeper: hall.User("keeper", cfg.Rooms.Users == "auto"), Kernel: kernelFindings(),
		Pack: findPack,
		Models: func(dir, name string) error {
			p, err := findPack(dir, name)
			if err != nil {
				return err
			}
			return models.Verify(p)
		},
	}
	for _, f := range slices.Concat(cfg.Check(t.ctx, around), stateFindings(cfg), t.dutyFindings(cfg)) {
		p := placed{Finding: f}
		if f.Level != config.OK {
			p.At = cfg.Where(f.Part)
		}
		out = append(out, p)
	}
	return out
}

func (t *tools) list(found []placed, red int) {
	for _, f := range found {
		if f.At != "" {
			f.What = f.At + ": " + f.What
		}
		fmt.Fprintf(t.Out, "%-5s %-12s %s\n", f.Level, f.Part, f.What)
		if f.Do != "" {
			fmt.Fprintf(t.Out, "%-5s %-12s → %s\n", "", "", f.Do)
		}
	}
	fmt.Fprintf(t.Out, "check: %d findings, %d failed\n", len(found), red)
}

// stateFindings says what the state folder tells about faces: stopped, late to be erased, or gone for good.
func stateFindings(cfg *config.Config) (all []config.Finding) {
	add := func(l config.Level, part, what, do string) {
		all = append(all, config.Finding{Level: l, Part: part, What: what, Do: do})
	}
	seen := func(dir, name string) bool { _, err := os.Lstat(filepath.Join(dir, name)); return err == nil }
	keeper := filepath.Join(cfg.State, "keeper")
	if seen(cfg.State, leavingMark) && !seen(cfg.State, leftMark) {
		add(config.Fail, "state", "this device is being decommissioned, and that is not finished", "run `edged decommission` or `edged run` to finish it")
	}
	if seen(cfg.State, leftMark) {
		add(config.Fail, "state", "this device was decommissioned", "to use it again as a new one, move "+cfg.State+" away")
	}
	if seen(keeper, "stopped") || seen(cfg.State, "stop") {
		add(config.Warn, "faces", "faces are stopped by hand; PINs work", "two members of staff take it back with `edged stop lift`")
	}
	switch owed, err := audit.Owed(filepath.Join(keeper, "audit")); {
	case err != nil:
		add(config.Warn, "erasing", "whether erasures failed cannot be told: "+err.Error(), "run this as root")
	case owed > 0:
		add(config.Fail, "erasing", fmt.Sprintf("%d faces had to be erased and could not be; they are unusable, and it is tried again", owed),
			"look at the disk (full? read-only?) and at the lines of room=keeper")
	default:
		add(config.OK, "erasing", "every erasure that the log tells of has worked", "")
	}
	return all
}

// kernelFindings says what this kernel can do for the walls.
func kernelFindings() []config.Finding {
	k := confine.Kernel()
	add := func(ok bool, bad config.Level, part, good, what, do string) config.Finding {
		if ok {
			return config.Finding{Level: config.OK, Part: part, What: good}
		}
		return config.Finding{Level: bad, Part: part, What: what, Do: do}
	}
	_, space := confine.SpaceFlags("/proc/self/exe")
	return []config.Finding{
		add(k.Seccomp, config.Fail, "kernel", "seccomp filters keep rooms off the network ("+k.Release+")",
			"no seccomp filters: no room can be kept off the network, so edged does not run", "use a kernel with CONFIG_SECCOMP_FILTER"),
		add(k.Landlock > 0, config.Fail, "kernel", fmt.Sprintf("Landlock version %d keeps rooms to their own files", k.Landlock),
			"no Landlock: rooms cannot be kept to their own files, so face mode is off; PIN and card work", "use kernel 5.13 or newer with lsm=…,landlock"),
		add(k.Landlock == 0 || k.Landlock >= 4, config.Warn, "kernel", "Landlock keeps the courier to its broker's port",
			"this Landlock knows no ports: the courier may call any port", "use kernel 6.7 or newer, or IPAddressAllow= in the unit"),
		add(space, config.Warn, "kernel", "rooms without network live in empty network namespaces as well",
			"no right to make network namespaces: seccomp alone keeps the rooms off the network", "start as root, or allow user namespaces"),
		add(os.Geteuid() == 0, config.Warn, "users", "each room runs as a user of its own",
			"not root: all rooms run as this user, kept apart by Landlock alone", "start from the systemd unit"),
	}
}
