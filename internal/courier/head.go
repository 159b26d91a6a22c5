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
type notary struct{ key note.Verifier }

func newNotary(auditKey string) (*notary, error) {
	if auditKey == "" {
		return &notary{}, nil
	}
	key, err := note.NewVerifier(auditKey)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log's public key: %w", err)
	}
	return &notary{key: key}, nil
}

// write rebuilds the note and checks it: what stock tools would refuse is never published.
func (n *notary) write(w *wire.Head) ([]byte, error) {
	if n.key == nil {
		return nil, fmt.Errorf("the audit log's public key is not known here")
	}
	sig := binary.BigEndian.AppendUint32(nil, n.key.KeyHash())
	sig = append(append(sig, w.R[:]...), w.S[:]...)
	text := fmt.Appendf(nil, "%s\n%d\n%s\n\n— %s %s\n", n.key.Name(), w.Size, base64.StdEncoding.EncodeToString(w.Root[:]),
		n.key.Name(), base64.StdEncoding.EncodeToString(sig))
	if _, err := note.Open(text, note.VerifierList(n.key)); err != nil {
		return nil, fmt.Errorf("the head of size %d does not verify: %w", w.Size, err)
	}
	return text, nil
}

func (c *courier) head(w *wire.Head) {
	text, err := c.note.write(w)
	if err != nil {
		c.log.Error("the audit log's head is not published", slog.String("why", err.Error()))
		return
	}
	c.tray.stand(c.topics.head, text)
}
