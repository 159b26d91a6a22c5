// Package voice finds the recordings with which a screen can say aloud what stands on it, and packs them for the room
// that shows. It never plays, makes or fetches one, and nothing is opened where no folder is configured.
//
// A folder has a folder for each language, and in it a file for each text, called as the text is in the screen's own
// files: zh/prompt.welcome.ogg. The five parts of the notice have its version in their names, notice.3.rights.ogg, so
// that nobody hears the old text beside the new one.
package voice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"example.org/edged/internal/kiosk/lang"
	"example.org/edged/internal/room"
)

const (
	mostEach = 4 << 20  // a minute and a half of a good MP3
	mostAll  = 64 << 20 // it stays in memory
)

// Kinds are the formats: the ending of the name and how the file begins.
var kinds = []struct {
	ending string
	begins [][]byte
}{
	{".ogg", [][]byte{[]byte("OggS")}},
	{".mp3", [][]byte{[]byte("ID3"), {0xff, 0xfb}, {0xff, 0xf3}, {0xff, 0xf2}}},
	{".wav", [][]byte{[]byte("RIFF")}},
}

// spoken are the texts that are said besides all prompts and all explanations before a PIN. Digits are not among them,
// nor anybody's record: a voice at a door is heard by whoever stands there.
var spoken = []string{"home.title", "home.title.pin", "pad.short", "pad.again", "notice.rest", "page.still", "record.title", "issued.title", "receipt.text"}

// Keys are the names of all recordings of one language, for a version of the notice; 0 is no notice.
func Keys(notice int) ([]string, error) {
	b, err := lang.Files.ReadFile("en.json")
	if err != nil {
		return nil, err
	}
	var texts map[string]string
	if err := json.Unmarshal(b, &texts); err != nil {
		return nil, fmt.Errorf("the screen's words: %w", err)
	}
	var keys []string
	for key := range texts {
		if strings.HasPrefix(key, "prompt.") && key != "prompt.home" || (strings.HasPrefix(key, "ask.") || strings.HasPrefix(key, "step.") || strings.HasPrefix(key, "choose.")) && strings.HasSuffix(key, ".text") || slices.Contains(spoken, key) {
			keys = append(keys, key)
		}
	}
	if notice > 0 {
		for _, part := range []string{"who", "what", "why", "rights", "else"} {
			keys = append(keys, "notice."+strconv.Itoa(notice)+"."+part)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// Missing says which recordings a folder should have and has not, or has in a form that no screen plays.
func Missing(folder string, languages []string, notice int) (missing []string, all int, err error) {
	keys, err := Keys(notice)
	if err != nil {
		return nil, 0, err
	}
	if st, err := os.Stat(folder); err != nil || !st.IsDir() {
		return nil, 0, fmt.Errorf("%s is not a folder that can be looked into", folder)
	}
	for _, language := range languages {
		for _, key := range keys {
			all++
			if _, _, err := read(folder, language, key); errors.Is(err, fs.ErrNotExist) {
				missing = append(missing, language+"/"+key)
			} else if err != nil {
				missing = append(missing, language+"/"+key+" ("+err.Error()+")")
			}
		}
	}
	return missing, all, nil
}

// Pack copies the recordings that there are into memory without a name, which the kiosk is given as a descriptor: it
// needs no way to any file. What is missing or broken is left out, and the screen shows those words without saying them.
func Pack(folder string, languages []string, notice int) (*os.File, []room.Recording, error) {
	keys, err := Keys(notice)
	if err != nil {
		return nil, nil, err
	}
	fd, err := unix.MemfdCreate("voice", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, fmt.Errorf("memfd_create(2): %w", err)
	}
	f := os.NewFile(uintptr(fd), "voice")
	var list []room.Recording
	var at int64
	for _, language := range languages {
		for _, key := range keys {
			b, kind, err := read(folder, language, key)
			if err != nil {
				continue
			}
			if at+int64(len(b)) > mostAll {
				f.Close()
				return nil, nil, fmt.Errorf("the recordings in %s are more than %d MiB together: make them smaller", folder, mostAll>>20)
			}
			if _, err := f.Write(b); err != nil {
				f.Close()
				return nil, nil, fmt.Errorf("copying the recordings: %w", err)
			}
			list = append(list, room.Recording{Language: language, Key: key, Kind: kind, At: at, Len: int64(len(b))})
			at += int64(len(b))
		}
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW|unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("sealing the recordings: %w", err)
	}
	return f, list, nil
}

// read takes one recording, in the first format that is there. It is a file, never a pipe or a device that would keep
// the door waiting.
func read(folder, language, key string) (b []byte, ending string, err error) {
	for _, k := range kinds {
		path := filepath.Join(folder, language, key+k.ending)
		st, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		switch {
		case err != nil:
			return nil, "", errors.New("cannot be looked at")
		case !st.Mode().IsRegular():
			return nil, "", errors.New("is not a file")
		case st.Size() > mostEach:
			return nil, "", fmt.Errorf("is larger than %d MiB", mostEach>>20)
		}
		if b, err = os.ReadFile(path); err != nil {
			return nil, "", errors.New("cannot be read")
		}
		if !slices.ContainsFunc(k.begins, func(begin []byte) bool { return bytes.HasPrefix(b, begin) }) {
			return nil, "", errors.New("is not what its name says")
		}
		return b, k.ending, nil
	}
	return nil, "", fs.ErrNotExist
}
