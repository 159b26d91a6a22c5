package kiosk

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"time"

	"example.org/edged/internal/room"
)

// A voice is what the screen can say aloud: the recordings that the hall put into one descriptor.
type voice struct {
	file *os.File // nil: the screen is silent
	list []room.Recording
}

// speaks names the types as getStatic does, and for the same reason.
var speaks = map[string]string{".ogg": "audio/ogg", ".mp3": "audio/mpeg", ".wav": "audio/wav"}

func newVoice(f *os.File, list []room.Recording) (*voice, error) {
	if f == nil || len(list) == 0 {
		return &voice{}, nil
	}
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("kiosk: look at the recordings: %w", err)
	}
	for _, r := range list {
		if r.At < 0 || r.Len <= 0 || r.At > st.Size()-r.Len || speaks[r.Kind] == "" {
			return nil, fmt.Errorf("kiosk: the recording %s/%s does not lie in what was handed over", r.Language, r.Key)
		}
	}
	return &voice{f, list}, nil
}

// names are what the page may ask for, as language/key.
func (v *voice) names() []string {
	names := []string{}
	for _, r := range v.list {
		names = append(names, r.Language+"/"+r.Key)
	}
	return names
}

func (v *voice) get(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(v.list, func(c room.Recording) bool { return c.Language == r.PathValue("lang") && c.Key == r.PathValue("key") })
	if i < 0 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", speaks[v.list[i].Kind])
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(v.file, v.list[i].At, v.list[i].Len))
}
