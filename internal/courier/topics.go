package courier

import (
	"fmt"
	"regexp"
)

// Schema is the number of the field set in every payload. A field is only ever added under the same number.
const schema = 1

// topics are the names of docs/mqtt.md for one device.
type topics struct {
	device, client                                            string
	state, describe, door, live, feed, head, health, cmd, res string
}

// Ids stand in topics and in client ids, so nothing may be in them that MQTT or an ACL pattern reads.
var (
	idWord     = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)
	clientWord = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
)

func newTopics(site, device string) (topics, error) {
	for what, id := range map[string]string{"site": site, "device": device} {
		if !idWord.MatchString(id) {
			return topics{}, fmt.Errorf("%s %q cannot stand in a topic: use 1 to 63 of a-z, 0-9 and -", what, id)
		}
	}
	root := "edged/v1/" + site + "/" + device + "/"
	return topics{
		device: device, client: "edged-" + site + "-" + device,
		state: root + "state", describe: root + "describe", door: root + "door/1",
		live: root + "evt/live", feed: root + "evt/feed", head: root + "audit/head",
		health: root + "health", cmd: root + "cmd", res: root + "cmd/res/",
	}, nil
}
