package operator

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"example.org/edged/internal/audit"
	"example.org/edged/internal/receipt"
)

type verifyCmd struct {
	Log     verifyLogCmd     `cmd:"" default:"withargs" help:"Check a copy of a device's audit log."`
	Receipt verifyReceiptCmd `cmd:"" help:"Check the receipt of somebody whose face was erased."`
	Dossier verifyDossierCmd `cmd:"" help:"Check a filing, a cancellation or the evidence about somebody, offline."`
	Copy    verifyCopyCmd    `cmd:"" help:"Check the copy that somebody took of their record, or the receipt of a consent."`
	Leaving verifyLeavingCmd `cmd:"" name:"certificate" help:"Check the certificate of a device that was decommissioned."`
}

type verifyLogCmd struct {
	Dir  string   `arg:"" type:"existingdir" help:"The folder of the log, or of a copy."`
	Key  string   `required:"" help:"The device's public key."`
	Old  []string `type:"existingfile" help:"An older signed head (a file; may be given several times): check that the log has only grown since."`
	JSON bool     `name:"json" help:"Answer in JSON."`
}

func (c *verifyLogCmd) Run(d *desk) error {
	verify := func() (audit.Report, error) { return audit.Verify(c.Dir, c.Key) }
	if len(c.Old) > 0 {
		var heads [][]byte
		for _, path := range c.Old {
			b, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("reading the older head: %w", err)
			}
			heads = append(heads, b)
		}
		verify = func() (audit.Report, error) { return audit.VerifyGrowth(heads[0], c.Dir, c.Key, heads[1:]...) }
	}
	r, err := verify()
	switch {
	case c.JSON:
		if err := d.answer(r); err != nil {
			return err
		}
	case err != nil:
		fmt.Fprintln(d.out, "does not verify:", err)
	default:
		fmt.Fprintln(d.out, r.Text())
	}
	if err != nil {
		return errNo
	}
	return nil
}

type verifyReceiptCmd struct {
	Receipt string `arg:"" help:"A file with the text of the QR code, - for standard input, or the text itself."`
	Key     string `required:"" help:"The device's public key."`
	JSON    bool   `name:"json" help:"Answer in JSON."`
}

// Run says what the receipt proves, or what is wrong with it.
func (c *verifyReceiptCmd) Run(d *desk) error {
	text, err := d.text(c.Receipt, "EDGED")
	if err != nil {
		return err
	}
	r, err := receipt.Read(text)
	if err == nil {
		err = r.Verify(c.Key)
	}
	switch {
	case c.JSON:
		answer := map[string]any{"ok": err == nil}
		if err != nil {
			answer["why"] = err.Error()
		} else {
			answer["erased"], answer["enrolled"], answer["keys"] = r.Erased.Entry, r.Enrolled.Entry, r.Erased.Entry.Tier.Promise()
		}
		if err := d.answer(answer); err != nil {
			return err
		}
	case err != nil:
		fmt.Fprintln(d.out, "does not verify:", err)
	default:
		fmt.Fprint(d.out, "verifies: ", r.Says())
	}
	if err != nil {
		return errNo
	}
	return nil
}

type verifyLeavingCmd struct {
	File string `arg:"" help:"The certificate, or - for standard input."`
	Key  string `required:"" help:"The device's public key."`
}

// Run prints what the certificate claims, once it is known who claims it.
func (c *verifyLeavingCmd) Run(d *desk) error {
	msg, err := d.text(c.File, audit.CertificateTitle)
	if err != nil {
		return err
	}
	text, err := audit.OpenCertificate([]byte(msg), c.Key)
	if err != nil {
		fmt.Fprintln(d.out, "does not verify:", err)
		return errNo
	}
	fmt.Fprint(d.out, "verifies: ", text)
	return nil
}

// text is a file's, standard input's, or the argument itself where it begins as such a text does.
func (d *desk) text(arg, begins string) (string, error) {
	const most = 1 << 20
	switch {
	case strings.HasPrefix(strings.TrimSpace(arg), begins):
		return arg, nil
	case arg == "-":
		b, err := io.ReadAll(io.LimitReader(d.in, most))
		return string(b), err
	}
	f, err := os.Open(arg)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most))
	return string(b), err
}

func (d *desk) answer(v any) error {
	e := json.NewEncoder(d.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
