package courier

import (
	"slices"
	"sync"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// vitals is what is known of the device's health.
type vitals struct {
	mu      sync.Mutex
	version string
	status  wire.Status
	at      time.Time // when the keeper last said so; zero before it did
}

type stateReport struct {
	Schema  int    `json:"schema"`
	State   string `json:"state"`
	Boot    string `json:"boot"`
	Version string `json:"version"`
}

type description struct {
	Schema  int    `json:"schema"`
	Site    string `json:"site"`
	Device  string `json:"device"`
	Version string `json:"version"`
	Doors   []int  `json:"doors"`
	// AuditKey is the audit log's public key as a note verifier key; absent until the first head.
	AuditKey string   `json:"audit_key,omitempty"`
	Acts     []string `json:"acts"`
	Codes    []string `json:"codes"`
}

type doorReport struct {
	Schema int    `json:"schema"`
	Door   int    `json:"door"`
	State  string `json:"state"`
}

type healthReport struct {
	Schema          int    `json:"schema"`
	Boot            string `json:"boot"`
	Face            string `json:"face"`
	Camera          string `json:"camera"`
	Keys            string `json:"keys"`
	Open            bool   `json:"open"`
	Enrolled        uint32 `json:"enrolled"`
	People          uint32 `json:"people"`
	Late            uint32 `json:"erasures_late"`
	Filing          string `json:"filing"`
	HighMark        uint32 `json:"high_mark"`
	UptimeS         uint32 `json:"uptime_s"`
	StatusAgeS      int64  `json:"status_age_s"`
	Outbox          int    `json:"outbox"`
	OutboxDropped   uint64 `json:"outbox_dropped"`
	RequestsRefused uint64 `json:"requests_refused"`
	RequestsDropped uint64 `json:"requests_dropped"`
	Sessions        uint64 `json:"sessions"`
}

func newDescription(b room.Courier) description {
	d := description{Schema: schema, Site: b.Site, Device: b.Device, Version: b.Version, Doors: []int{1}, Codes: codes()}
	for word := range acts {
		d.Acts = append(d.Acts, word)
	}
	slices.Sort(d.Acts)
	return d
}

func codes() []string {
	var all []string
	for _, c := range decisionCodes {
		all = append(all, c)
	}
	for _, c := range kindCodes {
		all = append(all, c)
	}
	slices.Sort(all)
	return all
}

func (c *courier) stand(topic string, v any) { c.tray.stand(topic, encode(v)) }

func (c *courier) stateNow(word string) stateReport {
	return stateReport{Schema: schema, State: word, Boot: c.boot, Version: c.health.version}
}

// status takes the keeper's word on the device. The lock's state is what the keeper says it is, never what a grant
// lets one expect.
func (c *courier) status(w *wire.Status) {
	c.health.mu.Lock()
	c.health.status, c.health.at = *w, c.now()
	c.health.mu.Unlock()
	lock := "locked"
	if w.Open {
		lock = "unlocked"
	}
	c.stand(c.topics.door, doorReport{Schema: schema, Door: 1, State: lock})
	c.stand(c.topics.state, c.stateNow("ready"))
	c.beat()
}

// beat says how the device is. It goes on while the keeper is silent, and then says for how long: the fleet sees the
// difference between a dead network and a dead keeper.
func (c *courier) beat() {
	c.health.mu.Lock()
	s, at := c.health.status, c.health.at
	c.health.mu.Unlock()
	if at.IsZero() {
		return
	}
	waiting, dropped := c.box.counts()
	c.tray.loose(c.topics.health, encode(healthReport{
		Schema: schema, Boot: c.boot, Face: s.Face.String(), Camera: s.Camera.String(), Keys: s.Keys.String(), Open: s.Open, Enrolled: s.Enrolled,
		People: s.People, Late: s.Late, Filing: s.Filing.String(), HighMark: s.HighMark, UptimeS: s.UptimeS, StatusAgeS: int64(c.now().Sub(at) / time.Second), Outbox: waiting,
		OutboxDropped: dropped, RequestsRefused: c.desk.refused.Load(), RequestsDropped: c.link.dropped.Load(),
		Sessions: c.link.sessions.Load(),
	}))
}
