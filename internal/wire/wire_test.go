package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// all makes one of each word.
func all() []Word {
	var out []Word
	for n := range 256 {
		if blank, ok := words[number(n)]; ok {
			out = append(out, blank())
		}
	}
	return out
}

func TestEveryWordIsListedUnderItsOwnNumber(t *testing.T) {
	for n, blank := range words {
		if got := blank().number(); got != n {
			t.Errorf("word %T is listed as %d and calls itself %d", blank(), n, got)
		}
	}
}

// What the courier hears is all that can leave the device, so no type there may be able to hold a face. Floats could
// hold scores and features, slices and strings pictures, interfaces and pointers anything.
func TestNoWordTowardTheCourierCanHoldAFace(t *testing.T) {
	heard := 0
	for _, w := range all() {
		if _, ok := w.(CourierHears); !ok {
			continue
		}
		heard++
		if why := canHoldAFace(reflect.TypeOf(w).Elem()); why != "" {
			t.Errorf("%T: %s", w, why)
		}
	}
	if heard < 6 {
		t.Fatalf("only %d words toward the courier were walked", heard)
	}
}

func TestTheLeafWalkFindsWhatCouldHoldAFace(t *testing.T) {
	for _, planted := range []any{
		struct{ Score float32 }{}, struct{ Score float64 }{}, struct{ B []byte }{}, struct{ S string }{}, struct{ M map[int]int }{},
		struct{ F [128]float32 }{}, struct{ B [33]byte }{}, struct{ P *int }{}, struct{ I any }{},
		struct {
			In struct{ Deep [2]struct{ F float32 } }
		}{},
		struct{ Many [64]uint64 }{},
	} {
		if canHoldAFace(reflect.TypeOf(planted)) == "" {
			t.Errorf("%T passed", planted)
		}
	}
}

// canHoldAFace names the first part of a type that could; empty when none can.
func canHoldAFace(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Int64:
		return ""
	case reflect.Array:
		if typ.Size() > 32 {
			return typ.String() + " has more than 32 bytes"
		}
		return canHoldAFace(typ.Elem())
	case reflect.Struct:
		if typ.Size() > 256 {
			return typ.String() + " is large enough for a small template"
		}
		for i := range typ.NumField() {
			if why := canHoldAFace(typ.Field(i).Type); why != "" {
				return typ.Field(i).Name + ": " + why
			}
		}
		return ""
	}
	return typ.String() + " has no fixed, small, whole-number form"
}

// Only two wires carry a picture or a feature, and both begin in the eye.
func TestOnlyTheEyeSaysFaces(t *testing.T) {
	for _, w := range all() {
		_, fromEye := w.(EyeSays)
		_, mirror := w.(MirrorSays)
		_, measure := w.(MeasureSays)
		if why := canHoldAFace(reflect.TypeOf(w).Elem()); why != "" && !fromEye && !mirror && !measure {
			if _, ok := w.(KioskHears); ok && !strings.Contains(why, "float") && !strings.Contains(why, "[]") {
				continue // a person's own record is longer, and made of times and words
			}
			t.Errorf("%T: %s", w, why)
		}
	}
}

func TestAWordIsReadAsItWasWritten(t *testing.T) {
	for _, w := range all() {
		fill(reflect.ValueOf(w).Elem(), 1)
		b, err := encode(nil, w)
		if err != nil {
			t.Fatalf("%T: %v", w, err)
		}
		got, err := decode(b)
		if err != nil {
			t.Fatalf("%T: %v", w, err)
		}
		if !reflect.DeepEqual(got, w) {
			t.Errorf("%T changed on the way:\n%+v\n%+v", w, w, got)
		}
		if len(b) > 4096 && reflect.TypeOf(w) != reflect.TypeOf(&Preview{}) {
			t.Errorf("%T has %d bytes", w, len(b))
		}
	}
}

// fill gives each field a small value of its own, so that two fields swapped on the way are noticed.
func fill(v reflect.Value, n uint64) uint64 {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n++
		v.SetUint(n)
	case reflect.Int64:
		n++
		v.SetInt(int64(n))
	case reflect.Float32:
		n++
		v.SetFloat(float64(n))
	case reflect.Slice:
		v.SetBytes([]byte("picture"))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name == "Digits" {
				v.Field(i).Index(0).SetUint('7') // with Len 1
				continue
			}
			n = fill(v.Field(i), n)
		}
	case reflect.Array:
		for i := range v.Len() {
			n = fill(v.Index(i), n)
		}
	}
	return n
}

