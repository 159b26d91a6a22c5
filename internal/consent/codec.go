package consent

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"example.org/edged/internal/notice"
)

// A start reads every record that there is, and encoding/json takes 30 µs for one: 3 s for 100,000 people, in which no
// face is known. So the one form that a record has is written and read here by hand, eight times as fast. Reading is
// believed only when writing gives the same bytes again, and whatever is not of that form encoding/json reads, which
// says what is wrong with it.

// encode is what json.Marshal gives; a test compares them.
func (r Record) encode() []byte { return r.appendTo(make([]byte, 0, 1536)) }

func (r *Record) appendTo(b []byte) []byte {
	text := func(name, s string) {
		b = append(append(append(b, `,"`...), name...), `":`...)
		b = quoted(b, s)
	}
	b = append(b, `{"schema":`...)
	b = quoted(b, r.Schema)
	b = append(hex.AppendEncode(append(b, `,"record_id":"`...), r.ID[:]), '"')
	b = strconv.AppendUint(append(b, `,"sequence":`...), r.Sequence, 10)
	text("person", r.Who)
	text("device", r.Device)
	b = append(hex.AppendEncode(append(b, `,"notice_hash":"`...), r.Notice[:]), '"')
	b = strconv.AppendInt(append(b, `,"notice_version":`...), int64(r.NoticeVersion), 10)
	text("language", r.Language)
	text("purpose", string(r.Purpose))
	text("data", string(r.Data))
	b = appendList(append(b, `,"recipients":`...), r.Recipients)
	text("storage", r.Storage)
	text("jurisdiction", r.Jurisdiction)
	text("legal_basis", r.LegalBasis)
	text("withdrawal", r.Withdrawal)
	b = strconv.AppendBool(append(b, `,"separate":`...), r.Separate)
	b = strconv.AppendBool(append(b, `,"refusal_offered":`...), r.RefusalOffered)
	some := func(name, s string) {
		if s != "" {
			text(name, s)
		}
	}
	some("controller", r.Controller)
	some("controller_contact", r.Contact)
	if r.RetentionDays != 0 {
		b = strconv.AppendInt(append(b, `,"retention_days":`...), int64(r.RetentionDays), 10)
	}
	some("ruleset", r.Rules)
	some("pia_id", r.PIA)
	text("event_state", string(r.State))
	b = append(r.At.AppendFormat(append(b, `,"event_time":"`...), time.RFC3339Nano), '"')
	b = strconv.AppendBool(append(b, `,"event_time_trusted":`...), r.Trusted)
	text("evidence", string(r.Evidence))
	if !r.Asked.IsZero() {
		b = append(r.Asked.AppendFormat(append(b, `,"asked_at":"`...), time.RFC3339Nano), '"')
	}
	if g := r.Guardian; g != nil {
		b = quoted(append(b, `,"guardian":{"person":`...), g.Who)
		text("relation", g.Relation)
		text("verifier", g.Verifier)
		b = append(b, '}')
	}
	if r.Document != (digits{}) {
		b = append(hex.AppendEncode(append(b, `,"document_hash":"`...), r.Document[:]), '"')
	}
	some("attested_by", r.Attested)
	if !r.Until.IsZero() {
		b = append(r.Until.AppendFormat(append(b, `,"retention_until":"`...), time.RFC3339Nano), '"')
	}
	b = append(hex.AppendEncode(append(b, `,"prev_hash":"`...), r.Prev[:]), '"')
	if r.Sig != (signature{}) {
		b = append(hex.AppendEncode(append(b, `,"sig":"`...), r.Sig[:]), '"')
	}
	return append(b, '}')
}

