package kiosk

import (
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strings"

	"example.org/edged/internal/kiosk/lang"
	"example.org/edged/internal/notice"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/index.html"))

// kinds are the static files the page may load. The types are named here because package mime asks the machine's own
// files, which a confined room cannot read.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// A language is one file of lang/.
type language struct {
	Code  string            `json:"code"`
	Texts map[string]string `json:"texts"`
}

// speak reads the languages asked for, in that order; the first is the one the screen returns to. Every language must
// have every text that any other has: half a notice is none.
func speak(codes []string) ([]language, error) {
	if len(codes) == 0 {
		codes = []string{"zh", "en"}
	}
	var all []language
	for _, code := range codes {
		b, err := lang.Files.ReadFile(code + ".json")
		if err != nil {
			return nil, fmt.Errorf("kiosk: no texts for language %q: name one that internal/kiosk/lang has", code)
		}
		l := language{Code: code}
		if err := json.Unmarshal(b, &l.Texts); err != nil {
			return nil, fmt.Errorf("kiosk: lang/%s.json: %w", code, err)
		}
		all = append(all, l)
	}
	for _, l := range all {
		for key := range all[0].Texts {
			if l.Texts[key] == "" {
				return nil, fmt.Errorf("kiosk: lang/%s.json lacks the text %q", l.Code, key)
			}
		}
		if len(l.Texts) != len(all[0].Texts) {
			return nil, fmt.Errorf("kiosk: lang/%s.json has texts that lang/%s.json lacks", l.Code, all[0].Code)
		}
	}
	return all, nil
}

type jsonNotice struct {
	Hash string `json:"hash"`
	notice.Page
}

// readNotice makes the answers of GET /notice, one for each language of the screen.
func readNotice(n *notice.Notice, languages []language) ([32]byte, map[string][]byte, error) {
	hash := n.Hash()
	answers := make(map[string][]byte)
	for _, l := range languages {
		page, err := n.Page(l.Code)
		if err != nil {
			return hash, nil, fmt.Errorf("kiosk: the screen speaks %q, the notice does not: %w", l.Code, err)
		}
		if answers[l.Code], err = json.Marshal(jsonNotice{hex.EncodeToString(hash[:]), page}); err != nil {
			return hash, nil, fmt.Errorf("kiosk: notice in %q: %w", l.Code, err)
		}
	}
	return hash, answers, nil
}

func (t *Terminal) getPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	err := pageTemplate.Execute(w, struct {
		Tag, Token string
		Face       bool
		Visit      int // hours, at most
		Zone       int // minutes east of UTC
		Languages  []language
		Voice      []string
	}{t.languages[0].Texts["language.tag"], t.stage.admit(), t.face, t.visit, t.zone, slices.Clone(t.languages), t.voice.names()})
	if err != nil {
		t.log.Debug("page not sent", "why", err)
	}
}

func getStatic(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	kind, ok := kinds[path.Ext(name)]
	b, err := pageFiles.ReadFile("page/" + name)
	if !ok || err != nil || strings.Contains(name, "/") {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Write(b)
}
