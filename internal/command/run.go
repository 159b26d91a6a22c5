package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
	"example.org/edged/internal/models"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

type runCmd struct {
	Config  string `help:"The configuration file." default:"/etc/edged/edged.yaml" type:"path"`
	Verbose bool   `help:"Say more on stderr." short:"v"`
	JSON    bool   `help:"Say on stdout, one JSON line each, what happens to the rooms and how long each answer took." name:"json"`
}

func (c *runCmd) Run(t *tools) error {
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	if done, err := t.leaveFirst(cfg); done || err != nil {
		return err
	}
	for _, f := range t.look(cfg) {
		if f.Level == config.Fail {
			fmt.Fprintf(t.Err, "%s: %s; %s\n", cmp.Or(f.At, f.Part), f.What, f.Do)
		}
	}
	house, err := t.house(cfg)
	if err != nil {
		return err
	}
	if c.Verbose {
		house.LogLevel = slog.LevelDebug
	}
	report := t.tellEvent
	if c.JSON {
		report = t.jsonEvent
	}
	h, err := hall.New(house, t.log, report)
	if err != nil {
		return coded{exitWalls, err}
	}
	fmt.Fprintf(t.Err, "edged %s guards %q at %q; Ctrl-C stops it.\n", t.Version, cfg.Door.Name, cfg.Site.ID)
	if err := h.Run(t.ctx); err != nil {
		return coded{exitWalls, err}
	}
	fmt.Fprintln(t.Err, "edged has stopped; the door is locked.")
	return nil
}

// house turns the configuration into what the hall needs. A model pack that is not whole costs the face, not the door.
func (t *tools) house(cfg *config.Config) (hall.House, error) {
	programs, err := t.programs()
	if err != nil {
		return hall.House{}, err
	}
	var pack room.Pack
	if cfg.HasFace() {
		if pack, err = findPack(cfg.Face.Models, cfg.Face.Pack); err != nil {
			return hall.House{}, coded{exitConfig, err}
		}
	}
	courier, fleet, err := cfg.Courier(t.Version)
	if err != nil {
		return hall.House{}, coded{exitConfig, err}
	}
	h := hall.House{State: cfg.State, Programs: programs, Keeper: cfg.Keeper(pack, t.Time()), Listen: cfg.Screen.Listen, Voice: cfg.Screen.Voice, Notice: cfg.NoticeVersion(),
		Camera: cfg.Video(), Infrared: cfg.InfraredDevice(), Relay: cfg.Relay(), OwnUsers: cfg.Rooms.Users == "auto", LogLevel: slog.LevelInfo}
	h.Assess = cfg.Assess
	kiosk := cfg.Kiosk(cfg.Screen.Listen)
	h.Kiosk = &kiosk
	if fleet {
		h.Courier = &courier
	}
	if h.Keys, err = t.keys(cfg); err != nil {
		return h, err
	}
	if eye, ok := cfg.Eye(pack); ok {
		if err := models.Verify(pack); err != nil {
			t.log.Error("faces rest: the model pack is not whole; PIN and card work", slog.String("why", err.Error()))
			return h, nil
		}
		h.Eye = &eye
	}
	if lens, ok := cfg.Lens(); ok {
		h.Lens = &lens
	}
	return h, nil
}

// findPack finds a pack's manifest: the default one is built in, any other lies beside its models.
func findPack(dir, name string) (room.Pack, error) {
	m, err := manifest(dir, name)
	if err != nil {
		return room.Pack{}, err
	}
	return m.Pack(dir), nil
}

// tellEvent says in one line what happened to a room.
func (t *tools) tellEvent(e hall.Event) {
	after := e.After.Round(time.Millisecond)
	switch w := e.Word.(type) {
	case *wire.Ready:
		if w.Part == wire.PartFace && e.Room != "keeper" {
			break // the eye could; whether faces are used is the keeper's word
		}
		if s := readyLine[w.Part]; s != "" {
			fmt.Fprintf(t.Err, "%8s  %s\n", after, s)
		}
	case *wire.Fault:
		fmt.Fprintf(t.Err, "%8s  %s: something is wrong with the %s; see `edged check`\n", after, e.Room, w.Fault)
	case *wire.Timed:
		t.log.Debug("answered", "method", w.Method, "outcome", w.Outcome, "us", w.TookUS)
	case nil:
		fmt.Fprintf(t.Err, "%8s  %s ended: %s\n", after, e.Room, strings.TrimSpace(fmt.Sprint(e.Ended)))
	}
}

// eventLine is one line of `edged run --json`. The names are stable; docs/commands.md lists them.
type eventLine struct {
	AfterMS float64      `json:"after_ms"`
	Room    string       `json:"room"`
	PID     int          `json:"pid,omitempty"`
	Event   string       `json:"event"` // ready, fault, answered, ended
	What    string       `json:"what,omitempty"`
	Method  string       `json:"method,omitempty"`
	Outcome string       `json:"outcome,omitempty"`
	TookUS  uint32       `json:"took_us,omitempty"`
	Stages  *wire.Stages `json:"stages_us,omitempty"`
}

func (t *tools) jsonEvent(e hall.Event) {
	l := eventLine{AfterMS: float64(e.After.Microseconds()) / 1000, Room: e.Room, PID: e.PID, Event: "ended"}
	switch w := e.Word.(type) {
	case *wire.Ready:
		l.Event, l.What = "ready", w.Part.String()
	case *wire.Fault:
		l.Event, l.What = "fault", w.Fault.String()
	case *wire.Timed:
		l.Event, l.Method, l.Outcome, l.TookUS = "answered", w.Method.String(), w.Outcome.String(), w.TookUS
		if w.StageUS != (wire.Stages{}) {
			l.Stages = &w.StageUS
		}
	case nil:
		l.What = fmt.Sprint(e.Ended)
	}
	b, err := json.Marshal(l)
	if err != nil {
		t.log.Error("an event could not be written", slog.String("why", err.Error()))
		return
	}
	// One write a line: rooms are heard from several goroutines.
	t.Out.Write(append(b, '\n'))
}

var readyLine = map[wire.Part]string{
	wire.PartPIN:    "PINs open the door",
	wire.PartFace:   "faces of people who agreed open the door",
	wire.PartScreen: "the screen answers",
	wire.PartBroker: "the broker is reached",
}
