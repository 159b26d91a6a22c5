package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// passages opens the door by PIN and by face and says how long the slowest PIN took.
func (s *stand) passages(st *story) time.Duration {
	s.t.Helper()
	took, err := st.open()
	s.must(err)
	if took > 300*time.Millisecond {
		s.t.Errorf("the PIN took %s", took)
	}
	s.play(st.faceOpens)
	return took
}

// Everything but telling the fleet works without a fleet.
func TestADoorWithoutABroker(t *testing.T) {
	s := newStand(t, true)
	s.noBroker()
	s.begin("pin", "screen", "face")
	st := s.story()
	s.play(st.newcomer, st.told, st.declines, st.agrees)
	s.passages(st)
	if s.pid("courier") != 0 {
		t.Error("a courier runs without anywhere to go")
	}
	s.play(st.withdraws, st.dead)
	if _, messages := s.broker.everything(); messages != 0 {
		t.Errorf("%d messages went to a broker that is not in the configuration", messages)
	}
}

// A broker that never answers, one that refuses, and one whose name cannot be found.
func TestADoorWithADeadBroker(t *testing.T) {
	for name, address := range map[string]string{
		"nobody listens":           "127.0.0.1:9",
		"nothing comes back":       "192.0.2.1:1883", // TEST-NET-1, RFC 5737
		"the name is not a name's": "broker.invalid:1883",
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, true)
			s.edit("tcp://"+s.broker.address, "tcp://"+address)
			s.begin("pin", "screen", "face")
			st := s.story()
			s.play(st.newcomer, st.told, st.agrees)
			s.passages(st)
			s.noTrace()
		})
	}
}

// A broker that comes and goes: the door does not notice, and every passage is told in the end.
func TestADoorWithABrokerThatComesAndGoes(t *testing.T) {
	s := newStand(t, true)
	p := openTap(t, s.broker.address)
	s.edit("tcp://"+s.broker.address, "tcp://"+p.address)
	s.begin("pin", "screen", "broker", "face")
	st := s.story()
	s.play(st.newcomer, st.told, st.agrees)
	end := make(chan struct{})
	flapped := make(chan int)
	go func() {
		for n := 0; ; n++ {
			p.set(n%2 == 0)
			select {
			case <-end:
				p.set(false)
				flapped <- n
				return
			case <-time.After(150 * time.Millisecond):
			}
		}
	}()
	mark := s.mark()
	for range 10 {
		_, err := st.open()
		s.must(err)
	}
	s.passages(st)
	close(end)
	t.Logf("the broker went %d times", (<-flapped+1)/2)
	wanted := map[string]int{"pin": 11, "face": 1}
	told := map[string]map[string]bool{}
	from := 0
	for len(told["pin"]) < wanted["pin"] || len(told["face"]) < wanted["face"] {
		m, err := s.broker.wait(from, 30*time.Second, func(m message) bool {
			from++
			return strings.HasPrefix(m.topic, root+"evt/feed") && strings.Contains(string(m.body), `"granted"`)
		})
		if err != nil {
			t.Fatalf("%v: of %v were told %d by PIN, %d by face", err, wanted, len(told["pin"]), len(told["face"]))
		}
		var e struct{ ID, Method string }
		s.must(json.Unmarshal(m.body, &e))
		if told[e.Method] == nil {
			told[e.Method] = map[string]bool{}
		}
		told[e.Method][e.ID] = true
	}
	if err := s.onlyGranted(mark); err != nil {
		t.Error(err)
	}
	s.noTrace()
}

// onlyGranted: nobody was refused since the mark.
func (s *stand) onlyGranted(mark int) error {
	s.house.mu.Lock()
	defer s.house.mu.Unlock()
	n := 0
	for _, e := range s.events[mark:] {
		if e.Event == "answered" {
			n++
			if e.Outcome != "granted" {
				return fmt.Errorf("%s was %s", e.Method, e.Outcome)
			}
		}
	}
	if n == 0 {
		return errors.New("nothing was answered")
	}
	return nil
}