// quoted writes a plain string as it is, and any other as encoding/json does.
func quoted(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			q, err := json.Marshal(s)
			if err != nil { // no string is without a form
				panic("consent: internal error: " + err.Error())
			}
			return append(b, q...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendList(b []byte, list []string) []byte {
	if list == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = quoted(b, s)
	}
	return append(b, ']')
}

// A scanner reads the form that encode writes, as far as its strings are plain and nobody receives anything.
type scanner struct {
	rest []byte
	bad  bool
	seen *reading
}

// A reading is what the records that one start reads share, so that a hundred thousand leave less behind.
type reading struct {
	words map[string]string // most words of a record are in all of them
	bytes []byte
}

// shared is how many words are kept: the rest, who a record is about, are in no other.
const shared = 64

func (x *reading) word(raw []byte) string {
	if x == nil {
		return string(raw)
	}
	word, ok := x.words[string(raw)]
	if !ok {
		if word = string(raw); len(x.words) < shared {
			x.words[word] = word
		}
	}
	return word
}

// encode is valid until the next.
func (x *reading) encode(r *Record) []byte {
	if x == nil {
		return r.encode()
	}
	x.bytes = r.appendTo(x.bytes[:0])
	return x.bytes
}

// scan tells whether b has that form. What it read is to be compared with b by encode.
func scan(b []byte, seen *reading) (r Record, ok bool) {
	s := &scanner{rest: b, seen: seen}
	r.Schema = s.text(`{"schema":"`)
	r.ID = s.hash(`,"record_id":"`)
	sequence, err := strconv.ParseUint(s.word(`,"sequence":`), 10, 64)
	s.bad = s.bad || err != nil
	r.Sequence = sequence
	r.Who, r.Device = s.text(`,"person":"`), s.text(`,"device":"`)
	r.Notice = s.hash(`,"notice_hash":"`)
	r.NoticeVersion, err = strconv.Atoi(s.word(`,"notice_version":`))
	s.bad = s.bad || err != nil
	r.Language, r.Purpose, r.Data = s.text(`,"language":"`), notice.Purpose(s.text(`,"purpose":"`)), notice.DataKind(s.text(`,"data":"`))
	s.skip(`,"recipients":[]`)
	r.Recipients = []string{}
	r.Storage, r.Jurisdiction = s.text(`,"storage":"`), s.text(`,"jurisdiction":"`)
	r.LegalBasis, r.Withdrawal = s.text(`,"legal_basis":"`), s.text(`,"withdrawal":"`)
	r.Separate, r.RefusalOffered = s.word(`,"separate":`) == "true", s.word(`,"refusal_offered":`) == "true"
	r.Controller, r.Contact = s.some(`,"controller":"`), s.some(`,"controller_contact":"`)
	if s.has(`,"retention_days":`) {
		r.RetentionDays, err = strconv.Atoi(s.word(`,"retention_days":`))
		s.bad = s.bad || err != nil
	}
	r.Rules, r.PIA = s.some(`,"ruleset":"`), s.some(`,"pia_id":"`)
	r.State, r.At = State(s.text(`,"event_state":"`)), s.time(`,"event_time":"`)
	r.Trusted, r.Evidence = s.word(`,"event_time_trusted":`) == "true", Evidence(s.text(`,"evidence":"`))
	if s.has(`,"asked_at":"`) {
		r.Asked = s.time(`,"asked_at":"`)
	}
	if s.has(`,"guardian":`) {
		r.Guardian = &Guardian{s.text(`,"guardian":{"person":"`), s.text(`,"relation":"`), s.text(`,"verifier":"`)}
		s.skip(`}`)
	}
	if s.has(`,"document_hash":"`) {
		r.Document = s.hash(`,"document_hash":"`)
	}
	r.Attested = s.some(`,"attested_by":"`)
	if s.has(`,"retention_until":"`) {
		r.Until = s.time(`,"retention_until":"`)
	}
	r.Prev = s.hash(`,"prev_hash":"`)
	if s.has(`,"sig":"`) {
		s.bad = r.Sig.UnmarshalText([]byte(s.text(`,"sig":"`))) != nil || s.bad
	}
	s.skip(`}`)
	return r, !s.bad && len(s.rest) == 0
}

func (s *scanner) skip(what string) {
	rest, ok := bytes.CutPrefix(s.rest, []byte(what))
	s.rest, s.bad = rest, s.bad || !ok
}

// text is a string after what, up to its closing mark.
func (s *scanner) text(what string) string {
	s.skip(what)
	end := bytes.IndexByte(s.rest, '"')
	if s.bad || end < 0 || bytes.IndexByte(s.rest[:end], '\\') >= 0 {
		s.bad = true
		return ""
	}
	raw := s.rest[:end]
	s.rest = s.rest[end+1:]
	return s.seen.word(raw)
}

func (s *scanner) has(what string) bool { return bytes.HasPrefix(s.rest, []byte(what)) }

// some is a text that need not be there.
func (s *scanner) some(what string) string {
	if !s.has(what) {
		return ""
	}
	return s.text(what)
}

// word is a number or a yes or no.
func (s *scanner) word(what string) string {
	s.skip(what)
	end := bytes.IndexByte(s.rest, ',')
	if s.bad || end < 0 {
		s.bad = true
		return ""
	}
	word := string(s.rest[:end])
	s.rest = s.rest[end:]
	return word
}

func (s *scanner) hash(what string) (d digits) {
	if text := s.text(what); !s.bad {
		s.bad = d.UnmarshalText([]byte(text)) != nil
	}
	return d
}

func (s *scanner) time(what string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s.text(what))
	s.bad = s.bad || err != nil
	return t
}
