// Package operator is what an operator or an inspector types on a laptop: `edgectl watch`, `ask`, `verify`. It never
// sees a face, because none is ever sent, and it holds no key of a device.
package operator

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	paho "github.com/eclipse/paho.mqtt.golang"
)

type line struct {
	Watch  watchCmd  `cmd:"" help:"Print what devices say, one line a message, until Ctrl-C."`
	Ask    askCmd    `cmd:"" help:"Send one request to a device and print its answer."`
	Verify verifyCmd `cmd:"" help:"Check a log, a receipt or a certificate with nothing but the device's public key."`
}

var errNo = errors.New("no")

type desk struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
}

// Main runs one command line and returns its exit code: 0 done, 1 the answer is no, 64 wrong usage, 70 it failed.
func Main(ctx context.Context, args []string, out, stderr io.Writer) int {
	var l line
	code := -1
	p, err := kong.New(&l, kong.Name("edgectl"), kong.Writers(out, stderr), kong.Bind(&desk{ctx, os.Stdin, out}),
		kong.Exit(func(c int) { code = c }), kong.Description("The operator's and the inspector's tool for edged."))
	if err != nil {
		fmt.Fprintln(stderr, "edgectl:", err)
		return 70
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	c, err := p.Parse(args)
	if code >= 0 {
		return code
	}
	if err != nil {
		fmt.Fprintf(stderr, "edgectl: %v\nTry: edgectl --help\n", err)
		return 64
	}
	switch err := c.Run(); {
	case errors.Is(err, errNo):
		return 1
	case err != nil:
		fmt.Fprintln(stderr, "edgectl:", err)
		return 70
	}
	return 0
}

// Link is how to reach the broker.
type Link struct {
	Broker string `help:"tcp://host:port or ssl://host:port." required:""`
	User   string `help:"User name at the broker."`
	Pass   string `help:"File with the password." type:"existingfile"`
	CA     string `help:"PEM file of the authority that signed the broker's certificate." type:"existingfile"`
	Cert   string `help:"PEM file of this operator's certificate." type:"existingfile"`
	Key    string `help:"PEM file of its key." type:"existingfile"`
}

func (l Link) dial() (paho.Client, string, error) {
	var id [8]byte
	rand.Read(id[:])
	name := "edgectl-" + hex.EncodeToString(id[:])
	o := paho.NewClientOptions().AddBroker(l.Broker).SetClientID(name).SetConnectTimeout(5 * time.Second).
		SetOrderMatters(true).SetAutoReconnect(false).SetUsername(l.User)
	if l.Pass != "" {
		b, err := os.ReadFile(l.Pass)
		if err != nil {
			return nil, "", err
		}
		o.SetPassword(strings.TrimSpace(string(b)))
	}
	t, err := l.tls()
	if err != nil {
		return nil, "", err
	}
	o.SetTLSConfig(t)
	c := paho.NewClient(o)
	if tok := c.Connect(); !tok.WaitTimeout(8 * time.Second) {
		return nil, "", fmt.Errorf("%s does not answer", l.Broker)
	} else if tok.Error() != nil {
		return nil, "", fmt.Errorf("connecting to %s: %w", l.Broker, tok.Error())
	}
	return c, name, nil
}

func (l Link) tls() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if l.CA != "" {
		b, err := os.ReadFile(l.CA)
		if err != nil {
			return nil, err
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(b) {
			return nil, fmt.Errorf("%s holds no certificate in PEM form", l.CA)
		}
	}
	if l.Cert != "" {
		pair, err := tls.LoadX509KeyPair(l.Cert, l.Key)
		if err != nil {
			return nil, fmt.Errorf("the operator's certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

type watchCmd struct {
	Link   `embed:""`
	Site   string `help:"One site; all when not given." default:"+"`
	Device string `help:"One device; all when not given." default:"+"`
}

func (c *watchCmd) Run(d *desk) error {
	client, _, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Disconnect(200)
	lines := make(chan string, 256)
	t := client.Subscribe("edged/v1/"+c.Site+"/"+c.Device+"/#", 1, func(_ paho.Client, m paho.Message) {
		select {
		case lines <- m.Topic() + "\t" + string(m.Payload()):
		default: // a slow reader loses lines, never the connection
		}
	})
	if !t.WaitTimeout(8*time.Second) || t.Error() != nil {
		return fmt.Errorf("subscribing: %v", t.Error())
	}
	for {
		select {
		case <-d.ctx.Done():
			return nil
		case l := <-lines:
			fmt.Fprintln(d.out, l)
		}
	}
}

type askCmd struct {
	Link      `embed:""`
	Act       string `arg:"" enum:"export,open,status" help:"export, open or status."`
	Site      string `required:"" help:"The device's site."`
	Device    string `required:"" help:"The device."`
	Who       string `help:"Pseudonym of the person, 32 hex digits."`
	Recipient string `help:"Who is to receive an export."`
}

// Run prints the device's last answer as it came. In this release nothing is signed, so a device grants no more than
// it would to a stranger; the answers say so.
func (c *askCmd) Run(d *desk) error {
	client, name, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Disconnect(200)
	root := "edged/v1/" + c.Site + "/" + c.Device
	answers := make(chan []byte, 8)
	t := client.Subscribe(root+"/cmd/res/"+name, 1, func(_ paho.Client, m paho.Message) {
		select {
		case answers <- m.Payload():
		default:
		}
	})
	if !t.WaitTimeout(8*time.Second) || t.Error() != nil {
		return fmt.Errorf("subscribing: %v", t.Error())
	}
	var id [16]byte
	rand.Read(id[:])
	now := time.Now()
	ask := map[string]any{"v": 1, "id": hex.EncodeToString(id[:]), "act": c.Act, "client": name,
		"iat": now.Unix(), "exp": now.Add(30 * time.Second).Unix()}
	if c.Who != "" {
		ask["who"] = c.Who
	}
	if c.Recipient != "" {
		ask["recipient"] = c.Recipient
	}
	b, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if t := client.Publish(root+"/cmd", 1, false, b); !t.WaitTimeout(8*time.Second) || t.Error() != nil {
		return fmt.Errorf("sending: %v", t.Error())
	}
	return c.await(d, answers)
}

// await prints answers until the final one: "accepted" only says that the request is on its way.
func (c *askCmd) await(d *desk, answers <-chan []byte) error {
	late := time.NewTimer(15 * time.Second)
	defer late.Stop()
	for {
		select {
		case b := <-answers:
			fmt.Fprintf(d.out, "%s\n", b)
			var a struct{ Status string }
			if json.Unmarshal(b, &a) == nil && a.Status == "accepted" {
				continue
			}
			if a.Status == "done" {
				return nil
			}
			return errNo
		case <-late.C:
			return errors.New("the device did not answer within 15 s")
		case <-d.ctx.Done():
			return d.ctx.Err()
		}
	}
}
