package notice_test

import (
	"os"
	"testing"

	"github.com/goccy/go-yaml"

	"example.org/edged/internal/notice"
)

// example is the notice in configs/, which people start from.
func example(t testing.TB) *notice.Notice {
	t.Helper()
	b, err := os.ReadFile("../../configs/notice.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var n notice.Notice
	if err := yaml.UnmarshalWithOptions(b, &n, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return &n
}

func TestTheExampleMayBeShown(t *testing.T) {
	n := example(t)
	if err := n.Validate(n.Keep()); err != nil {
		t.Error(err)
	}
	if n.RetentionDays != 365 {
		t.Errorf("the example keeps faces for %d days", n.RetentionDays)
	}
}
