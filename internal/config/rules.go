package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"example.org/edged/internal/access"
)

var idForm = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

var tpmForm = regexp.MustCompile(`^(/dev/tpmrm[0-9]+|unix:/.{1,106})$`)

// rules checks what no single key can say of itself. A key that is already known to be wrong is not judged again.
func (d *decoder) rules(c *Config) {
	d.need(idForm.MatchString(c.Device.ID), "device.id", "is not an id", "write 1 to 32 of a-z, 0-9 and -, such as door-1")
	d.need(idForm.MatchString(c.Site.ID), "site.id", "is not an id", "write 1 to 32 of a-z, 0-9 and -, such as home")
	d.need(c.State != "/", "state", "is the root of the file system", "name a folder of its own, such as /var/lib/edged")
	d.need(isName(c.Door.Name), "door.name", "is not a name", "write 1 to 64 printable characters on one line")
	d.methods(c)
	d.listen(c.Screen.Listen)
	if declared := c.Site.Declared(); c.HasFace() && !declared.Empty() { // nothing declared costs the face, not the door
		for _, wrong := range declared.Check() {
			d.need(false, "site."+wrong.Field, wrong.What, wrong.Fix)
		}
	}
	if c.Camera != nil {
		d.camera(c.Camera)
	}
	if c.Face != nil {
		d.need(idForm.MatchString(c.Face.Pack), "face.pack", "is not the name of a model pack", "write faceplugin")
		d.need(c.Face.Table == "" || c.Face.Alone == "measured", "face.liveness_table", "is not used: face.alone is "+c.Face.Alone,
			"write alone: measured, or delete the line")
		d.need(c.Face.Judge || c.Face.Alone != "unmeasured", "face.liveness_model", "is false, and face.alone is unmeasured: any picture of a face would open the door",
			"write liveness_model: true, or alone: never")
		d.need(c.Face.Keep%(24*time.Hour) == 0, "face.keep", "is not a whole number of days", "write days, such as 365d; the notice states days")
	}
	d.need(tpmForm.MatchString(c.Keys.TPM), "keys.tpm", "is not a TPM", "write /dev/tpmrm0, the device with the kernel's resource manager, or unix:/PATH for swtpm")
	d.need(c.Filing.Calendar == "" || c.Filing.Key != "", "filing.calendar_key", "is missing, and there is a calendar",
		"write the note verifier key of whoever signs the calendar; an unsigned one is not believed")
	d.staff(c.Staff)
	if c.MQTT != nil {
		d.mqtt(c.MQTT)
	}
}

// need notes a defect unless something holds, or the key or the section around it has one already.
func (d *decoder) need(holds bool, path, what, fix string) {
	for up := path; up != "" && !holds; up = above(up) {
		holds = d.bad[up]
	}
	if !holds {
		d.fault(path, what, fix)
	}
}

// methods holds the rule that this project stands on: face is never the only way in.
func (d *decoder) methods(c *Config) {
	ways := slices.DeleteFunc(slices.Clone(c.Door.Methods), func(m string) bool { return m == "face" })
	if !c.HasFace() {
		return
	}
	d.need(len(ways) > 0, "door.methods", "face would be the only way in, and where another way does the job the law forbids that "+
		"(Measures for the security management of face recognition technology, article 10)", "write [pin, face]")
	for _, part := range []string{"camera", "face", "notice"} {
		if _, there := d.at[part]; !there {
			d.at[part] = d.where("door.methods") // that is the line that asks for it
		}
	}
	why := ", and door.methods offers face"
	d.need(c.Camera != nil, "camera", "is missing"+why, "write camera: {source: v4l2}, or take face out of door.methods")
	d.need(c.Face != nil, "face", "is missing"+why, "write face: {models: /usr/share/edged/models}, or take face out of door.methods")
	d.need(c.Notice != "" || d.bad["notice"], "notice", "is missing"+why+": people must be told before they are asked",
		"copy configs/notice.example.yaml, fill it in and name it here, or take face out of door.methods")
}

func (d *decoder) listen(address string) {
	fix := "write 127.0.0.1:8477"
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		d.need(false, "kiosk.listen", shown(address)+" is not an address and a port in numbers", fix)
		return
	}
	d.need(ap.Addr().IsLoopback() && ap.Addr().Zone() == "", "kiosk.listen",
		shown(address)+" can be reached from other machines, and the screen belongs to this terminal alone", fix)
}

// perSource are the keys that only make sense with one source; the first of them must be there.
var perSource = map[string][]string{
	"v4l2": {"device", "size", "fps"}, "pictures": {"folder", "every"}, "video": {"file"}, "rtsp": {"url"},
}

