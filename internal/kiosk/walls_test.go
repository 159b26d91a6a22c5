package kiosk_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"example.org/edged/internal/confine"
	"example.org/edged/internal/room"
	"example.org/edged/internal/wire"
)

// stageWord makes this test binary what the hall starts first: it raises the walls and becomes the room.
const stageWord = "stage-of-the-kiosk-test"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == stageWord {
		mandate, err := room.ReadMandate()
		if err == nil {
			err = mandate.Walls.Enter(mandate.Program, os.Environ())
		}
		fmt.Fprintln(os.Stderr, "stage:", err)
		os.Exit(room.ExitWalls)
	}
	os.Exit(m.Run())
}

// The real program, behind the real walls of a room that may only answer, on a socket that somebody else bound.
func TestThePageAnswersFromBehindItsWalls(t *testing.T) {
	program := filepath.Join(t.TempDir(), "edged-kiosk")
	build := exec.Command("go", "build", "-o", program, "../../cmd/edged-kiosk")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listen, address := socket(t, "127.0.0.1:0")
	atKeeper, keeper := pair(t)
	defer atKeeper.Close()
	brief, err := json.Marshal(room.Kiosk{Address: address, Notice: noticeJSON})
	if err != nil {
		t.Fatal(err)
	}
	mandate, err := os.Create(filepath.Join(t.TempDir(), "mandate"))
	if err != nil {
		t.Fatal(err)
	}
	m := room.Mandate{Room: "kiosk", Program: program, Files: map[string]int{"listen": 4, "keeper": 5}, Brief: brief,
		Walls: confine.Walls{Net: confine.NetAnswer, Parent: os.Getpid(), Run: []string{program}, Files: confine.Kernel().Landlock > 0}}
	if err := json.NewEncoder(mandate).Encode(m); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // the room dies with the thread that started it
	defer runtime.UnlockOSThread()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, stageWord)
	cmd.ExtraFiles = []*os.File{mandate, listen, keeper}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	listen.Close()
	keeper.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	client := &http.Client{Timeout: 20 * time.Second}
	answer, err := client.Get("http://" + address + "/")
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("GET /: %v %v", answer, err)
	}
	page, err := io.ReadAll(answer.Body)
	if token := tokenIn.FindSubmatch(page); err != nil || token == nil {
		t.Errorf("the page came without its token: %v", err)
	}
	answer.Body.Close()
	if _, err := wire.Open[wire.KioskSays, wire.KioskHears](atKeeper, nil); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("told to stop, it ended with %v", err)
	}
}
