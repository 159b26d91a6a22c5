package boundary_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Scores of people are known in these packages. What they print, log or put into an error is read by others.
var scored = []string{"keeper", "passage", "match", "faces", "enrol", "reception", "scribe", "access", "template", "vault",
	"eye", "vision", "curve", "liveness", "audit", "receipt", "consent", "retention"}

// fractions print what is not a score, for this reason.
var fractions = map[string]string{
	"curve/curve.go":    "of tries a day and of years, for the installer",
	"liveness/table.go": "of what was measured on pictures of many, for the installer",
}

// No fraction is ever logged or printed where scores are known, and nothing is logged whole that could hold one.
func TestNoScoreIsLoggedOrPrinted(t *testing.T) {
	files := 0
	for _, name := range scored {
		all, err := filepath.Glob(filepath.Join("..", name, "*.go"))
		if err != nil || len(all) == 0 {
			t.Fatalf("internal/%s has no files: %v", name, err)
		}
		for _, path := range all {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files++
			if fractions[name+"/"+filepath.Base(path)] == "" {
				for _, what := range printsScores(t, path, text) {
					t.Errorf("%s: %s", path, what)
				}
			}
		}
	}
	if files < 50 {
		t.Errorf("only %d files were read", files)
	}
	const planted = `package p; import ("fmt"; "log/slog"); func f(c float32, l *slog.Logger) {
		l.Info("seen", slog.Float64("score", float64(c))); l.Info("seen", slog.Any("it", c)); l.Info("seen", "score", c); fmt.Printf("%.2f", c); fmt.Println(c) }`
	if got := printsScores(t, "planted.go", []byte(planted)); len(got) != 5 {
		t.Errorf("of five planted, these were found: %q", got)
	}
}

var fraction = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]*)?[feEgG]`)

func printsScores(t *testing.T, path string, text []byte) (found []string) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	say := func(n ast.Node, what string) { found = append(found, set.Position(n.Pos()).String()+": "+what) }
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING && fraction.MatchString(n.Value) {
				say(n, "prints a fraction")
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, _ := sel.X.(*ast.Ident)
			switch {
			case from != nil && from.Name == "slog" && strings.HasPrefix(sel.Sel.Name, "Float"):
				say(n, "logs a fraction")
			case from != nil && from.Name == "slog" && sel.Sel.Name == "Any" && !isErr(n.Args[1]):
				say(n, "logs a whole value")
			case slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, sel.Sel.Name) && len(n.Args) > 1 && !areAttributes(n.Args[1:]):
				say(n, "logs a pair instead of an attribute")
			case from != nil && from.Name == "fmt" && (sel.Sel.Name == "Println" || sel.Sel.Name == "Print"):
				say(n, "prints a whole value")
			}
		}
		return true
	})
	return found
}

func isErr(e ast.Expr) bool { i, ok := e.(*ast.Ident); return ok && i.Name == "err" }

func areAttributes(args []ast.Expr) bool {
	for _, a := range args {
		c, ok := a.(*ast.CallExpr)
		if !ok {
			return false
		}
		sel, ok := c.Fun.(*ast.SelectorExpr)
		if from, named := sel.X.(*ast.Ident); !ok || !named || from.Name != "slog" {
			return false
		}
	}
	return true
}
