package config_test

import (
	"strings"
	"testing"

	"example.org/edged/internal/config"
)

func TestADoorWhoseTrafficNoCurveBearsIsTold(t *testing.T) {
	c := written(t, strings.Replace(faceDoor, "face: {", "face: {tries_per_day: 500, ", 1)+"camera: {source: v4l2}\n")
	f := finding(t, c.Check(t.Context(), config.Around{Models: func(string, string) error { return nil }}), "face.tries_per_day")
	if f.Level != config.Warn || !strings.Contains(f.What, "bears no list") || f.Do == "" {
		t.Errorf("%+v", f)
	}
}
