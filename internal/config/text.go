package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

const (
	maxFile   = 1 << 20 // bytes; the longest example has 8 KiB
	maxDepth  = 8       // sections and lists inside each other; the file needs 3
	maxIndent = 64      // spaces before a line; the same limit for sections by indentation
	maxTokens = 10_000  // words and signs; the longest example has 250. The parser takes quadratic time
)

// slurp reads a whole small file. O_NONBLOCK: a pipe with no writer must be refused, not waited for.
func slurp(path string) ([]byte, *Defect) {
	no := func(what, fix string) ([]byte, *Defect) { return nil, &Defect{File: path, What: what, Fix: fix} }
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return no("there is no such file", "check the path, or begin with a copy of one of the examples in configs/")
	case errors.Is(err, fs.ErrPermission):
		return no("this user may not read the file", "start as the user who owns it, or change its owner or mode")
	case err != nil:
		return no("cannot be opened: "+reason(err), "check the path")
	}
	defer f.Close()
	st, err := f.Stat()
	if err == nil && !st.Mode().IsRegular() {
		return no("is not a file but a "+kindOf(st.Mode()), "name a YAML file")
	}
	if err == nil && st.Size() > maxFile {
		return no(fmt.Sprintf("has %d bytes, at most %d are read", st.Size(), maxFile), "check that this is the right file")
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return no("cannot be read: "+reason(err), "check the disk")
	case len(b) > maxFile:
		return no(fmt.Sprintf("grew beyond %d bytes while it was read", maxFile), "check that this is the right file")
	}
	return b, nil
}

// reason is the bare cause, without the path that the sentence names already.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// tree parses text into a node. Everything that a parser could choke on is refused by looking at characters and
// tokens first: the parser recurses, and a stack that overflows in Go cannot be caught.
func tree(file string, text []byte) (ast.Node, *Defect) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if d := badText(file, text); d != nil {
		return nil, d
	}
	tokens := lexer.Tokenize(string(text))
	if d := badToken(file, tokens); d != nil {
		return nil, d
	}
	f, err := parse(tokens)
	if err != nil {
		return nil, syntax(file, err)
	}
	var body ast.Node
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, &Defect{File: file, Line: max(1, doc.Body.GetToken().Position.Line), Column: 1,
				What: "a second document begins here", Fix: "delete the line ---; one file holds one document"}
		}
		body = doc.Body
	}
	if body == nil {
		return nil, &Defect{File: file, What: "is empty", Fix: "begin with a copy of one of the examples in configs/"}
	}
	return body, nil
}

// parse turns a panic of the YAML library into an error: the library is somebody else's, and a file must not be able
// to stop the hall with a stack trace.
func parse(tokens token.Tokens) (f *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			f, err = nil, errors.New("the YAML reader cannot make sense of it")
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // duplicates are found, with both lines, in decode.go
}

// badText finds what is no text, and indentation that looks right on the screen but is not made of spaces.
func badText(file string, text []byte) *Defect {
	line := 0
	for l := range bytes.Lines(text) {
		line++
		col, indent := 0, true
		for len(l) > 0 {
			r, n := utf8.DecodeRune(l)
			col++
			at := Defect{File: file, Line: line, Column: col}
			switch {
			case r == utf8.RuneError && n <= 1, r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f, r == '\uFEFF':
				at.What, at.Fix = fmt.Sprintf("byte 0x%02x is not text", l[0]), "save the file as plain UTF-8 text; check that this is the right file"
				return &at
			case indent && r == '\t':
				at.What, at.Fix = "the line is indented with a tab", "use spaces, two for each level"
				return &at
			case indent && col > maxIndent && r != '\n' && r != '\r':
				at.What, at.Fix = fmt.Sprintf("the line is indented by more than %d spaces", maxIndent-1), "use two for each level"
				return &at
			case indent && r != ' ' && r != '\n' && r != '\r' && unicode.IsSpace(r):
				at.What, at.Fix = fmt.Sprintf("the line is indented with the wide space U+%04X", r), "use plain spaces, two for each level"
				return &at
			case r == '\r' && !bytes.HasPrefix(l[n:], []byte("\n")):
				at.What, at.Fix = "a line ends in a bare carriage return", "save the file with line ends of Unix or Windows"
				return &at
			}
			indent = indent && r == ' '
			l = l[n:]
		}
	}
	return nil
}

// badToken refuses YAML's machinery that a config has no use for, above all anchors, with which a few lines can stand
// for gigabytes, and nesting that is deeper than any section.
func badToken(file string, tokens token.Tokens) *Defect {
	flow, dashes, line := 0, 0, 0
	for i, t := range tokens {
		at := Defect{File: file, Line: max(1, t.Position.Line), Column: max(1, t.Position.Column)}
		if at.Line != line {
			dashes, line = 0, at.Line
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			at.What, at.Fix = "anchors (&), aliases (*) and merge keys (<<) are not taken", "write the value out, or put it in quotes if it is meant as text"
		case token.TagType, token.DirectiveType, token.MappingKeyType:
			at.What, at.Fix = "tags (!), directives (%) and complex keys (?) are not taken", "write the value in quotes if it is meant as text"
		case token.InvalidType:
			d := explain(at, t.Error)
			return &d
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType:
			dashes++
		}
		if flow > maxDepth || dashes > maxDepth {
			at.What, at.Fix = fmt.Sprintf("more than %d levels inside each other", maxDepth), "compare with the examples in configs/"
		}
		if i == maxTokens {
			at.What, at.Fix = fmt.Sprintf("more than %d words and signs stand before this line", maxTokens), "check that this is the right file"
		}
		if at.What != "" {
			return &at
		}
	}
	return nil
}

// syntax puts the parser's word into a sentence for an installer. The parser's own text is never passed on: it may
// quote the line, and the line may hold a PIN hash.
func syntax(file string, err error) *Defect {
	at := Defect{File: file, Line: 1, Column: 1}
	message := ""
	var where interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &where) {
		message = where.GetMessage()
		if t := where.GetToken(); t != nil && t.Position != nil {
			at.Line, at.Column = max(1, t.Position.Line), max(1, t.Position.Column)
		}
	}
	at = explain(at, message)
	return &at
}

func explain(at Defect, message string) Defect {
	for _, s := range sentences {
		for _, part := range strings.Split(s[0], "|") {
			if strings.Contains(message, part) {
				at.What, at.Fix = s[1], s[2]
				return at
			}
		}
	}
	at.What, at.Fix = "this is neither \"key: value\" nor a list entry", "write the key, a plain colon, a space, the value; two spaces deeper than its section"
	return at
}

var sentences = [][3]string{
	{"tab character|character '\t'", "there is a tab where a space must be", "use spaces, two for each level"},
	{"end character of", "a quoted text is not closed", "end it with the quote it began with"},
	{"escape", "a backslash in double quotes stands before a character that has no such meaning", "use single quotes"},
	{"reserved character", "a value may not begin with @ or `", "put the value in quotes"},
	{"mapping value is not allowed", "there is a second \": \" in one value, or the line below is indented too far", "put the value in quotes, or begin the line below under its neighbours"},
	{"block sequence entries", "a list begins on the line of its key", "begin it on the next line, or write [a, b]"},
	{"']'|'['|sequence element", "a list in [ ] is not written as [a, b]", "close it with ] and put a comma between its values"},
	{"'}'|'{'|flow map", "a section in { } is not written as {key: value, key: value}", "close it with } and put a comma between its keys"},
	{"pre-defined", "something follows a value on the same line", "put the whole value in quotes, or put # before a comment"},
}
