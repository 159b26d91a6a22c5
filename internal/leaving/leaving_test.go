package leaving_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/leaving"
	"example.org/edged/internal/wire"
)

var errCut = errors.New("power cut")

// A device in small: the log and the files are real, faces, PINs and the key are one file each.
type device struct {
	t      *testing.T
	dir    string
	key    string // public
	cut    string
	broken string // what cannot be destroyed
	liar   string // what says that it was destroyed, and was not
}

func newDevice(t *testing.T) *device {
	d := &device{t: t, dir: t.TempDir()}
	for _, name := range []string{"faces", "pins", "key"} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func (d *device) has(name string) bool {
	_, err := os.Stat(filepath.Join(d.dir, name))
	return err == nil
}

// leave is one life of the program that takes it out of service.
func (d *device) leave() (leaving.Count, error) {
	d.t.Helper()
	remove := func(name string) func() error {
		return func() error {
			if d.liar == name {
				return nil
			}
			if d.broken == name {
				return errors.New(name + ": read-only file system")
			}
			if err := os.Remove(filepath.Join(d.dir, name)); !errors.Is(err, os.ErrNotExist) {
				return err
			}
			return nil
		}
	}
	p := leaving.Parts{Dir: d.dir, Device: "edged/door", Tier: wire.TierFile,
		Now:      func() (time.Time, bool) { return time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), true },
		Problems: func() []string { return nil },
		NoKey:    remove("key"), NoFaces: remove("faces"), NoPINs: remove("pins"),
		Commits: func() map[wire.Pseudonym]audit.Hash { return map[wire.Pseudonym]audit.Hash{{1}: {7}} },
		Faces: func() ([]wire.Pseudonym, error) {
			if d.has("faces") {
				return []wire.Pseudonym{{1}, {2}}, nil
			}
			return nil, nil
		},
		PINs: func() (int, error) {
			if d.has("pins") {
				return 3, nil
			}
			return 0, nil
		},
		After: func(step string) error {
			if step == d.cut {
				return errCut
			}
			return nil
		},
	}
	if d.has(leaving.CertificateName) {
		return leaving.Count{}, p.Finish()
	}
	if !d.has("key") {
		d.t.Fatal("the key is gone and there is no certificate")
	}
	var err error
	if p.Log, err = audit.Open(filepath.Join(d.dir, "audit"), "edged/door", [32]byte{1}, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
		d.t.Fatal(err)
	}
	defer p.Log.Close()
	d.key = p.Log.PublicKey()
	return leaving.Leave(p)
}

// whole checks everything that must be true at the end, however often the power was cut on the way.
func (d *device) whole() {
	d.t.Helper()
	for _, gone := range []string{"faces", "pins", "key", "leaving"} {
		if d.has(gone) {
			d.t.Errorf("%s is left", gone)
		}
	}
	b, err := os.ReadFile(filepath.Join(d.dir, leaving.CertificateName))
	if err != nil {
		d.t.Fatal(err)
	}
	text, err := audit.OpenCertificate(b, d.key)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, claim := range []string{"faces erased 2 left 0\n", "pins destroyed 3 left 0\n", "device edged/door\n", wire.TierFile.Promise()} {
		if !strings.Contains(text, claim) {
			d.t.Errorf("%q is not in the certificate:\n%s", claim, text)
		}
	}
	r, err := audit.Verify(filepath.Join(d.dir, "audit"), d.key)
	if err != nil {
		d.t.Fatal(err)
	}
	if r.Kinds["left"] != 1 || r.Kinds["erased"] != 2 {
		d.t.Errorf("the log has %v", r.Kinds)
	}
	if !strings.Contains(text, r.Root) {
		d.t.Errorf("the certificate does not name the log's last head %s:\n%s", r.Root, text)
	}
}

func TestLeavingIsFinishedAfterAPowerCutAnywhere(t *testing.T) {
	for _, cut := range []string{"", "counted", "faces gone", "PINs gone", "recorded", "certified"} {
		t.Run("cut after: "+cut, func(t *testing.T) {
			d := newDevice(t)
			d.cut = cut
			_, err := d.leave()
			if (cut != "") != errors.Is(err, errCut) {
				t.Fatal(err)
			}
			if cut != "" {
				d.leave() // and again at the same place
				d.cut = ""
				if _, err := d.leave(); err != nil {
					t.Fatal(err)
				}
			}
			d.whole()
			if _, err := d.leave(); err != nil {
				t.Errorf("once more: %v", err)
			}
			d.whole()
		})
	}
}

func TestNothingIsCertifiedThatIsNotSo(t *testing.T) {
	for _, liar := range []string{"faces", "pins"} {
		d := newDevice(t)
		d.liar = liar
		if _, err := d.leave(); err == nil || d.has(leaving.CertificateName) || !d.has("key") {
			t.Errorf("%s were left: %v, certificate %v", liar, err, d.has(leaving.CertificateName))
		}
	}
	for _, broken := range []string{"faces", "pins"} {
		d := newDevice(t)
		d.broken = broken
		if _, err := d.leave(); err == nil {
			t.Errorf("%s could not be destroyed, and no error came", broken)
		}
		if d.has(leaving.CertificateName) || !d.has("key") {
			t.Errorf("%s could not be destroyed: certificate %v, key %v", broken, d.has(leaving.CertificateName), d.has("key"))
		}
		d.broken = ""
		if _, err := d.leave(); err != nil {
			t.Fatal(err)
		}
		d.whole()
	}
}

func TestACertificateCannotBeChangedOrMistaken(t *testing.T) {
	d := newDevice(t)
	if _, err := d.leave(); err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(filepath.Join(d.dir, leaving.CertificateName))
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		if text, err := audit.OpenCertificate(bad, d.key); err == nil {
			t.Fatalf("byte %d was changed: %s", i, text)
		}
	}
	head, _ := os.ReadFile(filepath.Join(d.dir, "audit", "checkpoint"))
	if _, err := audit.OpenCertificate(head, d.key); err == nil || !strings.Contains(err.Error(), "no certificate") {
		t.Errorf("a head was taken for a certificate: %v", err)
	}
	l, err := audit.Open(t.TempDir(), "edged/door", [32]byte{9}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := audit.OpenCertificate(good, l.PublicKey()); err == nil {
		t.Error("another device's key opened it")
	}
	for _, text := range []string{"edged/door\n5\nAAAA\n", "", "anything\n", audit.CertificateTitle} {
		if _, err := l.Certify(text); err == nil {
			t.Errorf("%q was signed", text)
		}
	}
}
