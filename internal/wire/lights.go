package wire

// Light is a colour that the screen shows for a moment, so that its light falls on whoever stands there. None is a
// saturated red (WCAG 2.2, success criterion 2.3.1).
type Light uint8

const (
	LightDark Light = iota
	LightWhite
	LightBlue
	LightGreen

	Lights = 4
)

var lights = []string{"dark", "white", "blue", "green"}

func (l Light) String() string { return lights[l] }

// LightSteps is how many colours one challenge has.
const LightSteps = 5

// Shine asks the screen to show these colours, one after the other, each as long as the others.
type Shine struct {
	Lights [LightSteps]Light
	StepMS uint16
}

func (*Shine) number() number { return nShine }
func (*Shine) kioskHears()    {}
func (w *Shine) fields(c *codec) {
	for i := range w.Lights {
		enum(c, &w.Lights[i], lights)
	}
	c.u16(&w.StepMS)
}