func TestADamagedWordIsRefused(t *testing.T) {
	for _, w := range all() {
		b, err := encode(nil, w)
		if err != nil {
			t.Fatal(err)
		}
		_, open := w.(*Preview)
		if !open && len(b) > 2 {
			if _, err := decode(b[:len(b)-1]); err == nil {
				t.Errorf("%T: one byte short was taken", w)
			}
		}
		if _, err := decode(append(slices.Clone(b), 0)); err == nil && !open {
			t.Errorf("%T: one byte long was taken", w)
		}
		b[0]++
		if _, err := decode(b); err == nil || !strings.Contains(err.Error(), "version") {
			t.Errorf("%T of another version: %v", w, err)
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "one byte": {Version}, "an unknown number": {Version, 255}} {
		if _, err := decode(b); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestNumbersThatWouldHoldAGateOpenAreRefused(t *testing.T) {
	for _, f := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
		if _, err := encode(nil, &Sighting{Live: f}); err == nil {
			t.Errorf("%v was sent", f)
		}
	}
	b, err := encode(nil, &Sighting{})
	if err != nil {
		t.Fatal(err)
	}
	const live = 2 + 8 + 8 + 1 + 1 + 1 + 2   // version, number, and the fields before Live
	copy(b[live:], []byte{0, 0, 0xc0, 0x7f}) // a quiet NaN
	if _, err := decode(b); err == nil {
		t.Error("a NaN was heard")
	}
}

func TestAPINIsDigitsAndZeros(t *testing.T) {
	for name, w := range map[string]*PINTyped{
		"a letter":            {Len: 6, Digits: [PINMax]byte{'1', '2', 'x', '4', '5', '6'}},
		"digits after Len":    {Len: 2, Digits: [PINMax]byte{'1', '2', '3'}},
		"longer than it says": {Len: PINMax + 1},
	} {
		if _, err := encode(nil, w); err == nil {
			t.Errorf("%s was sent", name)
		}
	}
}

func FuzzMalleability(f *testing.F) {
	for _, w := range all() {
		b, err := encode(nil, w)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := decode(b)
		if err != nil {
			return
		}
		again, err := encode(nil, w)
		if err != nil {
			t.Fatalf("%T parses and does not encode: %v", w, err)
		}
		if !bytes.Equal(again, b) {
			t.Fatalf("%T: two messages for one word:\n%x\n%x", w, b, again)
		}
	})
}

// wirePair is a real wire: the same kind of socket pair that the hall makes.
func wirePair(t *testing.T) (a, b *os.File) {
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, b = os.NewFile(uintptr(fd[0]), "a"), os.NewFile(uintptr(fd[1]), "b")
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestARoomThatBeginsAnewIsNoticed(t *testing.T) {
	a, b := wirePair(t)
	born := 0
	keeper, err := Open[EyeSays, EyeHears](a, func() { born++ })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // three lives of the eye on one wire
		eye, err := Open[EyeHears, EyeSays](b, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := eye.Say(&EyeState{Camera: CameraSeeing}); err != nil {
			t.Fatal(err)
		}
		if w, err := keeper.Hear(); err != nil || w.(*EyeState).Camera != CameraSeeing {
			t.Fatal(w, err)
		}
	}
	if born != 3 {
		t.Errorf("%d births were noticed, not 3", born)
	}
}

func TestAWordTheWrongWayEndsTheConversation(t *testing.T) {
	a, b := wirePair(t)
	keeper, err := Open[EyeSays, EyeHears](a, nil)
	if err != nil {
		t.Fatal(err)
	}
	liar, err := Open[KioskHears, KioskSays](b, nil) // a kiosk on the eye's wire
	if err != nil {
		t.Fatal(err)
	}
	if err := liar.Say(&PINTyped{}); err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.Hear(); err == nil || !strings.Contains(err.Error(), "wrong way") {
		t.Errorf("heard with %v", err)
	}
}

func TestNothingOfAWordStaysInTheBuffers(t *testing.T) {
	a, b := wirePair(t)
	keeper, _ := Open[KioskSays, KioskHears](a, nil)
	kiosk, _ := Open[KioskHears, KioskSays](b, nil)
	pin := &PINTyped{Len: 8, Digits: [PINMax]byte{'3', '1', '4', '1', '5', '9', '2', '6'}}
	if err := kiosk.Say(pin); err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.Hear(); err != nil {
		t.Fatal(err)
	}
	for _, buf := range [][]byte{kiosk.out[:cap(kiosk.out)], keeper.in} {
		if bytes.Contains(buf, []byte("31415926")) {
			t.Error("a PIN stayed in a buffer")
		}
	}
}

func TestTheEndOfTheOtherSideIsEOF(t *testing.T) {
	a, b := wirePair(t)
	keeper, _ := Open[EyeSays, EyeHears](a, nil)
	b.Close()
	if _, err := keeper.Hear(); !errors.Is(err, io.EOF) && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("heard %v", err)
	}
}

func BenchmarkSighting(b *testing.B) {
	w := &Sighting{Verdict: Good}
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		out, err := encode(buf, w)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := decode(out); err != nil {
			b.Fatal(err)
		}
	}
}

