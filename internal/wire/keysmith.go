package wire

// The keeper and the keysmith speak of key generations. This is the one wire that carries keys: 32 bytes of a
// generation, from the keysmith to the keeper, and never a face. Each request has a turn, so that an answer that comes
// late, or from a former life of the keysmith, is not taken for another.

// KeysmithHears is what the keeper may tell the keysmith.
type KeysmithHears interface {
	Word
	keysmithHears()
}

// KeysmithSays is what the keysmith may tell the keeper.
type KeysmithSays interface {
	Word
	keysmithSays()
}

// Promise says in plain words what a tier protects and what it does not; reports and receipts repeat it.
func (t Tier) Promise() string { return promises[t] }

var promises = [...]string{
	TierUnknown: "it is not known where the keys of faces are kept",
	TierFile: "key file: protects faces when the vault alone is copied; does not protect them when the whole disk is copied or stolen, " +
		"and an erased face can be opened again by whoever copied the disk before the erasure",
	TierPassphrase: "passphrase: protects faces on a copied or stolen disk as well as the passphrase is hard to guess; an erased face can be " +
		"opened again by whoever copied the disk before the erasure and knows the passphrase",
	TierCredential: "systemd credential: protects faces on a copied or stolen disk as well as systemd's host key or TPM keeps the credential; an " +
		"erased face can be opened again by whoever copied the disk before the erasure and can decrypt the credential",
	TierTPM: "TPM 2.0: a copied or stolen disk opens no face, and an erased face stays closed also for whoever copied the disk before the " +
		"erasure, even on this device; does not protect against whoever controls the running device, nor against a broken TPM",
}

// Destroys tells whether a key that this tier destroyed is gone for good, also for whoever copied the disk before.
func (t Tier) Destroys() bool { return t == TierTPM }

// KeyTrouble is why the keysmith gives no key.
type KeyTrouble uint8

const (
	KeyTroubleNone    KeyTrouble = iota
	KeyTroubleNoTier             // what holds the keys is not there: no TPM, no credential, no passphrase
	KeyTroubleOther              // the device was made with another tier than the one it is told to use
	KeyTroubleShut               // the current generation does not open: another TPM, a wrong passphrase, a copy of before
	KeyTroubleDamaged            // a file of the keysmith is damaged or missing
	KeyTroubleFailed             // the TPM or the disk gave an error
	KeyTroubleUnbegun            // a commit without a generation that was begun
)

var keyTroubles = []string{"none", "no-tier", "other-tier", "shut", "damaged", "failed", "unbegun"}

func (t KeyTrouble) String() string { return keyTroubles[t] }

// KeyOpen asks for the key of the current generation. What was begun and not committed is dropped.
type KeyOpen struct{ Turn uint32 }

func (*KeyOpen) number() number    { return nKeyOpen }
func (*KeyOpen) keysmithHears()    {}
func (w *KeyOpen) fields(c *codec) { c.u32(&w.Turn) }

// KeyBegin asks for a new generation. The current one lives on until KeyCommit.
type KeyBegin struct{ Turn uint32 }

func (*KeyBegin) number() number    { return nKeyBegin }
func (*KeyBegin) keysmithHears()    {}
func (w *KeyBegin) fields(c *codec) { c.u32(&w.Turn) }

// KeyCommit makes the generation that was begun the current one and destroys every older one.
type KeyCommit struct {
	Turn       uint32
	Generation uint64
}

func (*KeyCommit) number() number { return nKeyCommit }
func (*KeyCommit) keysmithHears() {}
func (w *KeyCommit) fields(c *codec) {
	c.u32(&w.Turn)
	c.u64(&w.Generation)
}

// KeyGiven answers each of the three: the generation that is meant, its tier and its key. After a commit the key is
// the same that KeyBegin was answered with.
type KeyGiven struct {
	Turn       uint32
	Tier       Tier
	Generation uint64
	Key        [32]byte
}

func (*KeyGiven) number() number { return nKeyGiven }
func (*KeyGiven) keysmithSays()  {}
func (w *KeyGiven) fields(c *codec) {
	c.u32(&w.Turn)
	enum(c, &w.Tier, tiers)
	c.u64(&w.Generation)
	c.bytes(w.Key[:])
}

// KeyRefused answers any of the three.
type KeyRefused struct {
	Turn uint32
	Tier Tier // the one the device was made with; TierUnknown when it has none
	Why  KeyTrouble
}

func (*KeyRefused) number() number { return nKeyRefused }
func (*KeyRefused) keysmithSays()  {}
func (w *KeyRefused) fields(c *codec) {
	c.u32(&w.Turn)
	enum(c, &w.Tier, tiers)
	enum(c, &w.Why, keyTroubles)
}

func (*Hello) keysmithSays()  {}
func (*Hello) keysmithHears() {}
