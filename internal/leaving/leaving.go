// Package leaving takes a device out of service: it destroys every face, every PIN and every key, proves that none is
// left, and signs a certificate that says so. It never lets anything else run before that is done, and never says it
// is done while something is left.
//
// The order: the log says that it begins, what is there is counted and the count written down, faces die, then PINs, the log
// says for each face that it is gone and that all is gone, the certificate is signed and on the disk; only then the device's own
// key dies, with which it was signed. Each step may be done twice, so after a power cut all of it is simply begun
// again; the count is taken once. Consent records and the log stay: they are the proof of what was agreed and done, and
// nothing in them leads to anybody any more once the PINs and the key that made the pseudonyms are gone.
package leaving

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/ruleset"
	"example.org/edged/internal/wire"
)

// CertificateName is the file in the keeper's folder.
const CertificateName = "certificate"

const countName = "leaving"

// Parts are what leaving needs of a device. They are functions because the keys and the vault have other owners.
type Parts struct {
	Dir      string
	Device   string
	Log      *audit.Log
	Now      func() (time.Time, bool)
	Tier     wire.Tier
	Faces    func() ([]wire.Pseudonym, error) // who has one stored
	PINs     func() (int, error)
	NoFaces  func() error // destroys all
	NoPINs   func() error
	NoKey    func() error
	Commits  func() map[wire.Pseudonym]audit.Hash // of the enrolments, for the line of each erasure
	After    func(step string) error              // tests cut the power here; nil otherwise
	Problems func() []string                      // what could not be read while counting; the certificate says it
}

// A Count is what there was before.
type Count struct {
	Faces  int              `json:"faces"`
	PINs   int              `json:"pins"`
	People []wire.Pseudonym `json:"people"` // of the faces; removed with the file

	Problems []string `json:"problems"`
}

// Leave does all of it, or what an earlier try has left over.
func Leave(p Parts) (Count, error) {
	c, err := p.count()
	if err != nil {
		return c, err
	}
	if err := p.step("counted"); err != nil {
		return c, err
	}
	if err := p.NoFaces(); err != nil {
		return c, fmt.Errorf("leaving: %w", err)
	}
	if err := p.step("faces gone"); err != nil {
		return c, err
	}
	if err := p.NoPINs(); err != nil {
		return c, fmt.Errorf("leaving: %w", err)
	}
	if err := p.step("PINs gone"); err != nil {
		return c, err
	}
	if err := p.prove(); err != nil {
		return c, err
	}
	if err := p.record(c); err != nil {
		return c, err
	}
	if err := p.step("recorded"); err != nil {
		return c, err
	}
	if err := p.certify(c); err != nil {
		return c, err
	}
	if err := p.step("certified"); err != nil {
		return c, err
	}
	return c, p.Finish()
}

// Finish destroys the device's key, once the certificate is there. It is all that is left to do when it is.
func (p Parts) Finish() error {
	if err := p.NoKey(); err != nil {
		return fmt.Errorf("leaving: destroying the device's key: %w", err)
	}
	if err := os.Remove(filepath.Join(p.Dir, countName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("leaving: %w", err)
	}
	return syncFolder(p.Dir)
}

func (p Parts) step(name string) error {
	if p.After == nil {
		return nil
	}
	return p.After(name)
}

// count reads what was counted by an earlier try, or counts, says in the log that it begins, and writes it down.
func (p Parts) count() (c Count, err error) {
	path := filepath.Join(p.Dir, countName)
	if b, err := os.ReadFile(path); err == nil && json.Unmarshal(b, &c) == nil {
		return c, nil
	}
	if c.People, err = p.Faces(); err != nil {
		return c, fmt.Errorf("leaving: counting faces: %w", err)
	}
	c.Faces = len(c.People)
	if c.PINs, err = p.PINs(); err != nil {
		return c, fmt.Errorf("leaving: counting PINs: %w", err)
	}
	c.Problems = p.Problems()
	if err := p.write(audit.Entry{Kind: wire.KindLeaving, Reason: wire.ReasonLeaving}); err != nil {
		return c, err
	}
	b, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("leaving: %w", err)
	}
	return c, put(p.Dir, countName, b)
}

// prove counts again: the promise is a number, and it must be zero.
func (p Parts) prove() error {
	faces, err := p.Faces()
	if err != nil || len(faces) > 0 {
		return errors.Join(fmt.Errorf("leaving: %d faces are left", len(faces)), err)
	}
	if pins, err := p.PINs(); err != nil || pins > 0 {
		return errors.Join(fmt.Errorf("leaving: %d PINs are left", pins), err)
	}
	return nil
}

// record gives each face its line, unless an earlier try has, and says that all are gone.
func (p Parts) record(c Count) error {
	for _, e := range p.Log.Backwards(audit.Query{Kinds: []wire.Kind{wire.KindLeft, wire.KindLeaving}}) {
		if e.Kind == wire.KindLeft {
			return nil
		}
		break
	}
	commits := p.Commits()
	var es []audit.Entry
	for _, who := range c.People {
		es = append(es, audit.Entry{Kind: wire.KindErased, Reason: wire.ReasonLeaving, Who: who, Tier: p.Tier, Commit: commits[who]})
	}
	return p.write(append(es, audit.Entry{Kind: wire.KindLeft, Reason: wire.ReasonLeaving})...)
}

func (p Parts) write(es ...audit.Entry) error {
	at, trusted := p.Now()
	for i := range es {
		es[i].At, es[i].Trusted, es[i].Rules = at.UnixMilli(), trusted, ruleset.At(at).ID
	}
	if _, err := p.Log.AppendAll(es); err != nil {
		return fmt.Errorf("leaving: what cannot be recorded is not done: %w", err)
	}
	return nil
}

// certify writes the certificate: a signed note (c2sp.org/signed-note) whose lines are the claims.
func (p Parts) certify(c Count) error {
	at, trusted := p.Now()
	h := p.Log.Head()
	text := fmt.Sprintf("%s\ndevice %s\nat %s trusted=%v\nfaces erased %d left 0\npins destroyed %d left 0\nkeys destroyed: %s\nlog %d %s\n",
		audit.CertificateTitle, p.Device, at.UTC().Format(time.RFC3339), trusted, c.Faces, c.PINs, p.Tier.Promise(), h.Size, tlog.Hash(h.Root))
	for _, s := range c.Problems {
		text += "problem " + strings.ReplaceAll(s, "\n", "; ") + "\n"
	}
	signed, err := p.Log.Certify(text)
	if err != nil {
		return err
	}
	return put(p.Dir, CertificateName, signed)
}

// put writes a file whole or not at all.
func put(dir, name string, b []byte) error {
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("leaving: %w", err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("leaving: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("leaving: %w", err)
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("leaving: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