func (d *decoder) camera(c *Camera) {
	for source, keys := range perSource {
		for _, key := range keys {
			if _, set := d.at["camera."+key]; set && source != c.Source && !d.bad["camera.source"] {
				d.need(false, "camera."+key, "belongs to source: "+source+", and the source is "+c.Source, "change the source or delete the line")
			}
		}
	}
	d.need(c.Source != "pictures" || c.Folder != "", "camera.folder", "is missing", "name the folder with the pictures")
	d.need(c.Source != "video" || c.File != "", "camera.file", "is missing", "name the video file")
	if c.Source == "rtsp" {
		u, err := url.Parse(string(c.URL))
		ok := err == nil && (u.Scheme == "rtsp" || u.Scheme == "rtsps") && u.Hostname() != "" && u.Fragment == ""
		d.need(ok, "camera.url", "is not the address of an RTSP camera", "write rtsp://192.168.1.20:554/stream, with user:password@ before the host if it wants them")
	}
	d.need(c.Infrared == "" || c.Source == "v4l2" || c.Source == "pictures", "camera.infrared", "is a second camera of the same kind, and there is none of source: "+c.Source,
		"write source: v4l2, or delete the line")
	d.need(c.Infrared == "" || c.Infrared != c.Device && c.Infrared != c.Folder, "camera.infrared", "is the camera itself, which says nothing new",
		"name the infrared camera, such as /dev/video2, or delete the line")
	z := c.Zone
	d.need(d.zoneBad() || z.Left < z.Right, "camera.zone.right", "is not right of left", "left and right are fractions of the width, such as 0.2 and 0.8")
	d.need(d.zoneBad() || z.Top < z.Bottom, "camera.zone.bottom", "is not below top", "top and bottom are fractions of the height, such as 0.1 and 0.9")
}

func (d *decoder) zoneBad() bool {
	for _, side := range []string{"left", "top", "right", "bottom"} {
		if d.bad["camera.zone."+side] {
			return true
		}
	}
	return false
}

func (d *decoder) staff(staff []Staff) {
	names := map[string]int{}
	for i, s := range staff {
		at := fmt.Sprintf("staff[%d]", i)
		d.need(isName(s.Name), at+".name", "is not a name", "write 1 to 64 printable characters on one line")
		if err := access.CheckHash(string(s.PINHash)); err != nil { // it does not repeat what it was given
			d.need(false, at+".pin_hash", err.Error(), "put the whole line that it prints in single quotes")
		}
		if first, twice := names[s.Name]; twice && s.Name != "" {
			d.need(false, at+".name", fmt.Sprintf("is also the name of staff[%d]", first), "the log tells staff apart by name: change one")
		}
		names[s.Name] = i
	}
}

func (d *decoder) mqtt(m *MQTT) {
	u, err := url.Parse(m.Broker)
	switch {
	case d.bad["mqtt.broker"]:
	case err != nil || u.Host == "":
		d.need(false, "mqtt.broker", "is not the address of a broker", "write ssl://host:8883, or tcp://host:1883 inside a closed network")
	case u.User != nil:
		d.need(false, "mqtt.broker", "holds a user name or password", "move them to mqtt.user and mqtt.password_file")
	case u.Scheme == "mqtts" || u.Scheme == "tls" || u.Scheme == "mqtt":
		meant := map[string]string{"mqtts": "ssl", "tls": "ssl", "mqtt": "tcp"}[u.Scheme]
		d.need(false, "mqtt.broker", u.Scheme+":// is not taken", "write "+meant+"://"+u.Host)
	case u.Scheme != "ssl" && u.Scheme != "tcp":
		d.need(false, "mqtt.broker", shown(u.Scheme)+" is not a way to reach a broker", "write ssl://host:8883, or tcp://host:1883 inside a closed network")
	case u.Hostname() == "" || !isPort(u.Port()):
		d.need(false, "mqtt.broker", "names no host and port", "write ssl://host:8883, or tcp://host:1883")
	case u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
		d.need(false, "mqtt.broker", "has something after the port", "write only "+u.Scheme+"://"+u.Host)
	}
	d.need(m.PasswordFile == "" || m.User != "", "mqtt.user", "is missing, and there is a password_file", "write the user name that the password belongs to")
	d.need(m.Cert == "" || m.Key != "", "mqtt.key", "is missing, and there is a cert", "name the private key of the certificate")
	d.need(m.Key == "" || m.Cert != "", "mqtt.cert", "is missing, and there is a key", "name the certificate of the key")
	if u != nil && u.Scheme == "tcp" {
		for key, value := range map[string]string{"ca": m.CA, "cert": m.Cert, "key": m.Key} {
			d.need(value == "", "mqtt."+key, "is not used: tcp:// does not encrypt", "write ssl:// in mqtt.broker or delete the line")
		}
	}
}

func isPort(text string) bool {
	_, err := netip.ParseAddrPort("127.0.0.1:" + text)
	return err == nil && text != "0"
}

// isName: names go into the log and the relay file, one line each.
func isName(name string) bool {
	n := len([]rune(name))
	return n > 0 && n <= 64 && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// days is a span in words.
func days(span time.Duration) string {
	if span%(24*time.Hour) == 0 {
		return fmt.Sprintf("%d days", span/(24*time.Hour))
	}
	return span.String()
}
