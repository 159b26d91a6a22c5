package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"example.org/edged/internal/confine"
)

func (st *story) walls() (string, error) {
	if err := st.reload(); err != nil {
		return "", err
	}
	rooms := []string{"keeper", "eye", "kiosk", "courier"}
	users := map[int]bool{}
	for _, room := range rooms {
		seen, err := confine.Look(fmt.Sprint(st.h.pid(room)))
		if err != nil {
			return "", fmt.Errorf("looking at the %s: %w", room, err)
		}
		if seen.Filters < 2 || !seen.NoNewPrivs || seen.Caps != "" {
			return "", fmt.Errorf("the kernel says of the %s: %+v", room, seen)
		}
		users[seen.User] = true
	}
	alone := 0
	ours, _ := os.Readlink("/proc/self/ns/net")
	for _, room := range []string{"keeper", "eye", "kiosk"} {
		if space, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", st.h.pid(room))); err == nil && space != ours {
			alone++
		}
	}
	return fmt.Sprintf("%d rooms under %d users: 2 seccomp filters, no new privileges and no capability each; %d in empty network namespaces",
		len(rooms), len(users), alone), nil
}

// reload opens the page anew, as a browser does when the terminal starts.
func (st *story) reload() (err error) {
	if st.s != nil {
		st.s.close()
	}
	st.s, err = openScreen(st.ctx, st.h.screen)
	return err
}

func (st *story) newcomer() (string, error) {
	if err := st.s.pin(st.ctx, "newcomer", st.h.staffPIN, ""); err != nil {
		return "", err
	}
	e, err := st.s.wait(5*time.Second, "issued")
	if err != nil {
		return "", err
	}
	st.pin = e.body.PIN
	return fmt.Sprintf("%d digits", len(st.pin)), st.s.touch(st.ctx, "home", "")
}

// open types the PIN and says how long it took from the last digit to the relay.
func (st *story) open() (time.Duration, error) {
	mark := st.h.mark()
	st.s.drain()
	if err := st.s.pin(st.ctx, "open", st.pin, ""); err != nil {
		return 0, err
	}
	e, err := st.h.waitFrom(st.ctx, mark, 5*time.Second, func(e event) bool { return e.Event == "answered" && e.Method == "pin" })
	if err != nil {
		return 0, err
	}
	if e.Outcome != "granted" {
		return 0, fmt.Errorf("the PIN was %s", e.Outcome)
	}
	if _, err := st.s.wait(5*time.Second, "screen", "welcome"); err != nil {
		return 0, err
	}
	if err := st.relayIsOn(); err != nil {
		return 0, err
	}
	return time.Duration(e.TookUS) * time.Microsecond, st.s.touch(st.ctx, "home", "")
}

// relayIsOn reads what the relay itself did last.
func (st *story) relayIsOn() error {
	b, err := os.ReadFile(st.h.relayFile())
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	var last struct{ Relay string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Relay != "on" {
		return fmt.Errorf("the relay's last line is %q", lines[len(lines)-1])
	}
	return nil
}

func (st *story) pinOpens() (string, error) {
	took, err := st.open()
	return fmt.Sprintf("%s from the last digit to the relay", ms(took)), err
}
