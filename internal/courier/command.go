package courier

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"example.org/edged/internal/wire"
)

const (
	commandMost   = 4 << 10
	recipientMost = 256
	longestLife   = 5 * time.Minute
	longestOpen   = 30 * time.Second // a door is asked for now or not at all
	clockSkew     = 30 * time.Second
)

// acts are the requests there are.
var acts = map[string]wire.Ask{"export": wire.AskExport, "open": wire.AskOpen, "status": wire.AskStatus}

// A refusal is the word for why a request goes no further. Empty means that it does.
type refusal string

const (
	tooLarge     refusal = "too-large"
	unreadable   refusal = "unreadable"
	unknownField refusal = "unknown-field"
	missingField refusal = "missing-field"
	badVersion   refusal = "bad-version"
	badID        refusal = "bad-id"
	badClient    refusal = "bad-client"
	unknownAct   refusal = "unknown-act"
	badWho       refusal = "bad-who"
	badRecipient refusal = "bad-recipient"
	badTime      refusal = "bad-time"
	tooLate      refusal = "too-late"
	retainedWord refusal = "retained"
	duplicate    refusal = "duplicate"
	busy         refusal = "busy"
	noAnswer     refusal = "no-answer"
)

// A command is a request as it came. Client and id are set whenever they could be read, so that a bad request can be
// answered too.
type command struct {
	asked  wire.Asked
	id     string // hex; empty when it could not be read
	client string // empty when it could not be read
	exp    time.Time
}

// readCommand reads one request. It is strict by hand, because encoding/json takes a field twice, or with other
// capitals, and two readers would then see two requests.
func readCommand(b []byte, now time.Time) (command, refusal) {
	var c command
	whole := b
	if len(b) > commandMost {
		b = b[:commandMost] // far enough, with luck, to see whom to answer
	}
	fields, why := flatObject(b)
	if s, ok := fields["client"].(string); ok && clientWord.MatchString(s) {
		c.client = s
	}
	if s, ok := fields["id"].(string); ok && unhex(s, c.asked.ID[:]) {
		c.id = s
	}
	switch {
	case len(whole) > commandMost:
		why = tooLarge
	case why != "":
	default:
		why = c.fill(fields, now)
	}
	return c, why
}

// fill reads the fields' values. Each act has its own fields; one that does not belong is refused, because whoever
// sent it meant something else.
func (c *command) fill(fields map[string]any, now time.Time) refusal {
	for _, name := range []string{"v", "id", "act", "client", "iat", "exp"} {
		if _, ok := fields[name]; !ok {
			return missingField
		}
	}
	if n, ok := fields["v"].(int64); !ok || n != 1 {
		return badVersion
	}
	if c.id == "" {
		return badID
	}
	if c.client == "" {
		return badClient
	}
	act, _ := fields["act"].(string)
	ask, ok := acts[act]
	if !ok {
		return unknownAct
	}
	c.asked.Ask = ask
	if why := c.fillExport(fields); why != "" {
		return why
	}
	return c.fillTimes(fields, now)
}

func (c *command) fillExport(fields map[string]any) refusal {
	who, hasWho := fields["who"]
	recipient, hasRecipient := fields["recipient"]
	if c.asked.Ask != wire.AskExport {
		if hasWho || hasRecipient {
			return unknownField
		}
		return ""
	}
	if !hasWho || !hasRecipient {
		return missingField
	}
	if s, ok := who.(string); !ok || !unhex(s, c.asked.Who[:]) || c.asked.Who == (wire.Pseudonym{}) {
		return badWho
	}
	s, ok := recipient.(string)
	if !ok || s == "" || len(s) > recipientMost || strings.ContainsFunc(s, unicode.IsControl) {
		return badRecipient
	}
	c.asked.Recipient = sha256.Sum256([]byte(s))
	return ""
}

func (c *command) fillTimes(fields map[string]any, now time.Time) refusal {
	iat, ok1 := fields["iat"].(int64)
	exp, ok2 := fields["exp"].(int64)
	const latest = 1 << 40 // seconds; far beyond any clock, and far from overflow
	if !ok1 || !ok2 || iat < 0 || exp <= iat || exp > latest {
		return badTime
	}
	most := longestLife
	if c.asked.Ask == wire.AskOpen {
		most = longestOpen
	}
	if exp-iat > int64(most/time.Second) || iat > now.Add(clockSkew).Unix() {
		return badTime
	}
	if c.exp = time.Unix(exp, 0); !now.Before(c.exp) {
		return tooLate
	}
	return ""
}

// flatObject reads an object of strings and whole numbers. What was read before the first fault is returned with it.
func flatObject(b []byte) (map[string]any, refusal) {
	fields := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fields, unreadable
	}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return fields, unreadable
		}
		switch name {
		case "v", "id", "act", "who", "recipient", "client", "iat", "exp":
		default:
			return fields, unknownField
		}
		if _, twice := fields[name]; twice {
			return fields, unreadable
		}
		switch t, err := d.Token(); v := t.(type) {
		case string:
			fields[name] = v
		case json.Number:
			n, bad := strconv.ParseInt(v.String(), 10, 64)
			if bad != nil {
				return fields, unreadable
			}
			fields[name] = n
		default:
			_ = err
			return fields, unreadable
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return fields, unreadable
	}
	if _, err := d.Token(); err != io.EOF {
		return fields, unreadable
	}
	if !utf8.Valid(b) { // the decoder would put a mark in its place, and two texts would have one hash
		return fields, unreadable
	}
	return fields, ""
}

// unhex reads small hex digits that fill into exactly.
func unhex(s string, into []byte) bool {
	if len(s) != 2*len(into) || strings.ToLower(s) != s {
		return false
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return false
	}
	copy(into, b)
	return true
}
