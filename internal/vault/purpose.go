package vault

import (
	"crypto/hkdf"
	"crypto/sha256"
)

// purposeKey is what a person's key becomes for one purpose (Measures for facial recognition 2025, article 4: a face is
// processed for a specific purpose). The label binds the purpose as well; the key is what makes it impossible rather
// than forbidden: code that asks for another purpose holds a key that opens nothing, whatever label it makes up.
func purposeKey(key *[32]byte, purpose string) [32]byte {
	k, err := hkdf.Expand(sha256.New, key[:], "edged/v1/purpose/"+purpose, 32)
	if err != nil {
		panic("vault: internal error: " + err.Error()) // only lengths can be wrong, and they are fixed
	}
	defer clear(k)
	return [32]byte(k)
}
