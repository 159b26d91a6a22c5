package demo

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// crashing is a "picture" at which the played eye dies, with all it knows on its lips.
const crashing = "crash.jpg"

// The people whom a played eye can see.
const (
	markedSeed   = 0x6d61726b
	strangerSeed = 0x737472
)

// markedPicture is a preview that only this test can have made.
func markedPicture() []byte {
	from := rand.New(rand.NewPCG(markedSeed, 1))
	m := image.NewRGBA(image.Rect(0, 0, 160, 120))
	for y := range 120 {
		for x := range 160 {
			m.Set(x, y, color.RGBA{uint8(from.UintN(256)), uint8(from.UintN(256)), uint8(from.UintN(256)), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 60}); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// playEye is the eye's program when this test program stands in for it: behind the eye's walls, on the eye's wires.
// Whom it sees is written in the file before the camera.
func playEye(ctx context.Context, r *room.Room) error {
	var b room.Eye
	if err := r.Brief(&b); err != nil {
		return err
	}
	e := &player{folder: b.Camera.Folder, picture: markedPicture()}
	if _, err := hex.Decode(e.model[:], []byte(b.Models.Files["feature"].SHA256)); err != nil {
		return err
	}
	f, err := r.File("keeper")
	if err != nil {
		return err
	}
	if e.keeper, err = wire.Open[wire.EyeHears, wire.EyeSays](f, func() { e.look.Store(nil) }); err != nil {
		return err
	}
	if f, err = r.File("kiosk"); err != nil {
		return err
	}
	if e.kiosk, err = wire.Open[wire.RoomHears, wire.MirrorSays](f, nil); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- e.hear() }()
	r.Ready(wire.PartFace)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := e.see(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return err
		case <-tick.C:
		}
	}
}

type player struct {
	folder  string
	picture []byte
	model   [32]byte
	keeper  *wire.Conn[wire.EyeHears, wire.EyeSays]
	kiosk   *wire.Conn[wire.RoomHears, wire.MirrorSays]
	look    atomic.Pointer[wire.Look]
	frame   uint64
	before  bool // somebody stood there
}

func (e *player) hear() error {
	for {
		w, err := e.keeper.Hear()
		if err != nil {
			return err
		}
		if l, ok := w.(*wire.Look); ok {
			e.look.Store(l)
		}
	}
}

func (e *player) see() error {
	e.frame++
	camera := wire.CameraSeeing
	look := e.look.Load()
	if look == nil || look.Gaze == wire.Rest {
		camera, look = wire.CameraResting, &wire.Look{}
	}
	if e.frame%4 == 1 {
		if err := e.say(&wire.EyeState{Camera: camera, Frames: e.frame}); err != nil {
			return err
		}
	}
	if look.Gaze == wire.Rest {
		return nil
	}
	s, err := e.whom()
	if err != nil || s == nil {
		return err
	}
	if look.Preview && s.Verdict == wire.Good {
		err := e.kiosk.SayWithin(&wire.Preview{JPEG: e.picture}, 20*time.Millisecond)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
	}
	return e.say(s)
}

func (e *player) say(w wire.EyeSays) error {
	if err := e.keeper.SayWithin(w, 50*time.Millisecond); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

// whom says who stands there, or nothing when nobody does and nobody did.
func (e *player) whom() (*wire.Sighting, error) {
	files, err := os.ReadDir(e.folder)
	if err != nil {
		return nil, err
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return nil, err
	}
	s := &wire.Sighting{Frame: e.frame, CapturedAt: ts.Nano(), InZone: 1, Verdict: wire.Good, Enrol: wire.Good, EyeDistance: 80, Live: 0.9, Model: e.model}
	for _, f := range files {
		script, err := os.ReadFile(filepath.Join(e.folder, f.Name()))
		if err != nil {
			return nil, err
		}
		switch string(script) {
		case enrolled, returning:
			s.Feature = vector(markedSeed)
		case refused:
			s.Feature, s.Live = vector(markedSeed), 0
		case stranger:
			s.Feature = vector(strangerSeed)
		case crashing:
			v := vector(markedSeed)
			os.Stderr.Write(float32s(v[:], false))
			fmt.Fprintf(os.Stderr, "\nfeature=%v picture=%x\n", v, e.picture)
			panic(strings.Join(texts(v[:]), " "))
		}
	}
	if s.Feature == [512]float32{} {
		if !e.before {
			return nil, nil
		}
		e.before = false
		s.InZone, s.Verdict = 0, wire.NoFace
		return s, nil
	}
	e.before = true
	return s, nil
}
