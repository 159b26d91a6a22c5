package demo

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.org/edged/internal/operator"
)

// papers builds what an authority and a court get, and has both checked on another machine's program.
func (st *story) papers() (string, error) {
	key, err := st.publicKey()
	if err != nil {
		return "", err
	}
	filing, evidence := filepath.Join(st.h.dir, "filing.json"), filepath.Join(st.h.dir, "evidence.json")
	if out, err := st.edged("", "filing", "--out", filing); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if out, err := st.edged("", "evidence", "--person", st.who, "--out", evidence); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	check := func(path string) (string, error) {
		var out, wrong bytes.Buffer
		operator.Main(st.ctx, []string{"verify", "dossier", path, "--key", key}, &out, &wrong)
		if strings.Contains(out.String(), "does not verify") || wrong.Len() > 0 {
			return "", fmt.Errorf("%s: %s%s", filepath.Base(path), out.String(), wrong.String())
		}
		return out.String(), nil
	}
	filed, err := check(filing)
	if err != nil || strings.Contains(filed, "NOT PROVED") {
		return "", fmt.Errorf("the filing: %s %w", filed, err)
	}
	said, err := check(evidence)
	if err != nil {
		return "", err
	}
	for _, must := range []string{"all of them here", "agreed on", "erased on"} {
		if !strings.Contains(said, must) {
			return "", fmt.Errorf("the evidence does not say %q: %s", must, said)
		}
	}
	paper, err := os.ReadFile(filing)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(evidence)
	if err != nil {
		return "", err
	}
	if count(b, st.traces)+count(paper, st.traces) > 0 {
		return "", errors.New("a paper holds a piece of the sealed face")
	}
	bad := bytes.Replace(b, []byte(`"granted"`), []byte(`"denied"`), 1)
	if err := os.WriteFile(evidence, bad, 0o600); err != nil {
		return "", err
	}
	if _, err := check(evidence); err == nil {
		return "", errors.New("evidence in which a word was changed verifies")
	}
	return fmt.Sprintf("filing of %s, %d answers proved; evidence of %s, %d of %d answers proved; one word changed: does not verify",
		size(int64(len(paper))), strings.Count(filed, "proved"), size(int64(len(b))), strings.Count(said, "\n")-strings.Count(said, "NOT PROVED"), strings.Count(said, "\n")), nil
}

// complies has the device look at itself, article by article, while it runs.
func (st *story) complies() (string, error) {
	page := filepath.Join(st.h.dir, "comply.html")
	out, err := st.edged("", "comply", "--html", page)
	lines := strings.Split(out, "\n")
	if err != nil {
		var red []string
		for _, line := range lines {
			if strings.HasPrefix(line, "does not hold") {
				red = append(red, line)
			}
		}
		return "", fmt.Errorf("%w: %s", err, strings.Join(red, "; "))
	}
	b, err := os.ReadFile(page)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s; a page of %s for the inspector", strings.TrimPrefix(lines[len(lines)-1], "comply: "), size(int64(len(b)))), nil
}
