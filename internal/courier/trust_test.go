package courier_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"example.org/edged/internal/room"
)

// An authority signs certificates into a folder.
type authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{folder: t.TempDir()}
	a.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.cert, _ = x509.ParseCertificate(der)
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) file(name string) string { return filepath.Join(a.folder, name) }

func (a *authority) write(t testing.TB, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sign makes NAME.pem and NAME.key.
func (a *authority) sign(t testing.TB, name string, addresses ...net.IP) {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: addresses,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".pem", "CERTIFICATE", der)
	private, _ := x509.MarshalECPrivateKey(key)
	a.write(t, name+".key", "EC PRIVATE KEY", private)
}

func (a *authority) client(t testing.TB, name, broker string) *mqtt.ClientOptions {
	t.Helper()
	a.sign(t, name)
	pair, err := tls.LoadX509KeyPair(a.file(name+".pem"), a.file(name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return mqtt.NewClientOptions().AddBroker(broker).SetClientID(name).
		SetTLSConfig(&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}})
}

// shipped starts Mosquitto with deploy/broker as it stands; only the folders and the port are the test's.
func shipped(t testing.TB, a *authority) string {
	t.Helper()
	a.sign(t, "broker", net.IPv4(127, 0, 0, 1))
	conf, err := os.ReadFile("../../deploy/broker/mosquitto.conf")
	if err != nil {
		t.Fatal(err)
	}
	acl, err := os.ReadFile("../../deploy/broker/fleet.acl")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.file("fleet.acl"), acl, 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	text := strings.NewReplacer("/etc/mosquitto/edged", a.folder, "/var/lib/mosquitto/", t.TempDir()+"/",
		"listener 8883", fmt.Sprintf("listener %d 127.0.0.1", port)).Replace(string(conf))
	newMosquitto(t, port, text)
	return fmt.Sprintf("ssl://127.0.0.1:%d", port)
}

func (a *authority) brief(t testing.TB, device, broker string) room.Courier {
	a.sign(t, device)
	b := brief(t, broker)
	b.Device, b.CA, b.Cert, b.Key = device, a.file("ca.pem"), a.file(device+".pem"), a.file(device+".key")
	return b
}

func TestTheShippedBrokerSetUpLetsEachDeviceSayItsOwnAndNoMore(t *testing.T) {
	a := newAuthority(t)
	broker := shipped(t, a)
	f := newFleet(t, a.client(t, "fleet", broker))
	r := start(t, a.brief(t, "door-1", broker))
	eventually(t, "the broker is reached", r.linked)
	r.decide(t, 0, 3)
	eventually(t, "events", func() bool { return len(f.indices(t)) == 3 })
	f.request(t, fresh(1, "status", ""), false)
	eventually(t, "answers", func() bool { return len(f.on("cmd/res/fleet")) == 2 })
	if r.said.has("not encrypted") {
		t.Error("an encrypted way is called not encrypted")
	}

	// A thief with door-2's certificate speaks as door-1 and sends it a request. The broker acknowledges and drops.
	thief := newFleet(t, a.client(t, "door-2", broker))
	for _, topic := range []string{"evt/feed", "state", "cmd", "cmd/res/fleet"} {
		if p := thief.Publish(root+topic, 1, false, `{"forged":true}`); !p.WaitTimeout(patience) {
			t.Fatal("no acknowledgement")
		}
	}
	thief.Publish("edged/v1/home/door-2/state", 1, false, `{"own":true}`).WaitTimeout(patience)
	eventually(t, "door-2's own word", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.all) > 0 && strings.Contains(string(f.all[len(f.all)-1].Payload()), "own")
	})
	f.request(t, fresh(2, "status", ""), false)
	eventually(t, "the next answers", func() bool { return len(f.on("cmd/res/fleet")) == 4 })
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.all {
		if strings.Contains(string(m.Payload()), "forged") {
			t.Errorf("%s was forged", m.Topic())
		}
	}
	if n := len(r.heard()); n != 2 {
		t.Errorf("the keeper was asked %d times", n)
	}
	if len(thief.on("evt/feed"))+len(thief.on("cmd/res/fleet")) > 0 {
		t.Error("the thief hears door-1")
	}
}

func TestWithoutTrustThereIsNoSession(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	broker := shipped(t, a)
	port := broker[strings.LastIndex(broker, ":"):]
	for name, tt := range map[string]struct {
		brief func() room.Courier
		why   string
	}{
		"a broker that another authority signed": {func() room.Courier {
			b := a.brief(t, "door-3", broker)
			b.CA = stranger.file("ca.pem")
			return b
		}, "unknown authority"},
		"a broker under another name": {func() room.Courier { return a.brief(t, "door-4", "ssl://localhost"+port) }, "localhost"},
		"a device without a certificate": {func() room.Courier {
			b := a.brief(t, "door-5", broker)
			b.Cert, b.Key = "", ""
			return b
		}, "certificate"},
		"a device that another authority signed": {func() room.Courier {
			b := stranger.brief(t, "door-6", broker)
			b.CA = a.file("ca.pem")
			return b
		}, "unknown certificate authority"},
		"plain words to an encrypted port": {func() room.Courier { return brief(t, "tcp://127.0.0.1"+port) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, tt.brief())
			eventually(t, "a line in the log", func() bool { return r.said.has("trying again") && r.said.has(tt.why) })
			if r.linked() {
				t.Error("there is a session")
			}
		})
	}
}

func TestAWayThatIsNotEncryptedIsSaidOnce(t *testing.T) {
	r := start(t, brief(t, "tcp://192.0.2.1:1883"))
	eventually(t, "the line", func() bool { return r.said.has("is not encrypted") })
}
