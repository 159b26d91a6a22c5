package courier_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"example.org/edged/internal/wire"
)

// Random words of every kind go in; whatever comes out holds documented fields, words and whole numbers.
func TestNothingLeavesThatIsNotDocumented(t *testing.T) {
	_, broker := embedded(t)
	known := documented(t)
	f := fleetAt(t, broker)
	b := brief(t, broker)
	b.User, b.Password = "canary-user", "canary-password"
	r := start(t, b)
	eventually(t, "the broker is reached", r.linked)
	sent := 0
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(rt, "words") {
			w := randomWord(rt)
			if err := r.Say(w); err != nil {
				rt.Fatal(err)
			}
			switch w.(type) {
			case *wire.Decided, *wire.Happened:
				sent++
			}
		}
	})
	f.request(t, fresh(1, "status", ""), false)
	f.request(t, `{"client":"fleet"}`, false)
	eventually(t, "every event is on the feed", func() bool { return len(f.on("evt/feed")) == sent })
	eventually(t, "answers", func() bool { return len(f.on("cmd/res/fleet")) == 3 })
	eventually(t, "health", func() bool { return len(f.on("health")) > 0 })
	r.stop(t)
	f.mu.Lock()
	defer f.mu.Unlock()
	kinds := map[string]int{}
	for _, m := range f.all {
		topic := strings.TrimPrefix(m.Topic(), root)
		if topic == "cmd" {
			continue
		}
		topic = strings.TrimSuffix(topic, "/fleet")
		kinds[topic]++
		if known[topic] == nil {
			t.Errorf("docs/mqtt.md does not name %s", m.Topic())
		}
		if odd := strangers(m.Payload(), known[topic]); len(odd) > 0 {
			t.Errorf("%s: %v: %s", topic, odd, m.Payload())
		}
		if strings.Contains(string(m.Payload()), "canary") {
			t.Errorf("%s: %s", topic, m.Payload())
		}
	}
	for _, topic := range []string{"state", "describe", "door/1", "evt/live", "evt/feed", "health", "cmd/res"} {
		if kinds[topic] == 0 {
			t.Errorf("nothing came on %s, so nothing was tested there", topic)
		}
	}
	if r.said.has("canary") {
		t.Error("the log names the broker's user or password")
	}
}

// randomWord draws any word that the keeper may say to the courier, field by field.
func randomWord(t *rapid.T) wire.CourierHears {
	all := []wire.CourierHears{&wire.Decided{}, &wire.Happened{}, &wire.Head{}, &wire.Status{}, &wire.Answered{}, &wire.Hello{}}
	w := rapid.SampledFrom(all).Draw(t, "word")
	v := reflect.ValueOf(w).Elem()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i).Name
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(rapid.Bool().Draw(t, name))
		case reflect.Int64:
			f.SetInt(rapid.Int64().Draw(t, name))
		case reflect.Array:
			for j := range f.Len() {
				f.Index(j).SetUint(uint64(rapid.Byte().Draw(t, name)))
			}
		case reflect.Uint8:
			most := 255
			if _, enum := f.Interface().(fmt.Stringer); enum {
				most = words(func(u uint8) string {
					e := reflect.New(f.Type()).Elem()
					e.SetUint(uint64(u))
					return e.Interface().(fmt.Stringer).String()
				}) - 1
			}
			f.SetUint(uint64(rapid.IntRange(0, most).Draw(t, name)))
		default:
			f.SetUint(rapid.Uint64().Draw(t, name) & (1<<f.Type().Bits() - 1))
		}
	}
	return w
}
