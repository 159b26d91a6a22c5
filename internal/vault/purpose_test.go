package vault_test

import (
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/vault"
)

// A label that is right in every word does not help whoever comes with the key of another purpose.
func TestM4a_AKeyForOnePurposeOpensNoFaceOfAnother(t *testing.T) {
	h := newHouse(t)
	ada := h.enrol(1)
	for purpose, want := range map[string]bool{"entry": true, "attendance": false, "entry ": false, "entr": false, "": false} {
		opens, err := h.vault.OpensAs(ada, purpose)
		if err != nil {
			t.Fatal(err)
		}
		if opens != want {
			t.Errorf("with the key for %q it opens: %v", purpose, opens)
		}
	}
}

func TestM4a_PurposesHaveKeysOfTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		key := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		if (vault.PurposeKey(&key, a) == vault.PurposeKey(&key, b)) != (a == b) {
			t.Errorf("%q and %q", a, b)
		}
	})
}
