package keysmith

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/go-tpm/tpm2"

	"example.org/edged/internal/wire"
)

// counterAt is the NV index of the counter, in the range that the TCG leaves to the owner of the machine
// (Registry of Reserved TPM 2.0 Handles and Localities, 0x01800000 to 0x01BFFFFF).
const counterAt = tpm2.TPMHandle(0x01800E1D)

// A tpm holds each generation as a sealed object whose policy (PolicyNV) is that the counter has one certain value. The
// index's name is part of the policy, so an index of another kind at the same place does not satisfy it.
//
// The parameters of Create and Unseal are encrypted on the bus, in a session salted to the storage root key: somebody
// who listens there learns no key. Somebody who can answer in the TPM's place could; that is beyond this tier.
type tpm struct {
	bus  *bus
	srk  *tpm2.CreatePrimaryResponse
	pub  *tpm2.TPMTPublic
	name tpm2.TPM2BName // of the counter
}

func openTPM(rw io.ReadWriter, bare bool) (holder, error) {
	t := &tpm{bus: &bus{rw: rw, wait: time.Sleep}}
	if bare {
		if err := t.tidy(); err != nil {
			return nil, err
		}
	}
	var err error
	if t.srk, err = (tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHOwner, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}).Execute(t.bus); err != nil {
		return nil, fmt.Errorf("make the TPM's storage root key (is an owner password set? edged needs none): %w", err)
	}
	if t.pub, err = t.srk.OutPublic.Contents(); err == nil {
		err = t.findCounter()
	}
	if err != nil {
		t.flush()
		return nil, err
	}
	return t, nil
}

// flush gives back the one place in the TPM's memory that is held.
func (t *tpm) flush() { tpm2.FlushContext{FlushHandle: t.srk.ObjectHandle}.Execute(t.bus) }

// tidy flushes what a former life of this room left in a TPM that has no resource manager before it.
func (t *tpm) tidy() error {
	for _, kind := range []tpm2.TPMHT{tpm2.TPMHTTransient, tpm2.TPMHTLoadedSession} {
		r, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: uint32(kind) << 24, PropertyCount: 64}.Execute(t.bus)
		if err != nil {
			return fmt.Errorf("ask the TPM what it holds: %w", err)
		}
		list, err := r.CapabilityData.Data.Handles()
		if err != nil {
			return fmt.Errorf("ask the TPM what it holds: %w", err)
		}
		for _, h := range list.Handle {
			if _, err := (tpm2.FlushContext{FlushHandle: h}).Execute(t.bus); err != nil {
				return fmt.Errorf("clear the TPM of what was left in it: %w", err)
			}
		}
	}
	return nil
}

// findCounter finds the counter or defines it. The first increment is what makes it readable, and changes its name.
func (t *tpm) findCounter() error {
	r, err := tpm2.NVReadPublic{NVIndex: counterAt}.Execute(t.bus)
	if errors.Is(err, tpm2.TPMRCHandle) {
		_, err = tpm2.NVDefineSpace{AuthHandle: tpm2.TPMRHOwner, PublicInfo: tpm2.New2B(tpm2.TPMSNVPublic{
			NVIndex: counterAt, NameAlg: tpm2.TPMAlgSHA256, DataSize: 8,
			Attributes: tpm2.TPMANV{AuthWrite: true, AuthRead: true, NT: tpm2.TPMNTCounter, NoDA: true},
		})}.Execute(t.bus)
		if err == nil {
			r, err = tpm2.NVReadPublic{NVIndex: counterAt}.Execute(t.bus)
		}
	}
	if err != nil {
		return fmt.Errorf("find the counter in the TPM: %w", err)
	}
	public, err := r.NVPublic.Contents()
	if err != nil {
		return fmt.Errorf("read the TPM's counter: %w", err)
	}
	if a := public.Attributes; a.NT != tpm2.TPMNTCounter || !a.AuthRead || !a.AuthWrite || public.DataSize != 8 {
		return no(wire.KeyTroubleOther, "index %#x of the TPM is used by something else: free it (tpm2_nvundefine), or choose another keys.tier", uint32(counterAt))
	}
	t.name = r.NVName
	if public.Attributes.Written {
		return nil
	}
	if err := t.increment(); err != nil {
		return err
	}
	if r, err = (tpm2.NVReadPublic{NVIndex: counterAt}).Execute(t.bus); err != nil {
		return fmt.Errorf("read the TPM's counter: %w", err)
	}
	t.name = r.NVName
	return nil
}

func (t *tpm) auth() tpm2.AuthHandle {
	return tpm2.AuthHandle{Handle: counterAt, Name: t.name, Auth: tpm2.PasswordAuth(nil)}
}

func (t *tpm) index() tpm2.NamedHandle { return tpm2.NamedHandle{Handle: counterAt, Name: t.name} }

func (t *tpm) increment() error {
	if _, err := (tpm2.NVIncrement{AuthHandle: t.auth(), NVIndex: t.index()}).Execute(t.bus); err != nil {
		return fmt.Errorf("move the TPM's counter on: %w", err)
	}
	return nil
}

