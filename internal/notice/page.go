package notice

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// A Page is the notice in one language, ready for a screen: sections in the order in which a person wants to know.
type Page struct {
	Language string    `json:"language"`
	Title    string    `json:"title"`
	Version  int       `json:"version"`
	Sections []Section `json:"sections"`
}

// A Section is one heading and what stands below it. Name is the same in all languages.
type Section struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// The headings, by language: name and words. A language is added by adding it to the file.
//
//go:embed titles.json
var titlesJSON []byte

// readTitles gives the headings by language. The file is part of the program: a test reads it.
func readTitles() (titles map[string]map[string]string, err error) {
	if err = json.Unmarshal(titlesJSON, &titles); err != nil {
		return nil, fmt.Errorf("notice: titles.json: %w", err)
	}
	return titles, nil
}

// Page lays the notice out in a language.
func (n *Notice) Page(language string) (Page, error) {
	titles, err := readTitles()
	if err != nil {
		return Page{}, err
	}
	title, known := titles[language]
	t, ok := n.Text[language]
	if !known || !ok {
		return Page{}, fmt.Errorf("notice: there is no text in language %q", language)
	}
	kept := strings.ReplaceAll(title["retention-days"], "{days}", strconv.Itoa(n.RetentionDays))
	sections := []Section{
		{Name: "handler", Text: t.Handler + "\n" + t.Contact},
		{Name: "purpose", Text: t.Purpose},
		{Name: "other-ways", Text: t.OtherWays},
		{Name: "method", Text: t.Method},
		{Name: "data", Text: t.Data},
		{Name: "leaves", Text: t.Leaves},
		{Name: "retention", Text: kept + "\n" + t.AtEnd},
		{Name: "necessity", Text: t.Necessity},
		{Name: "effect", Text: t.Effect},
		{Name: "rights", Text: t.Rights},
		{Name: "complaint", Text: t.Complaint},
	}
	for i := range sections {
		sections[i].Title = title[sections[i].Name]
	}
	return Page{Language: language, Title: title["page"], Version: n.Version, Sections: sections}, nil
}
