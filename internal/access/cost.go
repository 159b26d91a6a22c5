package access

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// A cost is the work of one argon2id.
type cost struct {
	memory uint32 // KiB
	passes uint32
	lanes  uint8
}

// usual is the OWASP Password Storage Cheat Sheet's figure for argon2id: 19 MiB, two passes, one lane.
var usual = cost{19 << 10, 2, 1}

const keyLen = 32

func (c cost) key(secret, salt []byte) []byte {
	return argon2.IDKey(secret, salt, c.passes, c.memory, c.lanes, keyLen)
}

// check refuses a cost that would guard nothing, and one that would stop the terminal.
func (c cost) check() error {
	if c.memory < usual.memory || c.memory > 256<<10 || c.passes < usual.passes || c.passes > 16 || c.lanes < 1 || c.lanes > 4 {
		return fmt.Errorf("argon2id with m=%d KiB, t=%d, p=%d is outside what is allowed: at least m=%d, t=%d, p=%d",
			c.memory, c.passes, c.lanes, usual.memory, usual.passes, usual.lanes)
	}
	return nil
}

// A phc is one hash in the PHC string format, which other tools read too: the cost and the salt stand beside the key.
type phc struct {
	cost
	salt, key []byte
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.key))
}

// parsePHC takes only what String would have written: one hash has one spelling. What it was given is not repeated in
// the error, because people paste a PIN where its hash belongs.
func parsePHC(s string) (phc, error) {
	const how = "make one with `edged pin`"
	var p phc
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return phc{}, fmt.Errorf("this is not an argon2id hash: %s", how)
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return phc{}, fmt.Errorf("this argon2id hash is not of version %d: %s", argon2.Version, how)
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil {
		return phc{}, fmt.Errorf("the cost of this argon2id hash is not readable: %s", how)
	}
	p.salt, _ = base64.RawStdEncoding.DecodeString(parts[4])
	p.key, _ = base64.RawStdEncoding.DecodeString(parts[5])
	if len(p.salt) < 16 || len(p.salt) > 64 || len(p.key) != keyLen || p.String() != s {
		return phc{}, fmt.Errorf("this argon2id hash is damaged: %s", how)
	}
	if err := p.check(); err != nil {
		return phc{}, fmt.Errorf("%w: %s", err, how)
	}
	return p, nil
}
