package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// CertificateTitle is the first line of every certificate. A log's name cannot be it, so no certificate can be taken
// for a head, nor a head for a certificate.
const CertificateTitle = "edged certificate of decommissioning, version 1"

// Certify signs the text of a certificate with the log's key. It signs nothing else.
func (l *Log) Certify(text string) ([]byte, error) {
	if !strings.HasPrefix(text, CertificateTitle+"\n") || !strings.HasSuffix(text, "\n") {
		return nil, errors.New("audit: internal error: only certificates are signed")
	}
	signature := ed25519.Sign(l.key.private, []byte(text))
	line := base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint32(nil, l.key.hash), signature...))
	return fmt.Appendf(nil, "%s\n— %s %s\n", text, l.key.origin, line), nil
}

// OpenCertificate checks a certificate with nothing but the device's public key and gives its text.
func OpenCertificate(msg []byte, publicKey string) (text string, err error) {
	v, err := note.NewVerifier(publicKey)
	if err != nil {
		return "", fmt.Errorf("the public key is not a note verifier key: %w", err)
	}
	n, err := note.Open(msg, note.VerifierList(v))
	var stranger *note.UnverifiedNoteError
	if errors.As(err, &stranger) {
		return "", errors.New("the certificate is not signed with this key: it is another device's, or it was changed")
	}
	if err != nil {
		return "", fmt.Errorf("the certificate is damaged: %w", err)
	}
	// Base64 has spare bits at its end: of the spellings that say the same, only the one that was written is taken.
	if raw, err := base64.StdEncoding.Strict().DecodeString(n.Sigs[0].Base64); err != nil || len(raw) != 4+ed25519.SignatureSize {
		return "", errors.New("the certificate is damaged: its signature was rewritten")
	}
	if !strings.HasPrefix(n.Text, CertificateTitle+"\n") {
		return "", errors.New("this is signed by the device, but it is no certificate")
	}
	return n.Text, nil
}
