package hall

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/ring"
	"example.org/edged/internal/room"
	"example.org/edged/internal/voice"
)

// wires is who may talk to whom. What is not written here cannot talk.
var wires = [][2]string{
	{"keeper", "eye"},      // looks; sightings
	{"keeper", "kiosk"},    // prompts; claims
	{"keeper", "courier"},  // words without faces; requests
	{"keeper", "keysmith"}, // generations of the key of faces
	{"eye", "kiosk"},       // the preview, one way
	{"lens", "eye"},        // where in the ring the next frame is
}

// A post is one room as the hall keeps it up: its walls, its brief and the descriptors it is given each time.
type post struct {
	name  string
	walls confine.Walls
	brief any
	files map[string]*os.File
	hall  *os.File // the hall's end of the room's wire to the hall

	keys    *Keys             // the keysmith's: what holds keys is opened anew for every life as well
	cameras map[string]string // devices that are opened anew for every life of the room: after unplugging, the old descriptor is dead
}

// posts opens everything the rooms will be given.
func (h *Hall) posts() (posts []*post, err error) {
	defer func() {
		if err != nil {
			closePosts(posts)
		}
	}()
	add := func(name string, walls confine.Walls, brief any) *post {
		walls.Files = h.facts.Landlock > 0
		walls.Parent = os.Getpid()
		walls.User = h.user(name)
		p := &post{name: name, walls: walls, brief: brief, files: map[string]*os.File{}}
		posts = append(posts, p)
		return p
	}
	hs := &h.house
	brief := hs.Keeper
	if brief.Stop, err = keptStop(hs.State); err != nil {
		return posts, err
	}
	brief.Assessment = h.assessment()
	keeper := add("keeper", confine.Walls{Net: confine.NetNone, Write: []string{hs.Keeper.Folder}, MemLock: true, First: true}, brief)
	if hs.Relay != "" {
		if err := keeper.open("relay", hs.Relay, os.O_WRONLY|os.O_APPEND|os.O_CREATE); err != nil {
			return posts, fmt.Errorf("opening the virtual door: %w", err)
		}
	}
	if hs.Keys != nil {
		smith := add("keysmith", confine.Walls{Net: confine.NetNone, Write: []string{hs.Keys.Folder}, MemLock: true}, nil)
		smith.keys = hs.Keys
	}
	if hs.Kiosk != nil {
		kiosk := add("kiosk", confine.Walls{Net: confine.NetAnswer}, hs.Kiosk)
		f, addr, err := listen(hs.Listen)
		if err != nil {
			return posts, err
		}
		kiosk.files["listen"] = f
		brief := *hs.Kiosk
		brief.Address = addr
		if hs.Voice != "" {
			f, list, err := voice.Pack(hs.Voice, brief.Languages, hs.Notice)
			if err != nil { // the words still stand on the screen, and the door opens
				h.log.Warn("the screen says nothing aloud", slog.String("why", err.Error()))
			} else {
				kiosk.files["voice"], brief.Voice = f, list
			}
		}
		kiosk.brief = brief
	}
	if hs.Courier != nil {
		walls, err := courierWalls(hs.Courier)
		if err != nil {
			return posts, err
		}
		add("courier", walls, hs.Courier)
	}
	if hs.Eye != nil {
		if err := h.addEye(add); err != nil {
			return posts, err
		}
	}
	return posts, join(posts)
}

func (h *Hall) addEye(add func(string, confine.Walls, any) *post) error {
	hs := &h.house
	brief := *hs.Eye
	eye := add("eye", eyeWalls(brief), nil)
	if err := eye.reach("models", &brief.Models.Dir); err != nil {
		return fmt.Errorf("opening the model pack: %w", err)
	}
	if brief.Camera.Folder != "" {
		if err := eye.reach("folder", &brief.Camera.Folder); err != nil {
			return fmt.Errorf("opening the folder of pictures: %w", err)
		}
	}
	if brief.Infrared.Folder != "" {
		if err := eye.reach("infrared", &brief.Infrared.Folder); err != nil {
			return fmt.Errorf("opening the folder of infrared pictures: %w", err)
		}
	}
	eye.brief = brief
	eye.cameras = map[string]string{"camera": hs.Camera, "infrared": hs.Infrared}
	if err := eye.openCameras(); err != nil {
		return err
	}
	if hs.Lens == nil {
		return nil
	}
	walls, err := lensWalls(hs.Lens)
	if err != nil {
		return err
	}
	lens := add("lens", walls, hs.Lens)
	memory, err := ring.Make()
	if err != nil {
		return fmt.Errorf("making the frame ring: %w", err)
	}
	lens.files["ring"], eye.files["ring"] = memory, memory
	return nil
}

// libraries is what a dynamically linked room may load; only the eye and the lens are.
func libraries() []string {
	return []string{"/usr/lib", "/usr/lib64", "/lib", "/lib64"}
}

