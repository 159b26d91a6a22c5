package courier

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log/slog"

	"golang.org/x/mod/sumdb/note"

	"example.org/edged/internal/wire"
)

// A notary writes the signed head of the audit log as the note that the keeper signed, from the numbers that a
// wire.Head can hold.
type notary struct{ origin string }

func newNotary(device string) *notary { return &notary{origin: "edged/" + device} }

// write rebuilds the note and checks it: what stock tools would refuse is never published. Key is the log's public key
// as a note verifier key.
func (n *notary) write(w *wire.Head) (text []byte, key string, err error) {
	if key, err = note.NewEd25519VerifierKey(n.origin, w.Key[:]); err != nil {
		return nil, "", fmt.Errorf("the audit log's public key: %w", err)
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, "", fmt.Errorf("the audit log's public key: %w", err)
	}
	sig := binary.BigEndian.AppendUint32(nil, v.KeyHash())
	sig = append(append(sig, w.R[:]...), w.S[:]...)
	text = fmt.Appendf(nil, "%s\n%d\n%s\n\n— %s %s\n", n.origin, w.Size, base64.StdEncoding.EncodeToString(w.Root[:]),
		n.origin, base64.StdEncoding.EncodeToString(sig))
	if _, err := note.Open(text, note.VerifierList(v)); err != nil {
		return nil, "", fmt.Errorf("the head of size %d does not verify: %w", w.Size, err)
	}
	return text, key, nil
}

func (c *courier) head(w *wire.Head) {
	text, key, err := c.note.write(w)
	if err != nil {
		c.log.Error("the audit log's head is not published", slog.String("why", err.Error()))
		return
	}
	c.tray.stand(c.topics.head, text)
	if c.about.AuditKey != key {
		c.about.AuditKey = key
		c.stand(c.topics.describe, c.about)
	}
}
