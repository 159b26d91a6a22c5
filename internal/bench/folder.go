package bench

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// A presentation is one time that somebody, or something, stood before a camera: one picture, or a folder of frames.
type presentation struct {
	kind   string
	frames []int // into list.pictures
}

// walk finds every picture below a folder, in the order of their names. Files directly in it are one presentation each.
// With kinds, so are files in its subfolders, which name the kind; any folder deeper (without kinds: any subfolder) is one
// presentation. A Root does not follow a link that leads out of the folder.
func walk(folder string, kinds bool, loose string) (*list, []presentation, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the folder of pictures: %w", err)
	}
	defer root.Close()
	l := &list{}
	var all []presentation
	folders := map[string]int{}
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !isPicture(p):
			return nil
		}
		at := len(l.pictures)
		l.pictures = append(l.pictures, p)
		kind, single := loose, true
		if dir := path.Dir(p); dir != "." {
			parts := strings.Split(dir, "/")
			single = kinds && len(parts) == 1
			if kinds {
				kind = parts[0]
			}
		}
		if !single {
			if i, known := folders[path.Dir(p)]; known {
				all[i].frames = append(all[i].frames, at)
				return nil
			}
			folders[path.Dir(p)] = len(all)
		}
		all = append(all, presentation{kind, []int{at}})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("looking through %s: %w", folder, err)
	}
	if len(l.pictures) == 0 {
		return nil, nil, fmt.Errorf("%s holds no .jpg, .jpeg or .png picture: %w", folder, errNoPicture)
	}
	return l, all, nil
}

var errNoPicture = errors.New("name a folder that does")

func isPicture(name string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(path.Ext(name)))
}
