package hall

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/room"
)

// Keys is what may hold the keys of faces on this machine. The hall opens it for the keysmith and reads none of it.
type Keys struct {
	Folder     string   // the keysmith's
	Tier       string   // "auto", "tpm", "credential", "passphrase" or "key-file"
	TPM        string   // a device, or unix:PATH of a TPM in software
	Credential string   // file that systemd decrypted; empty without one
	Passphrase string   // file; empty without one
	Typed      *os.File // the passphrase as it was typed at the start; nil when it was not
}

// viaSocket marks the address of a TPM in software.
const viaSocket = "unix:"

// openKeys gives the keysmith what there is. What is not there costs the face and not the door, so nothing here is an
// error of the hall's: the keysmith says what is missing, and never takes something weaker for it.
func (p *post) openKeys(log *slog.Logger) {
	for name, f := range p.files {
		if name != "hall" && name != "keeper" {
			f.Close()
			delete(p.files, name)
		}
	}
	k := p.keys
	brief := room.Keysmith{Folder: k.Folder, Tier: k.Tier, Bare: strings.HasPrefix(k.TPM, viaSocket)}
	give := func(name string, f *os.File, err error) {
		if err == nil {
			p.files[name] = f
			return
		}
		log.Error("what holds the keys of faces cannot be opened", slog.String("what", name), slog.String("why", err.Error()))
	}
	if k.TPM != "" && (k.Tier == "auto" || k.Tier == "tpm") {
		f, err := openTPM(k.TPM)
		brief.TPMThere = !errors.Is(err, fs.ErrNotExist) || brief.Bare // a socket that is named is meant to be there
		if err == nil || brief.TPMThere || k.Tier == "tpm" {
			give("tpm", f, err)
		}
	}
	if k.Credential != "" {
		f, err := os.Open(k.Credential)
		give("credential", f, err)
	}
	if k.Typed != nil {
		fd, err := unix.FcntlInt(k.Typed.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		give("passphrase", os.NewFile(uintptr(max(fd, 0)), "passphrase"), err)
	} else if k.Passphrase != "" {
		f, err := os.Open(k.Passphrase)
		give("passphrase", f, err)
	}
	p.brief = brief
}

// openTPM opens a device, or connects to a TPM in software without package net. The room at the other end of the
// descriptor has no network of its own.
func openTPM(at string) (*os.File, error) {
	path, socket := strings.CutPrefix(at, viaSocket)
	if !socket {
		// Not os.OpenFile: a TPM device that does not block wants to be polled between question and answer.
		fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("open the TPM %s: %w (may this user use it? group tss)", path, err)
		}
		return os.NewFile(uintptr(fd), "tpm"), nil
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("socket(2) for the TPM: %w", err)
	}
	f := os.NewFile(uintptr(fd), "tpm")
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		f.Close()
		return nil, fmt.Errorf("connect to the TPM %s: %w", at, err)
	}
	return f, nil
}
