// Init is the first and only program of the test kernel: it mounts what a program expects to find, runs one command and
// switches off. It never runs on a real machine: it refuses to be anything but process 1.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Println("this is the first program of a test kernel, see test/devices/run.sh")
		return
	}
	for _, m := range [][2]string{{"proc", "/proc"}, {"sysfs", "/sys"}, {"tmpfs", "/run"}, {"configfs", "/sys/kernel/config"}} {
		if err := unix.Mount(m[0], m[1], m[0], 0, ""); err != nil {
			fmt.Printf("mounting %s: %v\n", m[1], err)
		}
	}
	command := strings.Fields(os.Getenv("command"))
	c := exec.Command(command[0], command[1:]...)
	c.Dir, c.Env = "/run", []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/run", "TMPDIR=/run"}
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	err := c.Run()
	fmt.Printf("exit code %d (%v)\n", c.ProcessState.ExitCode(), err)
	unix.Sync()
	fmt.Println(unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF))
}
