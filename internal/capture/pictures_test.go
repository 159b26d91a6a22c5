package capture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// grey is a PNG file of one grey level, which names the picture.
func grey(t *testing.T, level uint8) []byte {
	t.Helper()
	p := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range p.Pix {
		p.SetGray(i%4, i/4, color.Gray{Y: level})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t *testing.T, folder, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// bubbleClock counts the nanoseconds of a synctest bubble, from one day on.
func bubbleClock() func() int64 {
	begin := time.Now().Add(-24 * time.Hour)
	return func() int64 { return int64(time.Since(begin)) }
}

func levels(t *testing.T, s Source, n int) []byte {
	t.Helper()
	var got []byte
	for range n {
		f, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Pix[0])
	}
	return got
}

func TestPicturesComeInOrderAtTheirTimeAndAgain(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "a.png", grey(t, 10))
	put(t, folder, "b.png", grey(t, 20))
	put(t, folder, "c.png", grey(t, 30))
	synctest.Test(t, func(t *testing.T) {
		clock := bubbleClock()
		s, err := openPictures(room.Camera{Folder: folder, Every: 500 * time.Millisecond}, quiet(), clock)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.State() != wire.CameraOpening {
			t.Errorf("state %v before the first picture", s.State())
		}
		begin := clock()
		if got := levels(t, s, 5); !bytes.Equal(got, []byte{10, 20, 30, 10, 20}) {
			t.Errorf("order %v", got)
		}
		if took := clock() - begin; took != int64(2*time.Second) {
			t.Errorf("five pictures took %v", time.Duration(took))
		}
		if s.State() != wire.CameraSeeing || s.Counts() != (Counts{Frames: 5}) {
			t.Errorf("%v %+v", s.State(), s.Counts())
		}
	})
}

func TestASlowEyeMissesPicturesInsteadOfSeeingOldOnes(t *testing.T) {
	folder := t.TempDir()
	for i := range byte(8) {
		put(t, folder, string('a'+i)+".png", grey(t, i))
	}
	synctest.Test(t, func(t *testing.T) {
		clock := bubbleClock()
		s, err := openPictures(room.Camera{Folder: folder, Every: 100 * time.Millisecond}, quiet(), clock)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		levels(t, s, 1)
		time.Sleep(450 * time.Millisecond)
		f, err := s.Next(t.Context())
		if err != nil || f.Pix[0] != 4 || f.Seq != 2 || f.At != clock() {
			t.Errorf("%+v at %d, %v", f, clock(), err)
		}
		if s.Counts() != (Counts{Frames: 5, Stale: 3}) {
			t.Errorf("%+v", s.Counts())
		}
	})
}

func TestBadFilesAreSkippedAndNamedOnce(t *testing.T) {
	folder := t.TempDir()
	good := grey(t, 99)
	put(t, folder, "empty.jpg", nil)
	put(t, folder, "good.png", good)
	put(t, folder, "half.png", good[:len(good)-20])
	put(t, folder, "text.png", []byte("hello"))
	if err := os.Mkdir(filepath.Join(folder, "folder.png"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("gone", filepath.Join(folder, "link.png")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe.png"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	s, err := openPictures(room.Camera{Folder: folder, Every: time.Millisecond}, slog.New(slog.NewTextHandler(&said, nil)), monotonic)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := levels(t, s, 4); !bytes.Equal(got, []byte{99, 99, 99, 99}) {
		t.Fatalf("%v", got)
	}
	for _, name := range []string{"empty.jpg", "half.png", "text.png", "link.png", "pipe.png"} {
		if n := strings.Count(said.String(), "/"+name+" "); n != 1 {
			t.Errorf("%s was named %d times:\n%s", name, n, &said)
		}
	}
}

func TestAFolderOfNoUseIsNamed(t *testing.T) {
	empty, rubbish := t.TempDir(), t.TempDir()
	put(t, rubbish, "a.jpg", []byte("rubbish"))
	plain := filepath.Join(rubbish, "a.jpg")
	for _, c := range []struct{ name, folder, want string }{
		{"an empty folder", empty, "holds no usable picture"},
		{"a folder of rubbish", rubbish, "holds no usable picture"},
		{"a folder that is not there", filepath.Join(empty, "gone"), "does not exist"},
		{"a folder that is a file", plain, "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(room.Camera{Kind: "pictures", Folder: c.folder}, nil, quiet())
			if err == nil || !strings.Contains(err.Error(), c.folder) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v", err)
			}
		})
	}
}

func TestPicturesMayBeExchangedWhileTheyAreShown(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "a.png", grey(t, 1))
	synctest.Test(t, func(t *testing.T) {
		s, err := openPictures(room.Camera{Folder: folder, Every: 100 * time.Millisecond}, quiet(), bubbleClock())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		levels(t, s, 2)
		if err := os.Remove(filepath.Join(folder, "a.png")); err != nil {
			t.Fatal(err)
		}
		short, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		if f, err := s.Next(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v, %v from an empty folder", f, err)
		}
		if s.State() != wire.CameraSilent {
			t.Errorf("state %v", s.State())
		}
		put(t, folder, "b.png", grey(t, 2))
		if got := levels(t, s, 1); got[0] != 2 || s.State() != wire.CameraSeeing {
			t.Errorf("%v %v", got, s.State())
		}
	})
}

func TestCloseEndsAWaitingNext(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "a.png", grey(t, 1))
	synctest.Test(t, func(t *testing.T) {
		s, err := openPictures(room.Camera{Folder: folder, Every: time.Hour}, quiet(), bubbleClock())
		if err != nil {
			t.Fatal(err)
		}
		levels(t, s, 1)
		time.AfterFunc(time.Second, func() { s.Close() })
		if _, err := s.Next(t.Context()); !errors.Is(err, os.ErrClosed) {
			t.Fatal(err)
		}
	})
}
