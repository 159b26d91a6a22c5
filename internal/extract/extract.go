// Package extract packs what a person takes away of their record into pieces that fit a QR code each, and puts the
// pieces together again. It never opens a store: it is given bytes, and what it joins is what was packed or an error.
package extract

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"example.org/edged/internal/base45"
	"example.org/edged/internal/wire"
)

// A piece is: 1 version, 4 of the SHA-256 of the whole, 1 its place, 1 the last one's place, then its part of the whole,
// which is deflated (RFC 1951). The id keeps pieces of two copies from being joined; the whole hash is checked, too.
const (
	version = 1
	header  = 7
	most    = 4 << 20 // of what is joined: a few bytes can be made to inflate to gigabytes
)

// ErrMissing means that more pieces are needed.
var ErrMissing = errors.New("pieces are missing")

// Pack cuts a document into as few pieces as it takes.
func Pack(document []byte) ([][]byte, error) {
	var small bytes.Buffer
	w, err := flate.NewWriter(&small, flate.BestCompression)
	if err != nil {
		return nil, fmt.Errorf("packing a copy: %w", err)
	}
	_, err = w.Write(document)
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("packing a copy: %w", err)
	}
	const room = wire.PieceMax - header
	whole := small.Bytes()
	n := max(1, (len(whole)+room-1)/room)
	if n > 256 || len(document) > most {
		return nil, fmt.Errorf("a copy of %d bytes is too long for QR codes", len(document))
	}
	id := sha256.Sum256(whole)
	var pieces [][]byte
	for i := range n {
		piece := append([]byte{version, id[0], id[1], id[2], id[3], byte(i), byte(n - 1)}, whole[:min(room, len(whole))]...)
		whole = whole[min(room, len(whole)):]
		pieces = append(pieces, piece)
	}
	return pieces, nil
}

const prefix, suffix = "EDGEC1:", ":"

// Text is a piece as it stands in the QR code.
func Text(piece []byte) string { return prefix + base45.Encode(piece) + suffix }

// Join puts the texts of QR codes together, in whatever order they were read, some of them twice.
func Join(texts []string) ([]byte, error) {
	var parts [][]byte
	var id []byte
	for _, text := range texts {
		piece, err := read(text)
		if err != nil {
			return nil, err
		}
		if id == nil {
			id, parts = piece[:5], make([][]byte, int(piece[6])+1)
		}
		if !bytes.Equal(id, piece[:5]) || int(piece[6])+1 != len(parts) || int(piece[5]) >= len(parts) {
			return nil, errors.New("these pieces are of two copies: read the codes of one")
		}
		parts[piece[5]] = piece[header:]
	}
	var gone []string
	for i, part := range parts {
		if part == nil {
			gone = append(gone, fmt.Sprint(i+1))
		}
	}
	if parts == nil || gone != nil {
		return nil, fmt.Errorf("%w: read code %s too", ErrMissing, strings.Join(gone, ", "))
	}
	whole := bytes.Join(parts, nil)
	if sum := sha256.Sum256(whole); !bytes.Equal(sum[:4], id[1:]) {
		return nil, errors.New("the copy is damaged")
	}
	document, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(whole)), most+1))
	if err != nil || len(document) > most {
		return nil, errors.New("the copy is damaged: it does not unpack")
	}
	return document, nil
}

func read(text string) ([]byte, error) {
	body, begun := strings.CutPrefix(strings.TrimSpace(text), prefix)
	body, ended := strings.CutSuffix(body, suffix)
	if !begun || !ended {
		return nil, fmt.Errorf("this is no piece of a copy: it does not stand between %s and %s", prefix, suffix)
	}
	piece, err := base45.Decode(body)
	switch {
	case err != nil:
		return nil, fmt.Errorf("a piece is damaged: %w", err)
	case len(piece) < header || len(piece) > wire.PieceMax:
		return nil, errors.New("a piece is damaged: it has not the length that one has")
	case piece[0] != version:
		return nil, fmt.Errorf("a piece of version %d, and this program reads version %d: use a newer edgectl", piece[0], version)
	}
	return piece, nil
}