func eyeWalls(e room.Eye) confine.Walls {
	w := confine.Walls{Net: confine.NetNone, Run: libraries(),
		Read: []string{"/etc/ld.so.cache", "/proc/cpuinfo", "/sys/devices/system/cpu", e.Models.Dir}}
	if e.Camera.Folder != "" {
		w.Read = append(w.Read, e.Camera.Folder)
	}
	if e.Infrared.Folder != "" {
		w.Read = append(w.Read, e.Infrared.Folder)
	}
	if e.Measure != nil {
		w.Read = append(w.Read, e.Measure.Folder)
	}
	return w
}

func lensWalls(l *room.Lens) (confine.Walls, error) {
	w := confine.Walls{Net: confine.NetNone, Run: libraries(),
		Read: []string{"/etc/ld.so.cache", "/proc/cpuinfo", "/sys/devices/system/cpu"}}
	u, err := url.Parse(l.Source)
	if err != nil || u.Host == "" {
		w.Read = append(w.Read, l.Source)
		return w, nil
	}
	w.Net = confine.NetCall
	return w, port(&w, u, map[string]uint16{"rtsp": 554, "rtsps": 322, "http": 80, "https": 443})
}

func courierWalls(c *room.Courier) (confine.Walls, error) {
	w := confine.Walls{Net: confine.NetCall, Write: []string{c.Folder},
		Read: []string{"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs"}}
	for _, f := range []string{c.CA, c.Cert, c.Key} {
		if f != "" {
			w.Read = append(w.Read, f)
		}
	}
	u, err := url.Parse(c.Broker)
	if err != nil || u.Host == "" {
		return w, fmt.Errorf("mqtt.broker: %q is not an address such as ssl://broker:8883", c.Broker)
	}
	return w, port(&w, u, map[string]uint16{"tcp": 1883, "mqtt": 1883, "ssl": 8883, "tls": 8883, "mqtts": 8883})
}

// port says which one port a calling room may call, and whether it needs to look up a name.
func port(w *confine.Walls, u *url.URL, usual map[string]uint16) error {
	_, err := netip.ParseAddr(u.Hostname())
	w.Literal = err == nil
	if w.Port = usual[u.Scheme]; u.Port() != "" {
		n, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("%q is not a port", u.Port())
		}
		w.Port = uint16(n)
	}
	if w.Port == 0 {
		return fmt.Errorf("%s: say the port, as in %s://%s:PORT", u, u.Scheme, u.Host)
	}
	return nil
}

// join makes the wires between the rooms that there are, and one from each to the hall.
func join(posts []*post) error {
	by := map[string]*post{}
	for _, p := range posts {
		by[p.name] = p
		ours, theirs, err := pair()
		if err != nil {
			return err
		}
		p.hall, p.files["hall"] = ours, theirs
	}
	for _, w := range wires {
		a, b := by[w[0]], by[w[1]]
		if a == nil || b == nil {
			continue
		}
		one, other, err := pair()
		if err != nil {
			return err
		}
		a.files[b.name], b.files[a.name] = one, other
	}
	return nil
}

// pair is a wire. The kernel keeps its messages whole; nothing has a path, so nobody else can come in.
func pair() (a, b *os.File, err error) {
	fd, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socketpair(2): %w", err)
	}
	return os.NewFile(uintptr(fd[0]), "wire"), os.NewFile(uintptr(fd[1]), "wire"), nil
}

func (p *post) open(name, path string, flags int) error {
	f, err := os.OpenFile(path, flags|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	p.files[name] = f
	return nil
}

// reach makes sure that the room can get at a folder. If it lies below a folder that the room's user cannot enter,
// the room is given a descriptor and finds the folder under that.
func (p *post) reach(name string, path *string) error {
	f, err := os.Open(*path)
	if err != nil {
		return err
	}
	p.files[name] = f
	if p.walls.User != 0 && !walkable(*path) {
		*path = fdPath(name)
	}
	return nil
}

// fdPath stands for a descriptor's number until the mandate is written, when it is known.
func fdPath(name string) string { return "descriptor:" + name }

// walkable tells whether everybody may enter every folder on the way.
func walkable(path string) bool {
	path, err := filepath.Abs(path)
	for err == nil && path != "/" {
		path = filepath.Dir(path)
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm()&0o001 == 0 {
			return false
		}
	}
	return err == nil
}

// encode writes the brief, with descriptors where fdPath stood.
func (p *post) encode(numbers map[string]int) (json.RawMessage, error) {
	b, err := json.Marshal(p.brief)
	if err != nil {
		return nil, err
	}
	s := string(b)
	for name, n := range numbers {
		s = strings.ReplaceAll(s, strconv.Quote(fdPath(name)), strconv.Quote("/proc/self/fd/"+strconv.Itoa(n)))
	}
	return json.RawMessage(s), nil
}

func closePosts(posts []*post) {
	for _, p := range posts {
		for _, f := range p.files {
			f.Close()
		}
		if p.hall != nil {
			p.hall.Close()
		}
	}
}
