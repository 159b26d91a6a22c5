package hold_test

import (
	"os"
	"path/filepath"
	"testing"

	"example.org/edged/internal/hold"
)

func TestAFileIsTheOldOneOrTheNewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, text := range []string{"old", "new and longer", ""} {
		if err := hold.Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != text {
			t.Errorf("%q, %v", b, err)
		}
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	// A disk that takes nothing: what was there stays, and no half is left.
	if err := os.Mkdir(path+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := hold.Write(path, []byte("third")); err == nil {
		t.Error("it says that it wrote")
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "" {
		t.Errorf("%q, %v", b, err)
	}
}
