package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/wire"
)

// credential is the name under which systemd hands over the secret of the credential tier.
const credential = "edged.keys"

// KeysFolder is the keysmith's.
func (c *Config) KeysFolder() string { return filepath.Join(c.State, "keysmith") }

// Credential is the file of the credential when systemd has handed one over; folder is $CREDENTIALS_DIRECTORY.
func Credential(folder string) string {
	if folder == "" {
		return ""
	}
	path := filepath.Join(folder, credential)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// checkKeys names what holds the keys of faces, and what that does not protect.
func (c *Config) checkKeys() []Finding {
	if !c.HasFace() {
		return nil
	}
	made, err := c.madeTier()
	if err != nil {
		return []Finding{{Fail, "keys", err.Error(), "start as root; if the file is damaged, put it back, or remove the folder and enrol everybody again"}}
	}
	wanted := c.Keys.Tier
	if made != "" && wanted != "auto" && wanted != made {
		return []Finding{{Fail, "keys.tier", "the keys of this device are kept by tier " + made + ", and the file asks for " + wanted + ": faces rest",
			"write tier: " + made + ", or remove " + c.KeysFolder() + " and enrol everybody again"}}
	}
	tier := made
	if tier == "" {
		tier = c.bestTier()
	}
	if what, do := c.tierMissing(tier); what != "" {
		return []Finding{{Fail, "keys.tier", "tier " + tier + ": " + what + ": faces rest, PIN and card work", do}}
	}
	for t := wire.TierFile; t <= wire.TierTPM; t++ {
		if t.String() != tier {
			continue
		}
		if t.Destroys() {
			return []Finding{{OK, "keys.tier", t.Promise(), ""}}
		}
		return []Finding{{Warn, "keys.tier", t.Promise(), "a device with a TPM 2.0 does better; a device that has faces keeps its tier"}}
	}
	return []Finding{{Fail, "keys", "tier " + tier + " is unknown to this program", "install the program that made it"}}
}

// madeTier is the tier that the keysmith began with, empty before its first start.
func (c *Config) madeTier() (string, error) {
	path := filepath.Join(c.KeysFolder(), "made")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var made struct{ Tier string }
	if err == nil {
		err = json.Unmarshal(b, &made)
	}
	if err != nil || made.Tier == "" {
		return "", fmt.Errorf("%s cannot be read: %s", path, reason(err))
	}
	return made.Tier, nil
}

// bestTier is what a new device would begin with.
func (c *Config) bestTier() string {
	if c.Keys.Tier != "auto" {
		return c.Keys.Tier
	}
	socket := strings.HasPrefix(c.Keys.TPM, "unix:")
	if _, err := os.Stat(c.Keys.TPM); err == nil || socket {
		return wire.TierTPM.String()
	}
	if Credential(os.Getenv("CREDENTIALS_DIRECTORY")) != "" {
		return wire.TierCredential.String()
	}
	if c.Keys.PassphraseFile != "" {
		return wire.TierPassphrase.String()
	}
	return wire.TierFile.String()
}

func (c *Config) tierMissing(tier string) (what, do string) {
	switch tier {
	case wire.TierTPM.String():
		at := strings.TrimPrefix(c.Keys.TPM, "unix:")
		if err := unix.Access(at, unix.R_OK|unix.W_OK); err != nil {
			return "the TPM at " + at + " cannot be used (" + err.Error() + ")", "look at keys.tpm, and at who may use it (group tss)"
		}
	case wire.TierCredential.String():
		if os.Getenv("INVOCATION_ID") != "" && Credential(os.Getenv("CREDENTIALS_DIRECTORY")) == "" {
			return "systemd handed over no credential " + credential, "add LoadCredentialEncrypted=" + credential + ":FILE to the unit"
		}
	case wire.TierPassphrase.String():
		p := c.Keys.PassphraseFile
		if p == "" {
			return "", "" // typed at the start
		}
		st, err := os.Stat(p)
		switch {
		case err != nil:
			return p + " cannot be looked at: " + reason(err), "write the passphrase into it, mode 0600"
		case st.Mode().Perm()&0o077 != 0:
			return p + " is open to others", "chmod 600 it"
		}
	}
	return "", ""
}
