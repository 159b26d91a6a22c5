package audit

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/edged/internal/wire"
)

// A key signs heads under the name of the log (c2sp.org/tlog-checkpoint: the origin is the key's name).
type key struct {
	origin  string
	public  string // note verifier key
	hash    uint32
	private ed25519.PrivateKey
}

func newKey(origin string, seed [32]byte) (key, error) {
	private := ed25519.NewKeyFromSeed(seed[:])
	public, err := note.NewEd25519VerifierKey(origin, private.Public().(ed25519.PublicKey))
	if err != nil {
		return key{}, fmt.Errorf("audit: origin %q: %w", origin, err)
	}
	v, err := note.NewVerifier(public)
	if err != nil {
		return key{}, fmt.Errorf("audit: origin %q cannot name a log (no spaces, no +): %w", origin, err)
	}
	return key{origin, public, v.KeyHash(), private}, nil
}

func (k key) sign(t tree) wire.Head {
	h := wire.Head{Size: t.size, Root: t.root()}
	signature := ed25519.Sign(k.private, []byte(headText(k.origin, h)))
	copy(h.R[:], signature)
	copy(h.S[:], signature[len(h.R):])
	return h
}

func headText(origin string, h wire.Head) string {
	return fmt.Sprintf("%s\n%d\n%v\n", origin, h.Size, tlog.Hash(h.Root))
}

// Checkpoint writes a head as the signed note that other tools read (c2sp.org/tlog-checkpoint), after checking it
// against the log's public key.
func Checkpoint(publicKey string, h wire.Head) ([]byte, error) {
	v, err := note.NewVerifier(publicKey)
	if err != nil {
		return nil, fmt.Errorf("audit: the public key is not a note verifier key: %w", err)
	}
	text := headText(v.Name(), h)
	signature := append(h.R[:], h.S[:]...)
	if !v.Verify([]byte(text), signature) {
		return nil, errors.New("audit: the head is not signed with this key")
	}
	line := base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, v.KeyHash()), signature...))
	return fmt.Appendf(nil, "%s\n— %s %s\n", text, v.Name(), line), nil
}

// parseHead reads a signed head and checks its signature. With own, it must be spelled as the log writes it; a head
// that came back from elsewhere may carry the signatures of witnesses too.
func parseHead(msg []byte, publicKey string, own bool) (wire.Head, error) {
	v, err := note.NewVerifier(publicKey)
	if err != nil {
		return wire.Head{}, fmt.Errorf("audit: the public key is not a note verifier key: %w", err)
	}
	n, err := note.Open(msg, note.VerifierList(v))
	var stranger *note.UnverifiedNoteError
	if errors.As(err, &stranger) {
		return wire.Head{}, &Problem{How: WrongKey}
	}
	if err != nil {
		return wire.Head{}, &Problem{How: HeadDamaged, why: err}
	}
	h, err := parseHeadText(v.Name(), n.Text)
	if err != nil {
		return wire.Head{}, &Problem{How: HeadDamaged, why: err}
	}
	raw, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
	if err != nil || len(raw) != 4+ed25519.SignatureSize {
		return wire.Head{}, &Problem{How: HeadDamaged, why: errors.New("its signature is not Ed25519")}
	}
	copy(h.R[:], raw[4:])
	copy(h.S[:], raw[4+len(h.R):])
	if same, err := Checkpoint(publicKey, h); own && (err != nil || !bytes.Equal(same, msg)) {
		return wire.Head{}, &Problem{How: HeadDamaged, why: errors.New("not in the spelling that the log writes")}
	}
	return h, nil
}

func parseHeadText(origin, text string) (wire.Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] != origin {
		return wire.Head{}, fmt.Errorf("it is not the head of %s", origin)
	}
	var h wire.Head
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return wire.Head{}, errors.New("its root is not a hash")
	}
	h.Root = root
	if _, err := fmt.Sscanf(lines[1], "%d", &h.Size); err != nil || headText(origin, h) != text || h.Size > 1<<48 {
		return wire.Head{}, errors.New("its size is not a number of entries")
	}
	return h, nil
}
