package wire

// FeatureLen is the length of a face feature (the numbers a template is made of).
const FeatureLen = 512

// EyeSays is what the eye may tell the keeper. This is the only direction in which a face travels as numbers.
type EyeSays interface {
	Word
	eyeSays()
}

// EyeHears is what the keeper may tell the eye.
type EyeHears interface {
	Word
	eyeHears()
}

// MirrorSays is what the eye may show on the kiosk: the picture of now, in memory only.
type MirrorSays interface {
	Word
	mirrorSays()
}

// MeasureSays is what an eye started for measuring tells the person who measures. Such an eye has no keeper and no
// camera: it reads a folder of pictures that was named on the command line.
type MeasureSays interface {
	Word
	measureSays()
}

// Sighting is what the eye knows about one frame with somebody in the zone.
type Sighting struct {
	Frame       uint64 // counts up from 1 in one life of the eye
	CapturedAt  int64  // CLOCK_MONOTONIC nanoseconds when the frame was complete; the same clock in every room
	InZone      uint8  // faces inside the zone
	Outside     uint8  // faces outside the zone, dropped before any feature was computed
	Verdict     Verdict
	EyeDistance uint16  // pixels between the eyes
	Live        float32 // liveness, 0..1, 1 is live; 0 when not judged
	Infrared    Infrared
	Enrol       Verdict             // whether a template may be made from it: never Good unless Verdict is
	Skin        [3]float32          // mean light on the face, linear, 0..1: blue, green, red
	Around      [3]float32          // and beside the head
	Openness    float32             // of the eyes: their height as a share of their width, the mean of both
	Model       [32]byte            // SHA-256 of the feature model
	Feature     [FeatureLen]float32 // unit length; all zero unless Verdict is Good
	StageUS     Stages
}

// Stages are microseconds spent on one frame: whole stages, and inside them the bare forward passes of the networks.
type Stages struct {
	Detect, Landmark, Liveness, Feature             uint32
	DetectNet, LandmarkNet, LivenessNet, FeatureNet uint32
}

func (s *Stages) fields(c *codec) {
	for _, p := range []*uint32{&s.Detect, &s.Landmark, &s.Liveness, &s.Feature,
		&s.DetectNet, &s.LandmarkNet, &s.LivenessNet, &s.FeatureNet} {
		c.u32(p)
	}
}

func (*Sighting) number() number { return nSighting }
func (*Sighting) eyeSays()       {}
func (w *Sighting) fields(c *codec) {
	c.u64(&w.Frame)
	c.i64(&w.CapturedAt)
	c.u8(&w.InZone)
	c.u8(&w.Outside)
	enum(c, &w.Verdict, verdicts)
	c.u16(&w.EyeDistance)
	c.f32(&w.Live)
	enum(c, &w.Infrared, infrareds)
	enum(c, &w.Enrol, verdicts)
	for i := range w.Skin {
		c.f32(&w.Skin[i])
		c.f32(&w.Around[i])
	}
	c.f32(&w.Openness)
	c.bytes(w.Model[:])
	for i := range w.Feature {
		c.f32(&w.Feature[i])
	}
	w.StageUS.fields(c)
}

// EyeState tells how the eye is; sent on every change and once a second.
type EyeState struct {
	Camera   Camera
	Frames   uint64 // frames taken
	Stale    uint64 // frames thrown away because they were old, frozen or overtaken
	Moved    uint64 // frames in which something had changed
	Detected uint64 // frames in which the detector ran
	Tracked  uint64 // frames in which a face was looked at without it, where it had just been
	Features uint64 // features computed
	Passers  uint64 // faces outside the zone
}

func (*EyeState) number() number { return nEyeState }
func (*EyeState) eyeSays()       {}
func (w *EyeState) fields(c *codec) {
	enum(c, &w.Camera, cameras)
	c.u64(&w.Frames)
	c.u64(&w.Stale)
	c.u64(&w.Moved)
	c.u64(&w.Detected)
	c.u64(&w.Tracked)
	c.u64(&w.Features)
	c.u64(&w.Passers)
}

// Look tells the eye what to do. In Rest the eye reads frames and drops them unread.
type Look struct {
	Gaze    Gaze
	Preview bool // show the picture on the kiosk
}

func (*Look) number() number { return nLook }
func (*Look) eyeHears()      {}
func (w *Look) fields(c *codec) {
	enum(c, &w.Gaze, gazes)
	c.flag(&w.Preview)
}

// Preview is a small JPEG of now for the person in front of the screen. It is never written anywhere.
type Preview struct{ JPEG []byte }

func (*Preview) number() number    { return nPreview }
func (*Preview) mirrorSays()       {}
func (w *Preview) fields(c *codec) { c.tail(&w.JPEG, MaxLen-1) }

// Measured is what a measuring eye found in one picture.
type Measured struct {
	Index    uint32 // which picture of the list
	Finding  Finding
	Faces    uint16
	Verdict  Verdict // what the door would have made of it; NoFace unless Finding is FaceFound
	Enrol    Verdict // and an enrolment
	Openness float32
	Live     float32
	Feature  [FeatureLen]float32 // of the face nearest the centre; zero unless Finding is FaceFound
	StageUS  Stages
}

func (*Measured) number() number { return nMeasured }
func (*Measured) measureSays()   {}
func (w *Measured) fields(c *codec) {
	c.u32(&w.Index)
	enum(c, &w.Finding, findings)
	c.u16(&w.Faces)
	enum(c, &w.Verdict, verdicts)
	enum(c, &w.Enrol, verdicts)
	c.f32(&w.Openness)
	c.f32(&w.Live)
	for i := range w.Feature {
		c.f32(&w.Feature[i])
	}
	w.StageUS.fields(c)
}

func (*Hello) eyeSays()     {}
func (*Hello) eyeHears()    {}
func (*Hello) mirrorSays()  {}
func (*Hello) measureSays() {}
