package courier

import "sync"

const (
	looseMost   = 256
	answersMost = 256
)

// A tray is what waits to go out. It is bounded, so a broker that is away costs no memory: of standing things it holds
// the newest, of answers and loose things the last few hundred.
type tray struct {
	mu       sync.Mutex
	standing []*standing
	answers  []parcel
	passing  []parcel
	serial   uint64
	wake     chan struct{}
}

// A parcel is one message. Kept says that it stays in the tray until the broker has it.
type parcel struct {
	topic   string
	payload []byte
	retain  bool
	kept    bool
	serial  uint64
}

// standing is what a topic's newest retained message is, and which of them the broker of this session has.
type standing struct {
	parcel
	sent uint64
}

func newTray() *tray { return &tray{wake: make(chan struct{}, 1)} }

// stand makes payload the state of its topic, for now and for every session to come.
func (t *tray) stand(topic string, payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.serial++
	p := parcel{topic: topic, payload: payload, retain: true, kept: true, serial: t.serial}
	for _, s := range t.standing {
		if s.topic == topic {
			if string(s.payload) != string(payload) {
				s.parcel = p
				t.ring()
			}
			return
		}
	}
	t.standing = append(t.standing, &standing{parcel: p})
	t.ring()
}

// answer keeps an answer until the broker has it.
func (t *tray) answer(topic string, payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.serial++
	t.answers = append(t.answers, parcel{topic: topic, payload: payload, kept: true, serial: t.serial})
	if over := len(t.answers) - answersMost; over > 0 {
		t.answers = t.answers[over:]
	}
	t.ring()
}

// loose lets something out once, if anybody is there to take it.
func (t *tray) loose(topic string, payload []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passing = append(t.passing, parcel{topic: topic, payload: payload})
	if over := len(t.passing) - looseMost; over > 0 {
		t.passing = t.passing[over:]
	}
	t.ring()
}

func (t *tray) ring() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// renew begins a session: everything that stands goes out again, what was passing has passed.
func (t *tray) renew() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.standing {
		s.sent = 0
	}
	t.passing = nil
}

// waiting is what should go out now. Loose parcels are taken away with it.
func (t *tray) waiting() []parcel {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []parcel
	for _, s := range t.standing {
		if s.sent != s.serial {
			out = append(out, s.parcel)
		}
	}
	out = append(append(out, t.answers...), t.passing...)
	t.passing = nil
	return out
}

// gone says that the broker has p.
func (t *tray) gone(p parcel) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.standing {
		if s.topic == p.topic {
			s.sent = p.serial
		}
	}
	for i, a := range t.answers {
		if a.serial == p.serial {
			t.answers = append(t.answers[:i:i], t.answers[i+1:]...)
			return
		}
	}
}
