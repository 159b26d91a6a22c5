package config_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/edged/internal/config"
	"example.org/edged/internal/room"
)

const bearing = `{"apcer_by_kind":{"print":{"high":0.1,"of":36}},"rates":{"bpcer":{"of":30}},"live_from":0.05,"model":"beef"}`

// Whether a face alone opens is never left to what is missing, unreadable or measured on something else.
func TestAFaceAloneOpensOnlyWithAReason(t *testing.T) {
	pack := room.Pack{Name: "faceplugin", Files: map[string]room.ModelFile{"feature": {SHA256: "abcd"}, "liveness": {SHA256: "beef"}}}
	for _, c := range []struct {
		name, face, table string
		alone             bool
		level             config.Level
		says              string
	}{
		{"nothing is said", "", "", false, config.Warn, "nobody has measured"},
		{"a table bears it", "liveness_table: table.json", bearing, true, config.OK, "bears that a face alone opens"},
		{"the table is not there", "liveness_table: table.json", "", false, config.Fail, "table.json"},
		{"the table is of another model", "liveness_table: table.json", strings.Replace(bearing, "beef", "cafe", 1), false, config.Fail, "another liveness model"},
		{"the table is of another threshold", "liveness_table: table.json, liveness: 0.04", bearing, false, config.Fail, "--live-from 0.04"},
		{"the table is too short", "liveness_table: table.json", strings.Replace(bearing, "0.1", "0.3", 1), false, config.Fail, "30 % of the attacks"},
		{"never", "alone: never", "", false, config.OK, "is never"},
		{"without a table, in so many words", "alone: unmeasured", "", true, config.Warn, "nobody has measured on this camera how many"},
		{"the kill switch", "liveness_model: false", "", false, config.Warn, "liveness_model is false"},
		{"the kill switch beside a table", "liveness_model: false, liveness_table: table.json", bearing, false, config.Warn, "liveness_model is false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := written(t, "state: st\nnotice: notice.yaml\ndoor: {methods: [pin, face]}\ncamera: {source: v4l2}\nface: {models: m, keep: 365d, "+c.face+"}\n"+
				"site: {place: office, necessity: Both hands carry trays from the kitchen here., sign: beside the door, sign_confirmed: 2026-11-01, area: before the door, declared_by: Li Na}\n")
			if c.table != "" {
				if err := os.WriteFile(filepath.Join(filepath.Dir(cfg.File), "table.json"), []byte(c.table), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			alone, hash, why := cfg.FaceAlone(pack)
			if alone != c.alone || (why == nil) != c.alone || (hash != [32]byte{}) != (c.alone && c.table != "") {
				t.Errorf("alone %v, %x, %v", alone, hash, why)
			}
			if k := cfg.Keeper(pack, time.Now()); k.Face.Alone != c.alone || k.Face.Table != hash {
				t.Errorf("the keeper is told %+v", k.Face)
			}
			for _, f := range cfg.Check(context.Background(), config.Around{Pack: func(string, string) (room.Pack, error) { return pack, nil }}) {
				if strings.Contains(f.What, c.says) && f.Level == c.level {
					return
				}
			}
			t.Errorf("edged check does not say %q", c.says)
		})
	}
}
