package vault

import (
	"errors"
	"io"
	"time"

	"example.org/edged/internal/keys"
	"example.org/edged/internal/person"
	"example.org/edged/internal/template"
	"example.org/edged/internal/wire"
)

type Label struct {
	Person         person.ID
	Purpose        string
	Model, Consent [32]byte
	Expiry         time.Time
}

type Held struct {
	Label    Label
	Template template.Template
}

type Refused struct {
	Person person.ID
	Reason wire.Reason
}

// Damaged: Open set the files aside; go on without faces.
type Damaged struct {
	File    string
	Aside   []string
	Problem error
}

func (d *Damaged) Error() string { return d.Problem.Error() }

type Vault struct{}

var errTODO = errors.New("vault: not built yet")

func Open(dir, device string, root *keys.Root, arena *template.Arena, rand io.Reader) (*Vault, error) {
	return nil, errTODO
}
func (v *Vault) Keep(l Label, t template.Template) error        { return errTODO }
func (v *Vault) Load(model [32]byte) ([]Held, []Refused, error) { return nil, nil, errTODO }
func (v *Vault) Erase(people ...person.ID) error                { return errTODO }
func (v *Vault) Pending() []person.ID                           { return nil }
func (v *Vault) Due(now time.Time) []Label                      { return nil }
func (v *Vault) Labels() []Label                                { return nil }
func (v *Vault) Len() int                                       { return 0 }
func (v *Vault) Close() error                                   { return nil }

// Discard destroys what Open set aside, for an erasure while there is no vault.
func Discard(dir string) error { return errTODO }
