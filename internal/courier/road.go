package courier

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"example.org/edged/internal/room"
)

const dialPatience = 10 * time.Second

// A road is the one way to the one broker.
type road struct {
	url     string
	address string
	host    string
	tls     *tls.Config // nil: not encrypted
}

const plainPort, tlsPort = "1883", "8883" // as registered with IANA

// usual is the port of each scheme. A scheme that is not here is not MQTT over TCP.
var usual = map[string]string{"tcp": plainPort, "mqtt": plainPort, "ssl": tlsPort, "tls": tlsPort, "mqtts": tlsPort}

// newRoad reads the certificate files once, at the start: a wrong file is seen now and not at the next reconnect.
func newRoad(b room.Courier) (*road, error) {
	if strings.Contains(b.Broker, "@") { // and never printed
		return nil, errors.New("the broker's address holds a name or a password: give them as user and password instead")
	}
	u, err := url.Parse(b.Broker)
	if err != nil || u.Hostname() == "" || usual[u.Scheme] == "" || u.Path != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("broker %q is not an address: write tcp://host:1883 or ssl://host:8883", b.Broker)
	}
	port := u.Port()
	if port == "" {
		port = usual[u.Scheme]
	}
	r := &road{url: b.Broker, address: net.JoinHostPort(u.Hostname(), port), host: u.Hostname()}
	if usual[u.Scheme] == plainPort {
		if b.CA != "" || b.Cert != "" || b.Key != "" {
			return nil, fmt.Errorf("broker %q is not encrypted but certificates are given: write ssl://%s", b.Broker, u.Host)
		}
		return r, nil
	}
	r.tls = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: r.host}
	if r.tls.RootCAs, err = roots(b.CA); err != nil {
		return nil, err
	}
	if (b.Cert == "") != (b.Key == "") {
		return nil, errors.New("a client certificate and its key are given together or not at all")
	}
	if b.Cert != "" {
		pair, err := tls.LoadX509KeyPair(b.Cert, b.Key)
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate %s with its key %s: %w", b.Cert, b.Key, err)
		}
		r.tls.Certificates = []tls.Certificate{pair}
	}
	return r, nil
}

func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			return nil, fmt.Errorf("reading the system's certificate authorities, since no CA file is given: %w", err)
		}
		return pool, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the broker's certificate authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the broker's certificate authority %s holds no PEM certificate: give the CA that signed the broker", file)
	}
	return pool, nil
}

// bare tells whether others can read along: plain TCP that leaves this machine.
func (r *road) bare() bool {
	if r.tls != nil || r.host == "localhost" {
		return false
	}
	ip := net.ParseIP(r.host)
	return ip == nil || !ip.IsLoopback()
}

// open is used in place of paho's own dialling, which would follow a proxy named in the environment to anywhere.
func (r *road) open(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	d := &net.Dialer{KeepAlive: 15 * time.Second}
	d.SetMultipathTCP(false) // Landlock's and seccomp's rules name TCP, not its multipath form
	if r.tls == nil {
		conn, err := d.DialContext(ctx, "tcp", r.address)
		if err != nil {
			return nil, err
		}
		return &gauge{Conn: conn}, nil
	}
	conn, err := (&tls.Dialer{NetDialer: d, Config: r.tls}).DialContext(ctx, "tcp", r.address)
	if err != nil {
		return nil, err
	}
	return &gauge{Conn: conn}, nil
}