// Keys of faces travel on one wire, one way: from the keysmith to the keeper. Everywhere else 32 bytes are hashes and
// public keys, and no field is called a key unless it is named here with the reason.
func TestOnlyTheKeysmithSaysKeys(t *testing.T) {
	public := map[string]string{"*wire.Head.Key": "the public key of the audit log"}
	said := 0
	for _, w := range all() {
		if _, ok := w.(KeysmithHears); ok && reflect.TypeOf(w) != reflect.TypeOf(&Hello{}) {
			if size := reflect.TypeOf(w).Elem().Size(); size > 16 {
				t.Errorf("%T has %d bytes: the keysmith is told numbers only", w, size)
			}
		}
		for i := range reflect.TypeOf(w).Elem().NumField() {
			f := reflect.TypeOf(w).Elem().Field(i)
			if !strings.Contains(f.Name, "Key") && !strings.Contains(f.Type.Name(), "Key") || f.Type.Kind() != reflect.Array {
				continue
			}
			if public[fmt.Sprintf("%T.%s", w, f.Name)] != "" {
				continue
			}
			said++
			others := 0
			for _, elsewhere := range []bool{is[EyeSays](w), is[EyeHears](w), is[KioskSays](w), is[KioskHears](w), is[MirrorSays](w), is[MeasureSays](w),
				is[CourierSays](w), is[CourierHears](w), is[LensSays](w), is[LensHears](w), is[RoomSays](w), is[RoomHears](w), is[KeysmithHears](w)} {
				if elsewhere {
					others++
				}
			}
			if !is[KeysmithSays](w) || others > 0 {
				t.Errorf("%T.%s: a key on another wire (%d)", w, f.Name, others)
			}
		}
	}
	if said != 1 {
		t.Errorf("%d words carry a key, not one", said)
	}
}

func is[D any](w Word) bool { _, ok := w.(D); return ok }

// A process that got no processor for a while has all its deadlines behind it. What the kernel has room for is said all
// the same, and only a wire that is full gives up.
func TestAWordThatThereIsRoomForIsNotLostToADeadline(t *testing.T) {
	ours, theirs := wirePair(t)
	a, err := Open[KioskHears, KioskSays](ours, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open[KioskSays, KioskHears](theirs, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SayWithin(&Touched{Session: 7}, -time.Second); err != nil {
		t.Fatalf("there was room: %v", err)
	}
	if w, err := b.Hear(); err != nil || w.(*Touched).Session != 7 {
		t.Errorf("%v, %v", w, err)
	}
	for range 100_000 {
		if err = a.SayWithin(&Touched{}, 0); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a wire that is full: %v", err)
	}
	if _, err := b.Hear(); err != nil {
		t.Errorf("after it was full: %v", err)
	}
	if err := a.SayWithin(&Touched{}, -time.Second); err != nil {
		t.Errorf("once there was room again: %v", err)
	}
}
