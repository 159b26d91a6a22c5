package models_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/edged/internal/models"
)

// J-2a: whoever lays a network for age, mood or habit into the folder of models is told to remove it, and no name lends it
// the place of another: what runs is chosen by hash.
func TestJ2a_ANetworkForAnalysisIsRefusedAndNeverRead(t *testing.T) {
	analysis := []byte("age, mood, sex")
	for _, c := range []struct {
		name, file, want string
		refused          bool
	}{
		{"the pack alone", "", "", false},
		{"a network beside it", "attributes.onnx", "attributes.onnx is not a model of pack", true},
		{"one in capitals", "VIP.ONNX", "VIP.ONNX is not a model of pack", true},
		{"one under the name of the features", "feature.onnx", "feature.onnx (feature) is not the file", true},
		{"one under the name of the liveness", "liveness.onnx", "liveness.onnx (liveness) is not the file", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, files := small(t)
			dir := t.TempDir()
			if err := m.Unpack(bytes.NewReader(archive(t, files)), dir); err != nil {
				t.Fatal(err)
			}
			if c.file != "" {
				if err := os.WriteFile(filepath.Join(dir, c.file), analysis, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			pack := m.Pack(dir)
			if err := models.Verify(pack); (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			for _, role := range append([]string{"attributes", "age", "emotion", "vip"}, roles...) {
				b, err := pack.Read(role)
				if bytes.Equal(b, analysis) {
					t.Errorf("the eye is handed the analysis as its %s", role)
				}
				if _, known := pack.Files[role]; !known && err == nil {
					t.Errorf("a pack of four networks has a fifth, for %s", role)
				}
			}
		})
	}
}
