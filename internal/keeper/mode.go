package keeper

import (
	"context"
	"slices"
	"sync"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/audit"
	"example.org/edged/internal/wire"
)

// eyeSilence is how long the eye may say nothing before faces rest.
const eyeSilence = 3 * time.Second

// mode is whether faces are used now.
type mode struct {
	mu      sync.Mutex
	now     wire.FaceMode
	trouble wire.FaceMode // why faces rest for the whole life of this room; FaceOff when they do not
	camera  wire.Camera
	heard   time.Duration // when the eye last told its state; 0 when never
}

func (m *mode) get() wire.FaceMode { m.mu.Lock(); defer m.mu.Unlock(); return m.now }

// usable tells whether faces have any use now: somebody may agree to them.
func (m *mode) usable() bool { now := m.get(); return now == wire.FaceOn || now == wire.FaceVerify }

// cannot says why faces rest for the whole life of this room. The first reason stays.
func (m *mode) cannot(why wire.FaceMode) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.trouble == wire.FaceOff {
		m.trouble = why
	}
}

func (m *mode) saw(c wire.Camera, at time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.camera, m.heard = c, at
}

// judge says what the mode should be.
func (k *keeper) judge(at time.Duration) wire.FaceMode {
	now, trusted := k.clock.Now()
	a, noWay := k.album(), k.otherWay(at)
	k.mode.mu.Lock()
	defer k.mode.mu.Unlock()
	switch m := &k.mode; {
	case k.brief.Face == nil:
		return wire.FaceOff
	case k.stop.On():
		return wire.FaceStopped
	case !k.brief.Walls:
		return wire.FaceRestWalls
	case m.trouble != wire.FaceOff:
		return m.trouble
	case k.full.Load(): // nothing in the log is ever overwritten; the last of the disk is for PINs and erasures
		return wire.FaceRestLog
	case !trusted:
		return wire.FaceRestClock
	case k.undeclared(now):
		return wire.FaceRestSite
	case k.unassessed():
		return wire.FaceRestAssess
	case !slices.Contains(access.Offered(access.Health{PIN: noWay == nil, Face: true}), wire.MethodFace):
		return wire.FaceRestWays
	case a == nil, m.heard == 0 && time.Since(k.began) < eyeSilence:
		return wire.FaceStarting
	case m.heard == 0, at-m.heard > eyeSilence, m.camera != wire.CameraSeeing && m.camera != wire.CameraResting:
		return wire.FaceRestEye
	case !k.brief.Face.Alone || k.brief.Face.Unjudged || a.bar.get().Verify:
		return wire.FaceVerify
	}
	return wire.FaceOn
}

// watchMode looks ten times a second, and tells everybody of a change and every 30 seconds.
func (k *keeper) watchMode(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var open bool
	var late int
	var told time.Time
	for {
		changed := k.turnMode()
		if a := k.album(); a != nil {
			a.faces.Tick()
			a.passage.Tick()
			if now := a.faces.Late(); now != late {
				if now > late {
					k.room.Fault(wire.FaultErase)
				}
				late, changed = now, true
			}
		}
		if changed || open != k.door.IsOpen() || time.Since(told) > 30*time.Second {
			open, told = k.door.IsOpen(), time.Now()
			k.tellStatus()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// turnMode puts the mode right and says whether it changed.
func (k *keeper) turnMode() (changed bool) {
	k.turning.Lock()
	defer k.turning.Unlock()
	mode := k.judge(uptime())
	k.mode.mu.Lock()
	changed = mode != k.mode.now
	k.mode.now = mode
	k.mode.mu.Unlock()
	if !changed {
		return false
	}
	k.scribe.Write(audit.Entry{Kind: wire.KindFaceMode, Reason: mode.Reason()})
	k.sayWhy(mode)
	k.gazeChanged()
	if k.mode.usable() {
		k.room.Ready(wire.PartFace)
	}
	k.tellStatus()
	return true
}

// gazeChanged tells the eye what to do now. It is called on every change and by a newborn eye.
func (k *keeper) gazeChanged() {
	a := k.album()
	if k.eye == nil || a == nil {
		return
	}
	look := wire.Look{Gaze: wire.Rest}
	switch {
	case a.faces.Enrolling():
		look = wire.Look{Gaze: wire.Enrol, Preview: true}
	case k.mode.get() == wire.FaceOn, k.mode.get() == wire.FaceVerify && a.passage.Expecting():
		look = wire.Look{Gaze: wire.Watch, Preview: true}
	}
	k.eye.SayWithin(&look, 50*time.Millisecond)
}

// tellStatus tells screen and fleet how things are.
func (k *keeper) tellStatus() {
	a := k.album()
	late := a != nil && a.faces.Late() > 0
	k.lobby.frontDoor(k.mode.get(), k.door.IsOpen(), late, k.now())
	k.tellFleet()
}

// tellFleet tells the fleet alone: what it asks is nothing that the screen should hear of.
func (k *keeper) tellFleet() {
	k.mode.mu.Lock()
	mode, camera := k.mode.now, k.mode.camera
	k.mode.mu.Unlock()
	s := wire.Status{Face: mode, Open: k.door.IsOpen(), People: uint32(k.book.Len()), Camera: camera,
		UptimeS: uint32(time.Since(k.began).Seconds())}
	s.Keys = k.tier()
	if a := k.album(); a != nil {
		s.Enrolled, s.Late = uint32(a.faces.Stored()), uint32(a.faces.Late())
		if a.count != nil {
			now := a.count.State()
			s.Filing, s.HighMark = now.Filing(), uint32(now.High)
		}
	}
	k.scribe.Tell(&s)
}