func (t *tpm) current() (uint64, error) {
	r, err := tpm2.NVRead{AuthHandle: t.auth(), NVIndex: t.index(), Size: 8}.Execute(t.bus)
	if err != nil {
		return 0, fmt.Errorf("read the TPM's counter: %w", err)
	}
	if len(r.Data.Buffer) != 8 {
		return 0, errors.New("the TPM's counter is not 8 bytes long")
	}
	return binary.BigEndian.Uint64(r.Data.Buffer), nil
}

// advance counts up by one, and only when that leads to the right number.
func (t *tpm) advance(to uint64) error {
	at, err := t.current()
	if err != nil {
		return err
	}
	if at != to-1 {
		return no(wire.KeyTroubleShut, "the TPM's counter stands at %d instead of %d: another program has moved it, and faces cannot be opened again; remove the keysmith's folder and enrol everybody again", at, to-1)
	}
	return t.increment()
}

func (t *tpm) policy(n uint64) tpm2.PolicyNV {
	return tpm2.PolicyNV{AuthHandle: t.auth(), NVIndex: t.index(),
		OperandB: tpm2.TPM2BOperand{Buffer: binary.BigEndian.AppendUint64(nil, n)}, Operation: tpm2.TPMEOEq}
}

func (t *tpm) parent() tpm2.AuthHandle {
	return tpm2.AuthHandle{Handle: t.srk.ObjectHandle, Name: t.srk.Name, Auth: tpm2.PasswordAuth(nil)}
}

func (t *tpm) secret(direction tpm2.AuthOption) tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, 16, direction, tpm2.Salted(t.srk.ObjectHandle, *t.pub))
}

func (t *tpm) seal(n uint64, key *[32]byte) ([]byte, error) {
	digest, err := tpm2.NewPolicyCalculator(tpm2.TPMAlgSHA256)
	if err == nil {
		err = t.policy(n).Update(digest)
	}
	if err != nil {
		return nil, fmt.Errorf("compute the policy of generation %d: %w", n, err)
	}
	r, err := tpm2.Create{
		ParentHandle: t.parent(),
		InSensitive: tpm2.TPM2BSensitiveCreate{Sensitive: &tpm2.TPMSSensitiveCreate{
			Data: tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: key[:]})}},
		InPublic: tpm2.New2B(tpm2.TPMTPublic{Type: tpm2.TPMAlgKeyedHash, NameAlg: tpm2.TPMAlgSHA256,
			// UserWithAuth is not set: there is no way to it but the policy.
			ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, NoDA: true},
			AuthPolicy:       tpm2.TPM2BDigest{Buffer: digest.Hash().Digest}}),
	}.Execute(t.bus, t.secret(tpm2.AESEncryption(128, tpm2.EncryptIn)))
	if err != nil {
		return nil, fmt.Errorf("have the TPM seal generation %d: %w", n, err)
	}
	var out []byte
	for _, part := range [][]byte{tpm2.Marshal(r.OutPublic), tpm2.Marshal(r.OutPrivate)} {
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)))
		out = append(out, part...)
	}
	return out, nil
}

func (t *tpm) open(n uint64, sealed []byte) (key [32]byte, err error) {
	damaged := no(wire.KeyTroubleDamaged, "the sealed key of generation %d is damaged: put the file back, or remove the folder and enrol everybody again", n)
	parts, ok := split(sealed)
	if !ok {
		return key, damaged
	}
	public, err := tpm2.Unmarshal[tpm2.TPM2BPublic](parts[0])
	if err != nil {
		return key, damaged
	}
	private, err := tpm2.Unmarshal[tpm2.TPM2BPrivate](parts[1])
	if err != nil {
		return key, damaged
	}
	shut := func(err error) error {
		if errors.Is(err, errBus) {
			return err
		}
		return no(wire.KeyTroubleShut, "the TPM does not open generation %d: it was cleared or is another one, or the folder is a copy of before somebody was erased. No face in it opens again; remove the folder and enrol everybody again (%w)", n, err)
	}
	object, err := tpm2.Load{ParentHandle: t.parent(), InPublic: *public, InPrivate: *private}.Execute(t.bus)
	if err != nil {
		return key, shut(err)
	}
	defer tpm2.FlushContext{FlushHandle: object.ObjectHandle}.Execute(t.bus)
	// Not tpm2.Policy with a callback: that one leaks its session when the policy fails.
	session, end, err := tpm2.PolicySession(t.bus, tpm2.TPMAlgSHA256, 16)
	if err != nil {
		return key, fmt.Errorf("begin a session with the TPM: %w", err)
	}
	defer end()
	p := t.policy(n)
	p.PolicySession = session.Handle()
	if _, err := p.Execute(t.bus); err != nil {
		return key, shut(err)
	}
	r, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: object.ObjectHandle, Name: object.Name, Auth: session}}.Execute(
		t.bus, t.secret(tpm2.AESEncryption(128, tpm2.EncryptOut)))
	if err != nil {
		return key, shut(err)
	}
	defer clear(r.OutData.Buffer)
	if len(r.OutData.Buffer) != len(key) {
		return key, damaged
	}
	return [32]byte(r.OutData.Buffer), nil
}

// split takes apart what seal put together, and nothing else.
func split(b []byte) (parts [2][]byte, ok bool) {
	for i := range parts {
		if len(b) < 2 {
			return parts, false
		}
		n := 2 + int(binary.BigEndian.Uint16(b))
		if len(b) < n {
			return parts, false
		}
		parts[i], b = b[2:n], b[n:]
	}
	return parts, len(b) == 0
}
