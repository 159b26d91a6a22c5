package config

import (
	"errors"

	"example.org/edged/internal/liveness"
	"example.org/edged/internal/room"
)

// FaceAlone says whether a face opens this door without a PIN, by which liveness table (the zero hash: by none), and where
// it does not, why. What cannot be read bears nothing, and never keeps the door from starting.
func (c *Config) FaceAlone(pack room.Pack) (alone bool, table [32]byte, why error) {
	switch f := c.Face; {
	case !f.Judge:
		return false, table, errors.New("face.liveness_model is false, so nothing tells a person from a picture")
	case f.Alone == "never":
		return false, table, errors.New("face.alone is never")
	case f.Alone == "unmeasured":
		return true, table, nil
	case f.Table == "":
		return false, table, errors.New("nobody has measured how well liveness is judged on this camera")
	}
	text, bad := slurp(c.Face.Table)
	if bad != nil {
		return false, table, errors.New(c.Face.Table + " " + bad.What)
	}
	t, err := liveness.ReadTable(text)
	if err == nil {
		err = t.Bears(pack.Files["liveness"].SHA256, c.Face.Liveness)
	}
	if err != nil {
		return false, table, errors.New(c.Face.Table + " " + err.Error())
	}
	return true, t.Hash, nil
}

// checkAlone says what a face is worth at this door.
func (c *Config) checkAlone(find func(folder, name string) (room.Pack, error)) []Finding {
	if !c.HasFace() || find == nil {
		return nil
	}
	pack, err := find(c.Face.Models, c.Face.Pack)
	if err != nil {
		return nil // said of face.models
	}
	const both = ": PIN and face are asked for together, from whoever has a face stored"
	const measure = "run `edged bench liveness --live DIR --attack DIR --json > FILE` with pictures from this camera, and write face: {liveness_table: FILE}"
	alone, _, why := c.FaceAlone(pack)
	switch {
	case !alone && !c.Face.Judge:
		return []Finding{{Warn, "face.liveness_model", why.Error() + both, "write liveness_model: true"}}
	case !alone && c.Face.Alone == "never":
		return []Finding{{OK, "face.alone", why.Error() + both, ""}}
	case !alone && c.Face.Table == "":
		return []Finding{{Warn, "face.alone", why.Error() + both, measure}}
	case !alone:
		return []Finding{{Fail, "face.liveness_table", why.Error() + both, measure}}
	case c.Face.Alone == "unmeasured":
		return []Finding{{Warn, "face.alone", "a face alone opens, and nobody has measured on this camera how many prints and screens pass", measure}}
	}
	return []Finding{{OK, "face.liveness_table", c.Face.Table + " bears that a face alone opens", ""}}
}
