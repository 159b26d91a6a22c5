package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// localMedia are the file systems that live on a medium in the device and know owners and modes. Whatever is not in
// this list is refused, because a list of what is forbidden is never complete. Numbers: statfs(2), linux/magic.h.
var localMedia = map[int64]string{
	unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.F2FS_SUPER_MAGIC: "f2fs",
	0x24051905: "ubifs", unix.JFFS2_SUPER_MAGIC: "jffs2", 0x2fc12fc1: "zfs", 0xca451a4e: "bcachefs", unix.NILFS_SUPER_MAGIC: "nilfs2",
}

// passingMedia work, but what is written there is gone or not quite there.
var passingMedia = map[int64]string{
	unix.TMPFS_MAGIC: "tmpfs: everything is forgotten when the power goes", unix.RAMFS_MAGIC: "ramfs: everything is forgotten when the power goes",
	unix.OVERLAYFS_SUPER_MAGIC: "overlay: the folder lies in a container's throw-away layer",
}

// farMedia have a name, so that the sentence can say it.
var farMedia = map[int64]string{
	unix.NFS_SUPER_MAGIC: "NFS", unix.SMB_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "SMB (CIFS)",
	unix.FUSE_SUPER_MAGIC: "FUSE", unix.V9FS_MAGIC: "9p", unix.CEPH_SUPER_MAGIC: "Ceph", unix.AFS_SUPER_MAGIC: "AFS", unix.AFS_FS_MAGIC: "AFS",
	unix.CODA_SUPER_MAGIC: "Coda", unix.NCP_SUPER_MAGIC: "NCP", unix.MSDOS_SUPER_MAGIC: "FAT", unix.EXFAT_SUPER_MAGIC: "exFAT",
}

// medium says whether the folder lies in this device.
func medium(dir string) Finding {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return Finding{Fail, "state", fmt.Sprintf("the kernel does not say on what medium %s lies: %v", dir, err), "name a folder on the device's own disk"}
	}
	f := judge(int64(s.Type), dir)
	if f.Level == OK && onUSB(dir) {
		return Finding{Warn, "state", dir + " lies on a USB disk, which can be pulled out and carried away", "use the device's own disk: faces must stay in the device (Measures art. 8)"}
	}
	return f
}

func judge(magic int64, dir string) Finding {
	magic &= 0xffffffff // statfs sign-extends on 32-bit boards
	if name, ok := localMedia[magic]; ok {
		return Finding{OK, "state", dir + " lies on the device's own disk (" + name + ")", ""}
	}
	if what, ok := passingMedia[magic]; ok {
		return Finding{Warn, "state", dir + " lies on " + what, "good for a demo; a real door needs a folder on the device's own disk"}
	}
	name, ok := farMedia[magic]
	if !ok {
		name = fmt.Sprintf("a file system that is not known to be local (0x%x)", magic)
	}
	return Finding{Fail, "state", dir + " lies on " + name, "name a folder on the device's own disk, such as /var/lib/edged: faces must stay in the device (Measures art. 8)"}
}

// onUSB follows the disk's number to its place on the bus.
func onUSB(dir string) bool {
	st, err := os.Stat(dir)
	if err != nil {
		return false
	}
	dev := st.Sys().(*syscall.Stat_t).Dev
	at, err := filepath.EvalSymlinks(fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(uint64(dev)), unix.Minor(uint64(dev))))
	return err == nil && strings.Contains(at, "/usb")
}

func ownerOf(st fs.FileInfo) int { return int(st.Sys().(*syscall.Stat_t).Uid) }

// videoMajor is the device number of every V4L2 device (Documentation/admin-guide/devices.txt).
const videoMajor = 81

// checkCamera looks at what the eye will be given. An RTSP camera is not called: only the lens may.
func (c *Config) checkCamera() []Finding {
	if !c.HasFace() {
		return nil
	}
	switch c.Camera.Source {
	case "v4l2":
		return append([]Finding{video(c.Camera.Device)}, c.checkInfrared(video)...)
	case "pictures":
		return append([]Finding{pictures(c.Camera.Folder)}, c.checkInfrared(pictures)...)
	case "video":
		return []Finding{film(c.Camera.File)}
	}
	return []Finding{{OK, "camera", "the camera's address is well formed; the camera itself is only called by the lens", ""}}
}

// checkInfrared looks at the second camera as at the first, and says what nobody knows of it: the bench reads pictures of
// the camera alone.
func (c *Config) checkInfrared(there func(string) Finding) []Finding {
	if c.Camera.Infrared == "" {
		return nil
	}
	f := there(c.Camera.Infrared)
	f.Part = "camera.infrared"
	return []Finding{f, {Warn, "camera.infrared", "a face that this camera does not show is refused, and how many people and how many attacks that refuses is not measured on it: " +
		"a screen is dark in near infrared, a print may not be", "try it with a phone and with a few people; where it refuses people, delete the line"}}
}

func video(path string) Finding {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		do := "plug the camera in"
		if others, _ := filepath.Glob("/dev/video*"); len(others) > 0 {
			do += ", or write one of " + strings.Join(others, ", ")
		}
		return Finding{Fail, "camera.device", path + " does not exist", do}
	case err != nil:
		return Finding{Fail, "camera.device", path + " cannot be looked at: " + reason(err), "start as root, or as a user of group video"}
	}
	sys := st.Sys().(*syscall.Stat_t)
	if st.Mode()&fs.ModeCharDevice == 0 || unix.Major(uint64(sys.Rdev)) != videoMajor {
		return Finding{Fail, "camera.device", path + " is not a camera", "write a device such as /dev/video0"}
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return Finding{Fail, "camera.device", "this user may not open " + path, "start as root, or add the user to group video"}
	case errors.Is(err, syscall.EBUSY):
		return Finding{Fail, "camera.device", path + " is in use by another program", "end that program"}
	case err != nil:
		return Finding{Fail, "camera.device", path + " cannot be opened: " + reason(err), "unplug the camera and plug it in again"}
	}
	f.Close()
	return Finding{OK, "camera.device", path + " is there and can be opened", ""}
}

func pictures(dir string) Finding {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Finding{Fail, "camera.folder", dir + " cannot be read: " + reason(err), "make the folder and put JPEG or PNG pictures into it"}
	}
	n := 0
	for _, e := range entries {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".jpg", ".jpeg", ".png":
			n++
		}
	}
	if n == 0 {
		return Finding{Fail, "camera.folder", dir + " holds no picture", "put JPEG or PNG pictures into it"}
	}
	return Finding{Warn, "camera.folder", fmt.Sprintf("%s plays %d pictures instead of a camera", dir, n), "good for a demo; a real door needs source: v4l2 or rtsp"}
}

func film(path string) Finding {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return Finding{Fail, "camera.file", path + " cannot be read: " + reason(err), "name a video file"}
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return Finding{Fail, "camera.file", path + " is empty or not a file", "name a video file"}
	}
	return Finding{Warn, "camera.file", path + " is played instead of a camera", "good for a demo; a real door needs source: v4l2 or rtsp"}
}
