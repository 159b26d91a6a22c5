package receipt_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"rsc.io/qr"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/receipt"
	"example.org/edged/internal/wire"
)

var (
	secret  = [32]byte{4, 5, 6}
	who     = wire.Pseudonym{7}
	consent = audit.Hash{8}
)

func open(t testing.TB, seed byte) *audit.Log {
	t.Helper()
	l, err := audit.Open(t.TempDir(), "edged/door", [32]byte{seed}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func write(t testing.TB, l *audit.Log, es ...audit.Entry) {
	t.Helper()
	if _, err := l.AppendAll(es); err != nil {
		t.Fatal(err)
	}
}

func enrolment(who wire.Pseudonym, consent audit.Hash) audit.Entry {
	return audit.Entry{At: 1_790_000_000_000, Trusted: true, Rules: wire.Rules20211101, Kind: wire.KindEnrolled, Who: who, Consent: consent, Until: 1_800_000_000,
		Commit: receipt.Commitment(receipt.Nonce(secret, who, consent), who, consent)}
}

func erasure(of audit.Entry) audit.Entry {
	return audit.Entry{At: of.At + 1000, Kind: wire.KindErased, Rules: wire.Rules20250601, Reason: wire.ReasonWithdrawn, Who: of.Who, Tier: wire.TierFile, Commit: of.Commit}
}

// life is a log in which somebody was enrolled and erased, among others.
func life(t testing.TB, others int) (*audit.Log, *receipt.Receipt) {
	t.Helper()
	l := open(t, 1)
	noise := make([]audit.Entry, others)
	in := enrolment(who, consent)
	write(t, l, noise...)
	write(t, l, in)
	write(t, l, noise...)
	write(t, l, erasure(in))
	write(t, l, noise...)
	r, err := receipt.Latest(l, secret, who)
	if err != nil {
		t.Fatal(err)
	}
	return l, r
}

func TestAReceiptIsCheckedWithNothingButThePublicKey(t *testing.T) {
	for _, others := range []int{0, 1, 3, 200, 700} {
		l, made := life(t, others)
		packed, err := made.Pack()
		if err != nil {
			t.Fatal(err)
		}
		r, err := receipt.Read("\n " + receipt.Text(packed) + "\n")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Verify(l.PublicKey()); err != nil {
			t.Errorf("%d others: %v", others, err)
		}
		for _, said := range []string{"withdrawn", "did not trust", wire.TierFile.Promise()} {
			if !strings.Contains(r.Says(), said) {
				t.Errorf("%q is not in %q", said, r.Says())
			}
		}
	}
}

// Whatever bit of it is changed, a receipt is refused: there is no part that says something unproved.
func TestNoBitOfAReceiptCanBeFlipped(t *testing.T) {
	l, made := life(t, 3)
	packed, _ := made.Pack()
	for i := range packed {
		for bit := range 8 {
			changed := bytes.Clone(packed)
			changed[i] ^= 1 << bit
			if r, err := receipt.Unpack(changed); err == nil && r.Verify(l.PublicKey()) == nil {
				t.Fatalf("bit %d of byte %d was flipped, and the receipt verifies", bit, i)
			}
		}
	}
	for n := range packed {
		if _, err := receipt.Unpack(packed[:n]); err == nil {
			t.Fatalf("%d of %d bytes were taken for a receipt", n, len(packed))
		}
	}
	if _, err := receipt.Unpack(append(packed, 0)); err == nil {
		t.Error("a longer one was taken for a receipt")
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	_, mine := life(t, 5)
	l, _ := life(t, 5)
	stranger := open(t, 2)
	in := enrolment(who, consent)
	for _, c := range []struct {
		name, says string
		make       func() (*receipt.Receipt, string)
	}{
		{"another device's key", "not signed with this key", func() (*receipt.Receipt, string) { return mine, stranger.PublicKey() }},
		{"a reader of the log made it up: he has no nonce", "nonce does not open", func() (*receipt.Receipt, string) {
			r := *mine
			r.Nonce = audit.Hash{1}
			return &r, l.PublicKey()
		}},
		{"the erasure is somebody else's", "not of the face that was enrolled", func() (*receipt.Receipt, string) {
			r := *mine
			r.Erased.Entry.Commit = enrolment(wire.Pseudonym{9}, consent).Commit
			return &r, l.PublicKey()
		}},
		{"the erasure of an earlier enrolment", "stands before", func() (*receipt.Receipt, string) {
			r := *mine
			r.Erased, r.Enrolled.Index = r.Enrolled, r.Erased.Index
			r.Erased.Entry = erasure(in)
			return &r, l.PublicKey()
		}},
		{"the reason was made nicer", "the erasure: ", func() (*receipt.Receipt, string) {
			r := *mine
			r.Erased.Entry.Reason = wire.ReasonExpired
			return &r, l.PublicKey()
		}},
		{"the tier was made better than it is", "the erasure: ", func() (*receipt.Receipt, string) {
			r := *mine
			r.Erased.Entry.Tier = wire.TierTPM
			return &r, l.PublicKey()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, key := c.make()
			if err := r.Verify(key); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q in it", err, c.says)
			}
		})
	}
	packed, _ := mine.Pack()
	text := receipt.Text(packed)
	for text, says := range map[string]string{"": "no receipt", "hello": "no receipt", text[:40]: "cut off",
		text[:20] + "a" + text[21:]: "damaged", text[:30] + text[33:]: "damaged", strings.Replace(text, "EDGED1", "EDGED2", 1): "no receipt"} {
		if _, err := receipt.Read(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %q in it", text, err, says)
		}
	}
}

func TestWhoWasNeverErasedGetsNone(t *testing.T) {
	l := open(t, 1)
	in := enrolment(who, consent)
	other := enrolment(wire.Pseudonym{9}, consent)
	old := in
	old.Commit = audit.Hash{} // enrolled by a version without receipts
	for name, es := range map[string][]audit.Entry{"nobody": nil, "living": {in}, "another": {other, erasure(other)},
		"without commitment": {old, erasure(old)}} {
		write(t, l, es...)
		if _, err := receipt.Latest(l, secret, who); !errors.Is(err, receipt.ErrNone) && name != "another" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := receipt.Latest(l, secret, wire.Pseudonym{}); !errors.Is(err, receipt.ErrNone) {
		t.Errorf("nobody: %v", err)
	}
}

func TestOneWhoCameBackGetsTheReceiptOfTheLatestErasure(t *testing.T) {
	l := open(t, 1)
	first, second := enrolment(who, consent), enrolment(who, audit.Hash{99})
	write(t, l, first, erasure(first), second, erasure(second))
	r, err := receipt.Latest(l, secret, who)
	if err != nil || r.Enrolled.Index != 2 || r.Erased.Index != 3 || r.Verify(l.PublicKey()) != nil {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestTheLongestReceiptFitsAQRCode(t *testing.T) {
	_, r := life(t, 0)
	for range 23 - len(r.Enrolled.Path) {
		r.Enrolled.Path = append(r.Enrolled.Path, audit.Hash{255})
	}
	for range 24 - len(r.Erased.Path) {
		r.Erased.Path = append(r.Erased.Path, audit.Hash{255})
	}
	packed, err := r.Pack()
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(receipt.Text(packed), qr.L)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d × %d modules", len(packed), code.Size, code.Size)
	for range 2 {
		r.Erased.Path = append(r.Erased.Path, audit.Hash{})
	}
	if _, err := r.Pack(); err == nil {
		t.Error("a longer one was packed")
	}
}

func FuzzUnpack(f *testing.F) {
	_, r := life(f, 3)
	packed, _ := r.Pack()
	f.Add(packed)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := receipt.Unpack(b)
		if err != nil {
			return
		}
		again, err := r.Pack()
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is a second spelling: %v", b, err)
		}
	})
}
