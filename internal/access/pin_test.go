package access_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/access"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func TestPINsThatThievesTryFirstAreNeverDrawn(t *testing.T) {
	for _, pin := range []string{"000000", "111111", "123456", "654321", "012345", "987654", "890123", "135791", "246802",
		"121212", "123123", "112233", "123321", "12341234", "12344321", "11112222", "10101010", "147258", "159753", "520131",
		"5201314", "31415926", "88888888", "123456789012", "001001"} {
		if !access.Weak(pin) {
			t.Errorf("%s could be drawn", pin)
		}
	}
	weak := 0
	for range 10_000 {
		var d [1]byte
		pin := make([]byte, 8)
		for i := range pin {
			rand.Read(d[:])
			pin[i] = '0' + d[0]%10
		}
		if access.Weak(string(pin)) {
			weak++
		}
	}
	if weak > 50 { // about 2 are expected: the list must not eat the space that PINs are drawn from
		t.Errorf("%d of 10,000 drawn PINs are refused", weak)
	}
}

func TestDrawnPINsAreUniqueAndEvenlySpread(t *testing.T) {
	b := open(t, t.TempDir(), room.PIN{Digits: 6}, time.Now)
	seen := map[string]bool{}
	var count [10]int
	for range 500 {
		_, pin := issue(t, b)
		if len(pin) != 6 || seen[pin] || access.Weak(pin) {
			t.Fatalf("PIN %d: %d digits, seen before: %v", len(seen), len(pin), seen[pin])
		}
		seen[pin] = true
		for _, d := range pin {
			count[d-'0']++
		}
	}
	for d, n := range count { // 300 expected, standard deviation 16
		if n < 200 || n > 400 {
			t.Errorf("digit %d came %d times of 3000", d, n)
		}
	}
}

func TestAPINThatSomebodyHasIsDrawnAgain(t *testing.T) {
	first, second := []byte{8, 2, 6, 4, 0, 9, 1, 7}, []byte{5, 5, 0, 7, 2, 1, 9, 3}
	person := bytes.Repeat([]byte{1}, 16)
	source := bytes.NewReader(slices.Concat(make([]byte, 16), person, first, bytes.Repeat([]byte{2}, 16), first, second))
	b, err := access.OpenCheap(t.TempDir(), pepper, room.PIN{}, source, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	_, one := issue(t, b)
	_, two := issue(t, b)
	if one != "82640917" || two != "55072193" || b.Len() != 2 {
		t.Errorf("%s and %s, %d people", one, two, b.Len())
	}
}

func TestStaffPINs(t *testing.T) {
	var staff []room.Staff
	for _, s := range [][2]string{{"Wang", "82640917"}, {"Li", "550721"}} {
		hash, err := access.HashStaff(s[1], rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := access.CheckHash(hash); err != nil || strings.Contains(hash, s[1]) {
			t.Fatalf("%q: %v", hash, err)
		}
		staff = append(staff, room.Staff{Name: s[0], Hash: hash})
	}
	staff = append(staff, room.Staff{Name: "broken", Hash: "550722"})
	for _, test := range []struct {
		pin, name string
		ok        bool
	}{{"82640917", "Wang", true}, {"550721", "Li", true}, {"550722", "", false}, {"", "", false}, {"8264091", "", false}} {
		if name, ok := access.VerifyStaff(staff, []byte(test.pin)); name != test.name || ok != test.ok {
			t.Errorf("%q: %q, %v", test.pin, name, ok)
		}
	}
	b := open(t, t.TempDir(), room.PIN{FreeTries: 2}, time.Now)
	_, own := issue(t, b)
	if name, r := b.TryStaff(staff, []byte("550721")); name != "Li" || r.Outcome != wire.Granted {
		t.Errorf("%q %+v", name, r)
	}
	b.TryStaff(staff, []byte("000001"))
	if _, r := b.TryStaff(staff, []byte("000002")); r.Until.IsZero() {
		t.Errorf("guessing staff PINs is free: %+v", r)
	}
	if name, r := b.TryStaff(staff, []byte("550721")); name != "" || r.Outcome != wire.Limited {
		t.Errorf("a right staff PIN during the wait: %q %+v", name, r)
	}
	if _, r := try(b, own); r.Outcome != wire.Limited {
		t.Errorf("the wait is for one pad: %+v", r)
	}
}

func TestAChosenPINMustBeWorthSomething(t *testing.T) {
	for _, pin := range []string{"", "12345", "1234567890123", "12345x", "１２３４５６", "123456", "000000", " 550721"} {
		hash, err := access.HashStaff(pin, rand.Reader)
		if err == nil {
			t.Errorf("%q was taken: %s", pin, hash)
		} else if len(pin) > 3 && strings.Contains(err.Error(), pin) {
			t.Errorf("the error repeats the PIN: %v", err)
		}
	}
}

func TestAHashThatGuardsNothingIsRefused(t *testing.T) {
	good, err := access.HashStaff("550721", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"too little memory":  {"m=19456", "m=1024"},
		"too much memory":    {"m=19456", "m=4194304"},
		"one pass":           {"t=2", "t=1"},
		"a thousand passes":  {"t=2", "t=1000"},
		"no lane":            {"p=1", "p=0"},
		"another algorithm":  {"argon2id", "argon2i"},
		"another version":    {"v=19", "v=16"},
		"a number with zero": {"m=19456", "m=019456"},
		"a part too many":    {"$v", "$x$v"},
		"padding":            {"$v=19", "$v=19="},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if err := access.CheckHash(bad); err == nil || !strings.Contains(err.Error(), "edged pin") || strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCheckHash(f *testing.F) {
	good, _ := access.HashStaff("550721", bytes.NewReader(make([]byte, 16)))
	f.Add(good)
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$")
	f.Fuzz(func(t *testing.T, hash string) {
		if access.CheckHash(hash) == nil && access.CheckHash(hash+"=") == nil {
			t.Fatalf("%q has two spellings", hash)
		}
	})
}

// FuzzTry: whatever is typed, nobody but the owner of a PIN comes in.
func FuzzTry(f *testing.F) {
	b := open(f, f.TempDir(), room.PIN{FreeTries: 1 << 30}, time.Now)
	_, pin := issue(f, b)
	f.Add([]byte("12345678"))
	f.Fuzz(func(t *testing.T, typed []byte) {
		right := string(typed) == pin
		if _, r := b.Try(typed); (r.Outcome == wire.Granted) != right {
			t.Fatalf("%+v", r)
		}
	})
}

func ExampleCheckHash() {
	fmt.Println(access.CheckHash("550721"))
	// Output: this is not an argon2id hash: make one with `edged pin`
}
