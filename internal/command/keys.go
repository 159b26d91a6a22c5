package command

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"example.org/edged/internal/config"
	"example.org/edged/internal/hall"
)

// keys says what may hold the keys of faces; nil where no face is kept. A passphrase that is in no file is asked for
// where somebody can type it, and goes into memory that only the keysmith reads.
func (t *tools) keys(cfg *config.Config) (*hall.Keys, error) {
	if !cfg.HasFace() {
		return nil, nil
	}
	k := &hall.Keys{Folder: cfg.KeysFolder(), Tier: cfg.Keys.Tier, TPM: cfg.Keys.TPM, Passphrase: cfg.Keys.PassphraseFile,
		Credential: config.Credential(os.Getenv("CREDENTIALS_DIRECTORY"))}
	if k.Tier != "passphrase" || k.Passphrase != "" || t.In == nil || !term.IsTerminal(int(t.In.Fd())) {
		return k, nil
	}
	fmt.Fprint(t.Err, "Passphrase for the keys of faces: ")
	words, err := term.ReadPassword(int(t.In.Fd()))
	fmt.Fprintln(t.Err)
	if err != nil {
		return nil, fmt.Errorf("reading the passphrase: %w", err)
	}
	defer clear(words)
	fd, err := unix.MemfdCreate("passphrase", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create(2): %w", err)
	}
	k.Typed = os.NewFile(uintptr(fd), "passphrase")
	if _, err := k.Typed.Write(words); err != nil {
		return nil, errors.Join(fmt.Errorf("keeping the passphrase: %w", err), k.Typed.Close())
	}
	return k, nil
}
